package scan

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/email"
)

// step is how much is unpacked between two looks at the clock.
const step = 256 << 10

// unpack reads what r gives, at most Limits.File octets and what the message has left. whole is false when something is missing: at a limit,
// which is a defect, or because r failed, which err tells. What was read before is returned either way, and is paid for. A decoder that
// fails by panicking has failed like any other.
func (s *session) unpack(f *file, r io.Reader) (content []byte, whole bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			whole, err = false, fmt.Errorf("the decoder panicked: %v", p)
		}
	}()
	most := min(s.lim.File, s.bytes)
	buf := make([]byte, 0, 4096)
	for {
		if s.over() {
			s.bytes -= int64(len(buf))
			return buf, false, nil
		}
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), len(buf)+4<<20))
			copy(grown, buf)
			buf = grown
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+step)])
		if n < 0 || n > cap(buf)-len(buf) {
			return buf, false, errors.New("the decoder miscounts")
		}
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > most {
			s.bytes -= most
			if f.archive {
				s.unpacked += most
				s.skim(f, r)
			}
			s.defect("file-limit-bytes", f.way)
			return buf[:most], false, nil
		}
		switch {
		case err == io.EOF:
			s.bytes -= int64(len(buf))
			return buf, true, nil
		case err != nil:
			s.bytes -= int64(len(buf))
			return buf, false, err
		case n == 0:
			if s.idle++; s.idle > 1000 {
				return buf, false, io.ErrNoProgress
			}
		}
	}
}

// listed names a file of f whose octets are not known: encrypted, too large, or broken. It has no hashes.
func (s *session) listed(f *file, name string, size int64) {
	if s.over() {
		return
	}
	if s.files--; s.files < 0 {
		s.defect("file-limit-files", f.way)
		s.stopped = true
		return
	}
	a := email.NewAttachment(name, "", s.within(f), nil)
	a.Type, a.Kind, a.MD5, a.SHA1, a.SHA256 = "", "", "", "", ""
	a.Way = f.way + " > " + name
	a.Size = int(max(0, min(size, 1<<40)))
	s.m.Attachments = append(s.m.Attachments, a)
}

func (s *session) within(f *file) string {
	if f.Name == "" {
		return f.way
	}
	return f.Name
}

// maxName bounds the name of a file, in octets. Of a longer one the beginning and the end are kept.
const maxName = 255

// baseName is the last element of a path as an archive writes it, as valid UTF-8 without control characters. Windows and Unix
// separators both count, since readers differ.
func baseName(path string) string {
	path = strings.TrimRight(path, "/\\")
	if i := strings.LastIndexAny(path, "/\\"); i >= 0 {
		path = path[i+1:]
	}
	plain := true
	for i := 0; i < len(path) && plain; i++ {
		plain = path[i] >= ' ' && path[i] < 0x7f
	}
	if !plain {
		path = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(path, "\uFFFD"))
	}
	if len(path) > maxName {
		head, tail := path[:maxName/2], path[len(path)-maxName/2:]
		for len(head) > 0 && !utf8.ValidString(head) {
			head = head[:len(head)-1]
		}
		for len(tail) > 0 && !utf8.ValidString(tail) {
			tail = tail[1:]
		}
		path = head + "…" + tail
	}
	return path
}
