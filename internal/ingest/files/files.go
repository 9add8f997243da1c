// Package files reads mail from files: single messages (.eml, or anything that looks like one), mbox files, Maildir
// folders, folders of all of these, standard input, and any of them packed with gzip or zstd.
//
// Mail in files is history: no envelope came with it, and the same archive is often read twice. So messages are found
// by looking at content rather than at names (except where the name is a promise: .eml files and the files of a Maildir
// are one message each, whatever a stranger wrote into them), every message has a place (file and offset) that errors can
// point at and an interrupted import can go on from, and one unreadable file never stops the others. What is passed over
// is told. Import takes what Walk finds into an Intake.
package files

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	// ErrEmpty: there is a file for a message, and nothing in it.
	ErrEmpty = errors.New("is empty, there is no message in it")
	// ErrLink: a link inside a folder leads to another one that was not named.
	ErrLink = errors.New("is a link to a folder elsewhere; name that folder to have it read")
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

// Walk finds the mail under paths, in the order of paths and of names below them (but what is new in a Maildir comes
// first). It returns the first error of the visitor, or ctx's; what can't be read is told to FileDone and does not end the
// walk. Links to files are followed; links to folders only when they are named, so no loop can catch it.
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
	w := walker{Visitor: v, ctx: ctx}
	for _, p := range paths {
		if real, err := realPath(p); err == nil {
			w.roots = append(w.roots, real)
		}
	}
	for _, p := range paths {
		if err := w.path(p); err != nil {
			return err
		}
	}
	return nil
}

// walker is one Walk.
type walker struct {
	Visitor
	ctx   context.Context
	roots []string      // the given paths, without links
	front *bufio.Reader // of one file after the other
}

func (w *walker) path(root string) error {
	if root == Stdin {
		f := &File{Path: Stdin, Size: -1}
		return w.done(f, w.stream(f, &waiting{ctx: w.ctx, r: w.Stdin}, 0, named))
	}
	info, err := os.Stat(root) // follows a link that was named
	if err != nil {
		return w.FileDone(&File{Path: root}, plain(err))
	}
	if info.IsDir() {
		return w.folder(filepath.Clean(root))
	}
	how := named
	if abs, err := filepath.Abs(root); err == nil && isDelivery(filepath.Dir(abs)) {
		how = delivered
	}
	return w.file(root, info, how)
}

// folder reads what is in dir and below it.
func (w *walker) folder(dir string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		if err := w.FileDone(&File{Path: dir}, plain(err)); err != nil {
			return err
		}
	}
	maildir := isMaildir(dir)
	if maildir {
		// A message that is read meanwhile moves from new to cur: it is seen in one of them, or in both.
		slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(rank(a), rank(b)) })
	}
	how := found
	if abs, err := filepath.Abs(dir); err == nil && isDelivery(abs) {
		how = delivered
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if maildir && e.Name() == "tmp" {
				continue // deliveries that did not finish
			}
			if err := w.folder(path); err != nil {
				return err
			}
			continue
		}
		if err := w.entry(path, how); err != nil {
			return err
		}
	}
	return nil
}

func rank(e fs.DirEntry) int {
	if e.Name() == "new" {
		return 0
	}
	return 1
}

func (w *walker) entry(path string, how origin) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return w.FileDone(&File{Path: path}, plain(err))
	case info.IsDir():
		if w.covered(path) {
			return nil // it is read where it really is
		}
		return w.FileDone(&File{Path: path}, ErrLink)
	case !info.Mode().IsRegular():
		return nil // sockets, devices
	}
	return w.file(path, info, how)
}

