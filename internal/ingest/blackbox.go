package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// slotSize is the length of one slot of a blackbox: a SHA-256 in hex, and a line end.
const slotSize = 64 + 1

var emptySlot = []byte(strings.Repeat(" ", slotSize-1) + "\n")

// blackbox is a small file that holds the messages being judged at this moment, a line each, so that the next process
// learns with which of them this one died. It is never synced: what a process wrote survives its death in the
// system's cache, and when the power goes no message is to blame.
type blackbox struct {
	file *os.File
	free chan int // slots that hold no message
}

// readBlackbox returns the messages that stand in the file; none when it is absent.
func readBlackbox(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("messages being judged: %w", err)
	}
	var sums []string
	for line := range bytes.Lines(raw) {
		if sum := bytes.TrimSpace(line); len(sum) == slotSize-1 {
			sums = append(sums, string(sum))
		}
	}
	return sums, nil
}

// openBlackbox makes the file anew, with room for n messages. The room is written now, so that no message meets a full disk
// here later.
func openBlackbox(path string, n int) (*blackbox, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("messages being judged: %w", err)
	}
	if _, err := f.Write(bytes.Repeat(emptySlot, n)); err != nil {
		return nil, errors.Join(fmt.Errorf("messages being judged: %w", err), f.Close())
	}
	b := &blackbox{file: f, free: make(chan int, n)}
	for i := range n {
		b.free <- i
	}
	return b, nil
}

// hold writes that a message is being judged, until release is called. There must be a free slot.
func (b *blackbox) hold(sum string) (release func(), err error) {
	slot := <-b.free
	at := int64(slot) * slotSize
	if _, err := b.file.WriteAt([]byte(sum), at); err != nil {
		b.free <- slot
		return nil, fmt.Errorf("messages being judged: %w", err)
	}
	return func() {
		// Should this fail, the message is suspected after the next crash and clears itself.
		_, _ = b.file.WriteAt(emptySlot, at)
		b.free <- slot
	}, nil
}

func (b *blackbox) close() error { return b.file.Close() }
