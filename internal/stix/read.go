package stix

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// Limits of what is read. Zero fields mean the default.
type Limits struct {
	Size    int64 // octets of everything; default 512 MiB
	Object  int   // octets of one object; default 1 MiB
	Depth   int   // of nesting inside one object; default 32
	Objects int   // default 2,000,000
}

func (l Limits) withDefaults() Limits {
	if l.Size == 0 {
		l.Size = 512 << 20
	}
	if l.Object == 0 {
		l.Object = 1 << 20
	}
	if l.Depth == 0 {
		l.Depth = 32
	}
	if l.Objects == 0 {
		l.Objects = 2_000_000
	}
	return l
}

// Refused is an object that was not taken. The reader goes on after it.
type Refused struct {
	Number int    // of the object in the bundle, from 1
	ID     string // as far as it was legible
	Why    error
}

func (e *Refused) Error() string {
	if e.ID != "" {
		return fmt.Sprintf("object %d (%s): %v", e.Number, cut(e.ID), e.Why)
	}
	return fmt.Sprintf("object %d: %v", e.Number, e.Why)
}

func (e *Refused) Unwrap() error { return e.Why }

// Envelope is what stands around the objects: of a bundle (section 8), or of a TAXII answer (TAXII 2.1 section 3.7).
type Envelope struct {
	Type string
	ID   string
	More bool
	Next string
}

// ErrNotSTIX is a text that holds no bundle.
var ErrNotSTIX = errors.New("this is no STIX bundle: it has no list of objects")

// Read yields the objects of a bundle, of a TAXII envelope, of a list of objects, or a single object. An error that is a *Refused is about
// one object; any other ends the reading. into, which may be nil, is filled with what stands around the objects; it is whole after the
// last one.
func Read(r io.Reader, l Limits, into *Envelope) iter.Seq2[*Object, error] {
	if into == nil {
		into = &Envelope{}
	}
	s := &splitter{l: l.withDefaults()}
	s.r = bufio.NewReaderSize(&io.LimitedReader{R: r, N: s.l.Size + 1}, 64<<10)
	return func(yield func(*Object, error) bool) {
		if err := s.document(into, yield); err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

var errStopped = errors.New("nobody wants more")

// splitter cuts JSON into values without keeping more than one of them.
type splitter struct {
	r    *bufio.Reader
	l    Limits
	read int64
	n    int
	buf  []byte
}

func (s *splitter) next() (byte, error) {
	c, err := s.r.ReadByte()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, err
	}
	if s.read++; s.read > s.l.Size {
		return 0, fmt.Errorf("it is larger than %d MiB, which is the most that is read", s.l.Size>>20)
	}
	return c, nil
}

// skip returns the next octet that is no white space.
func (s *splitter) skip() (byte, error) {
	for {
		c, err := s.next()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
		case 0xEF: // a byte order mark at the beginning
			if s.read != 1 {
				return c, nil
			}
			for range 2 {
				if _, err := s.next(); err != nil {
					return 0, err
				}
			}
		default:
			return c, nil
		}
	}
}

func (s *splitter) document(into *Envelope, yield func(*Object, error) bool) error {
	c, err := s.skip()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is empty")
	}
	if err != nil {
		return err
	}
	switch c {
	case '[':
		return s.list(yield)
	case '{':
		return s.members(into, yield)
	}
	return ErrNotSTIX
}

// broken is text that ends too early or is no JSON where the structure of the whole depends on it.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends in the middle; the transfer broke off or the file is damaged")
	}
	return err
}

