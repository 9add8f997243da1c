package smtp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"tocsin/internal/ingest"
)

// copyContent passes on what a client sends after DATA, up to the line with the single dot, without the dots that the
// client put before lines that begin with one (RFC 5321 section 4.5.2). It returns an error only when the end did not
// come.
//
// A line ends with CRLF and nothing else. A lone CR or LF is an octet like any other: it neither ends the content nor
// begins a line, and is passed on. So there is exactly one way to read the octets, whatever is in them; a message with
// lone line ends is stored whole rather than refused, because an analyst should see it. r's buffer must hold 3 octets
// at least.
func copyContent(r *bufio.Reader, write func([]byte)) error {
	begin, cr := true, false // at the beginning of a line; the last octet was CR
	for {
		part, err := r.ReadSlice('\n') // up to LF, or a full buffer of a long line
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if begin && part[0] == '.' {
			if string(part) == ".\r\n" {
				return nil
			}
			part = part[1:] // not empty: a single dot would not have filled the buffer
			cr = false
		}
		write(part)
		n := len(part)
		begin = part[n-1] == '\n' && (n == 1 && cr || n > 1 && part[n-2] == '\r')
		cr = part[n-1] == '\r'
	}
}

// budget bounds the octets that all connections hold together.
type budget struct {
	held atomic.Int64
	max  int64
}

func (b *budget) take(n int64) bool {
	if b.held.Add(n) > b.max {
		b.held.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.held.Add(-n) }

var errBusy = errors.New("too many octets are being received at the same time")

// firstBuffer is where a message's buffer begins; most mail fits.
const firstBuffer = 8 << 10

// spool gathers one message in memory that is accounted for. After its first error it takes no more: the rest of the
// content is read and forgotten, so that the client can be answered.
type spool struct {
	budget *budget
	max    int64
	b      []byte
	err    error // ingest.ErrTooLarge or errBusy
}

func (s *spool) write(p []byte) {
	switch need := int64(len(s.b)) + int64(len(p)); {
	case s.err != nil:
	case need > s.max:
		s.fail(fmt.Errorf("%w: the limit is %d octets", ingest.ErrTooLarge, s.max))
	case need > int64(cap(s.b)) && !s.grow(need):
		s.fail(errBusy)
	default:
		s.b = append(s.b, p...)
	}
}

// grow makes room for need octets. Both buffers count while one is copied to the other.
func (s *spool) grow(need int64) bool {
	old := int64(cap(s.b))
	size := max(need, min(max(2*old, firstBuffer), s.max))
	if !s.budget.take(size) {
		return false
	}
	s.b = append(make([]byte, 0, size), s.b...)
	s.budget.give(old)
	return true
}

func (s *spool) fail(err error) {
	s.drop()
	s.err = err
}

// drop forgets what was gathered and gives its octets back.
func (s *spool) drop() {
	s.budget.give(int64(cap(s.b)))
	s.b = nil
}
