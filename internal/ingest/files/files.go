// Package files reads mail from files: single messages (.eml, or anything that looks like one), mbox files, Maildir
// folders, folders of all of these, standard input, and any of them packed with gzip or zstd.
//
// Mail in files is history: no envelope came with it, and the same archive is often read twice. So messages are found
// by looking at content rather than at names, every message has a place (file and offset) that errors can point at and an interrupted
// import can go on from, and one unreadable file never stops the others. Import takes what Walk finds into an Intake.
package files

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// DefaultMaxSize bounds one message, in octets.
const DefaultMaxSize = 100 << 20

var (
	// ErrNotMail: the file was named, and does not look like mail.
	ErrNotMail = errors.New("does not look like mail: no header fields at its start")
	// ErrTooLarge: one message is over the size limit and was passed over.
	ErrTooLarge = errors.New("message is too large")
)

// File is one file with mail in it.
type File struct {
	Path     string // as found: the given path joined with the names below it
	Size     int64  // octets as stored; -1 for standard input
	Modified time.Time
}

// Message is one message of a file.
type Message struct {
	File *File
	// Offset is where the message begins and End where the next one may begin, in octets of the unpacked content.
	Offset, End int64
	Raw         []byte // belongs to the receiver
	Err         error  // set instead of Raw: the message was passed over, the rest of the file goes on
}

// Name says where the message stood: the path, and the offset when the file holds several.
func (m *Message) Name() string {
	if m.Offset == 0 {
		return m.File.Path
	}
	return fmt.Sprintf("%s@%d", m.File.Path, m.Offset)
}

// Visitor is told what Walk finds, from one goroutine.
type Visitor struct {
	// File is asked before a file is read: where to go on in it, or skip. nil: from the start.
	File func(f *File) (position int64, skip bool, err error)
	// Message gets every message. An error ends the walk.
	Message func(m Message) error
	// FileDone is told when a file was read to its end; err is why not, when it could not be. An error it returns ends the walk. nil: nobody.
	FileDone func(f *File, err error) error
	// NotMail is told of files inside folders that do not look like mail. nil: nobody.
	NotMail func(f *File)

	MaxSize int       // octets of one message; default DefaultMaxSize
	Stdin   io.Reader // what "-" reads; default os.Stdin
}

// Walk finds the mail under paths, in the order of paths and of names below them. It returns the first error of the visitor, or
// ctx's; what can't be read is told to FileDone and does not end the walk.
func Walk(ctx context.Context, paths []string, v Visitor) error {
	if v.MaxSize <= 0 {
		v.MaxSize = DefaultMaxSize
	}
	if v.Stdin == nil {
		v.Stdin = os.Stdin
	}
	if v.FileDone == nil {
		v.FileDone = func(*File, error) error { return nil }
	}
	for _, p := range paths {
		if err := v.walk(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (v *Visitor) walk(ctx context.Context, root string) error {
	if root == Stdin {
		f := &File{Path: Stdin, Size: -1}
		return v.done(f, v.stream(ctx, f, v.Stdin, 0, true))
	}
	info, err := os.Stat(root) // follows a link that was named
	if err != nil {
		return v.FileDone(&File{Path: root}, plain(err))
	}
	if !info.IsDir() {
		return v.file(ctx, root, info, true)
	}
	// WalkDir does not enter a root that is a link; with a slash it is a folder.
	return filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		path = filepath.Clean(path)
		if err != nil {
			return v.FileDone(&File{Path: path}, plain(err))
		}
		if d.IsDir() {
			if d.Name() == "tmp" && isMaildir(filepath.Dir(path)) {
				return filepath.SkipDir // deliveries that did not finish
			}
			return nil
		}
		info, err := os.Stat(path)
		if err != nil {
			return v.FileDone(&File{Path: path}, plain(err))
		}
		if !info.Mode().IsRegular() {
			return nil // sockets, devices, links to folders
		}
		return v.file(ctx, path, info, false)
	})
}

func isMaildir(dir string) bool {
	for _, name := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// stop wraps an error of the visitor, to tell it from a file that can't be read.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

var errSkip = errors.New("skip")

func (v *Visitor) done(f *File, err error) error {
	var s stop
	switch {
	case errors.As(err, &s):
		return s.error
	case errors.Is(err, errSkip):
		return nil
	}
	return v.FileDone(f, err)
}

func (v *Visitor) file(ctx context.Context, path string, info fs.FileInfo, named bool) error {
	f := &File{Path: path, Size: info.Size(), Modified: info.ModTime()}
	if !info.Mode().IsRegular() {
		return v.FileDone(f, errors.New("is no regular file; pipe it in and read \"-\""))
	}
	var position int64
	if v.File != nil {
		var skip bool
		var err error
		if position, skip, err = v.File(f); err != nil {
			return err
		} else if skip {
			return nil
		}
	}
	r, err := os.Open(path)
	if err != nil {
		return v.FileDone(f, plain(err))
	}
	defer func() { _ = r.Close() }()
	return v.done(f, v.stream(ctx, f, r, position, named))
}

// stream reads the messages of one file.
func (v *Visitor) stream(ctx context.Context, f *File, src io.Reader, position int64, named bool) error {
	r, closer, err := unpack(src)
	if err != nil {
		return err
	}
	defer closer()
	kind, err := sniff(r)
	if err != nil {
		return plain(err)
	}
	if kind == kindOther {
		switch {
		case named && !strings.EqualFold(filepath.Ext(f.Path), ".eml"):
			return ErrNotMail
		case !strings.EqualFold(filepath.Ext(f.Path), ".eml"):
			if v.NotMail != nil {
				v.NotMail(f)
			}
			return errSkip
		}
		kind = kindMessage
	}
	if kind == kindMessage {
		return v.single(f, r)
	}
	if position > 0 {
		// Reading is cheap next to judging, and the only way in packed files.
		if _, err := io.CopyN(io.Discard, r, position); err != nil {
			return fmt.Errorf("go on at offset %d: %w", position, err)
		}
	}
	mb := newMbox(r, position, v.MaxSize)
	for {
		m, err := mb.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return plain(err)
		}
		if ctx.Err() != nil {
			return stop{ctx.Err()}
		}
		m.File = f
		if err := v.Message(m); err != nil {
			return stop{err}
		}
	}
}

// single reads a file that is one message.
func (v *Visitor) single(f *File, r io.Reader) error {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, int64(v.MaxSize)+1))
	if err != nil {
		return plain(err)
	}
	m := Message{File: f, Raw: b.Bytes(), End: n}
	if bytes.HasPrefix(m.Raw, []byte("From ")) { // what a mailbox program put before it is no part of the message
		_, m.Raw, _ = bytes.Cut(m.Raw, []byte{'\n'})
	}
	if n > int64(v.MaxSize) {
		m.Raw, m.Err = nil, fmt.Errorf("%w: more than %d octets", ErrTooLarge, v.MaxSize)
	}
	if err := v.Message(m); err != nil {
		return stop{err}
	}
	return nil
}

// unpack looks through gzip and zstd, by content.
func unpack(src io.Reader) (*bufio.Reader, func(), error) {
	r := bufio.NewReaderSize(src, sniffSize)
	magic, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, plain(err)
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return bufio.NewReaderSize(z, sniffSize), func() { _ = z.Close() }, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return bufio.NewReaderSize(z, sniffSize), z.Close, nil
	}
	return r, func() {}, nil
}

// plain takes the path out of an error of the file system: who tells it names the file anyway.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", pe.Op, pe.Err)
	}
	return err
}