// covered reports whether a folder is, or is below, one of those that are read anyway.
func (w *walker) covered(path string) bool {
	real, err := realPath(path)
	return err == nil && slices.ContainsFunc(w.roots, func(root string) bool {
		rel, err := filepath.Rel(root, real)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

func realPath(path string) (string, error) {
	if path == Stdin {
		return "", fs.ErrInvalid
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// origin is why a file is looked at, and with that what it is expected to be.
type origin int

const (
	found     origin = iota // in a folder: mail or not
	named                   // by the caller: mail, or the caller is wrong
	delivered               // in a Maildir's new or cur: one message
)

// isDelivery reports whether dir is one of the two folders of a Maildir that messages are in.
func isDelivery(dir string) bool {
	name := filepath.Base(dir)
	return (name == "cur" || name == "new") && isMaildir(filepath.Dir(dir))
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

func (w *walker) done(f *File, err error) error {
	var s stop
	switch {
	case errors.As(err, &s):
		return s.error
	case errors.Is(err, errSkip):
		return nil
	}
	return w.FileDone(f, err)
}

func (w *walker) file(path string, info fs.FileInfo, how origin) error {
	f := &File{Path: path, Size: info.Size(), Modified: info.ModTime()}
	if !info.Mode().IsRegular() {
		return w.FileDone(f, errors.New("is no regular file; pipe it in and read \"-\""))
	}
	var position int64
	if w.File != nil {
		var skip bool
		var err error
		if position, skip, err = w.File(f); err != nil {
			return err
		} else if skip {
			return nil
		}
	}
	r, err := os.Open(path)
	if err != nil {
		return w.FileDone(f, plain(err))
	}
	defer func() { _ = r.Close() }()
	return w.done(f, w.stream(f, &attentive{ctx: w.ctx, r: r}, position, how))
}

// stream reads the messages of one file.
func (w *walker) stream(f *File, src io.Reader, position int64, how origin) error {
	err := w.messages(f, src, position, how)
	if cause := w.ctx.Err(); cause != nil && errors.Is(err, cause) {
		return stop{cause} // not the file's fault
	}
	return err
}

func (w *walker) messages(f *File, src io.Reader, position int64, how origin) error {
	if w.front == nil {
		w.front = bufio.NewReaderSize(src, sniffSize)
	} else {
		w.front.Reset(src)
	}
	r, closer, err := unpack(w.front)
	if err != nil {
		return err
	}
	defer closer()
	kind, err := sniff(r)
	if err != nil {
		return plain(err)
	}
	if how == delivered || isEML(f.Path) {
		kind = kindMessage
	}
	switch {
	case kind == kindOther && how == named:
		return ErrNotMail
	case kind == kindOther:
		if w.NotMail != nil {
			w.NotMail(f)
		}
		return errSkip
	case kind == kindMessage:
		return w.single(f, r)
	}
	if position > 0 {
		// Reading is cheap next to judging, and the only way in packed files.
		if _, err := io.CopyN(io.Discard, r, position); err != nil {
			return fmt.Errorf("go on at offset %d: %w", position, err)
		}
	}
	mb := newMbox(r, position, w.MaxSize)
	for {
		m, err := mb.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return plain(err)
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		m.File = f
		if err := w.Message(m); err != nil {
			return stop{err}
		}
	}
}

// isEML reports whether a name promises a single message, packed or not.
func isEML(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	return strings.HasSuffix(name, ".eml")
}

// single reads a file that is one message.
func (w *walker) single(f *File, r io.Reader) error {
	var b bytes.Buffer
	b.Grow(int(max(0, min(f.Size, int64(w.MaxSize)))) + bytes.MinRead) // packed files need more; the buffer grows
	n, err := io.Copy(&b, io.LimitReader(r, int64(w.MaxSize)+1))
	if err != nil {
		return plain(err)
	}
	if n == 0 {
		return ErrEmpty
	}
	m := Message{File: f, Raw: b.Bytes(), End: n}
	if bytes.HasPrefix(m.Raw, []byte("From ")) { // what a mailbox program put before it is no part of the message
		if i := bytes.IndexByte(m.Raw, '\n'); i >= 0 {
			m.Raw = m.Raw[i+1:]
		}
	}
	if n > int64(w.MaxSize) {
		m.Raw, m.Err = nil, fmt.Errorf("%w: more than %d octets", ErrTooLarge, w.MaxSize)
	}
	if err := w.Message(m); err != nil {
		return stop{err}
	}
	return nil
}

// unpack looks through gzip and zstd, by content.
func unpack(r *bufio.Reader) (*bufio.Reader, func(), error) {
	magic, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, plain(err)
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", plain(err))
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