// members reads an object at the top. One without "objects" is taken as a single STIX object.
func (s *splitter) members(into *Envelope, yield func(*Object, error) bool) error {
	whole, listed := map[string]json.RawMessage{}, false
	kept := 0
	for first := true; ; first = false {
		c, err := s.skip()
		if err != nil {
			return broken(err)
		}
		if c == '}' {
			break
		}
		if !first {
			if c != ',' {
				return errors.New("it is no JSON: a comma is missing between two members")
			}
			if c, err = s.skip(); err != nil {
				return broken(err)
			}
		}
		if c != '"' {
			return errors.New("it is no JSON: the name of a member is missing")
		}
		raw, tooMuch, err := s.value(c)
		if err != nil {
			return broken(err)
		}
		var key string
		if tooMuch != nil || json.Unmarshal(raw, &key) != nil {
			return errors.New("it is no JSON: the name of a member cannot be read")
		}
		if c, err = s.skip(); err != nil || c != ':' {
			return broken(errors.Join(err, errors.New("it is no JSON: a colon is missing")))
		}
		if c, err = s.skip(); err != nil {
			return broken(err)
		}
		if key == "objects" && c == '[' {
			listed = true
			if err := s.list(yield); err != nil {
				return err
			}
			continue
		}
		if raw, tooMuch, err = s.value(c); err != nil {
			return broken(err)
		}
		if kept += len(key) + len(raw); tooMuch == nil && kept <= s.l.Object {
			whole[key] = append(json.RawMessage(nil), raw...)
		}
	}
	_ = json.Unmarshal(whole["type"], &into.Type)
	_ = json.Unmarshal(whole["id"], &into.ID)
	_ = json.Unmarshal(whole["more"], &into.More)
	_ = json.Unmarshal(whole["next"], &into.Next)
	if listed || into.Type == "bundle" || len(whole) == 0 {
		return nil // an empty bundle has no "objects", an empty envelope nothing at all
	}
	if into.Type == "" || into.ID == "" {
		if _, envelope := whole["more"]; envelope {
			return nil
		}
		return ErrNotSTIX
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return ErrNotSTIX
	}
	return s.one(raw, nil, yield)
}

// list reads objects until the bracket closes.
func (s *splitter) list(yield func(*Object, error) bool) error {
	for first := true; ; first = false {
		c, err := s.skip()
		if err != nil {
			return broken(err)
		}
		if c == ']' {
			return nil
		}
		if !first {
			if c != ',' {
				return fmt.Errorf("it is no JSON: a comma is missing after object %d", s.n)
			}
			if c, err = s.skip(); err != nil {
				return broken(err)
			}
		}
		if s.n == s.l.Objects {
			return fmt.Errorf("it has more than %d objects, which is the most that is read", s.l.Objects)
		}
		raw, tooMuch, err := s.value(c)
		if err != nil {
			return broken(err)
		}
		if err := s.one(append(json.RawMessage(nil), raw...), tooMuch, yield); err != nil {
			return err
		}
	}
}

// one hands an object on, or why it is none.
func (s *splitter) one(raw json.RawMessage, tooMuch error, yield func(*Object, error) bool) error {
	s.n++
	o, err := (*Object)(nil), tooMuch
	if err == nil && !utf8.Valid(raw) {
		err = errors.New("it is not UTF-8")
	}
	if err == nil {
		o, err = Parse(raw)
	}
	if err != nil {
		var named struct {
			ID string `json:"id"`
		}
		_ = json.Unmarshal(raw, &named)
		err = &Refused{Number: s.n, ID: named.ID, Why: err}
	}
	if !yield(o, err) {
		return errStopped
	}
	return nil
}

// value reads one JSON value that begins with c. Its octets are good until the next call. tooMuch says why they are not all there: the
// value was read to its end all the same. Whether it is JSON inside is not looked at.
func (s *splitter) value(c byte) (raw []byte, tooMuch, err error) {
	s.buf = s.buf[:0]
	depth, inString, escaped := 0, false, false
	keep := func(c byte) {
		if len(s.buf) < s.l.Object {
			s.buf = append(s.buf, c)
		} else if tooMuch == nil {
			tooMuch = fmt.Errorf("it is larger than %d KiB, which is the most that one object may have", s.l.Object>>10)
		}
	}
	for {
		keep(c)
		switch {
		case inString:
			switch {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case c == '"':
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > s.l.Depth && tooMuch == nil {
				tooMuch = fmt.Errorf("it is nested deeper than %d levels", s.l.Depth)
			}
		case c == '}' || c == ']':
			depth--
			if depth < 0 {
				return nil, nil, errors.New("it is no JSON: a bracket closes that was not opened")
			}
		}
		if depth == 0 && !inString {
			if c == '}' || c == ']' || c == '"' {
				return s.buf, tooMuch, nil
			}
			if after, err := s.r.Peek(1); err == nil { // a number or a word ends before what follows
				switch after[0] {
				case ',', '}', ']', ':', ' ', '\t', '\r', '\n':
					return s.buf, tooMuch, nil
				}
			}
		}
		if c, err = s.next(); err != nil {
			return nil, nil, err
		}
	}
}
