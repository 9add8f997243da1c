package feed

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// fileCursor is what is remembered of a file that was read (RFC 9110 section 13).
type fileCursor struct {
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Full     time.Time `json:"full"` // when it was last read
}

// errUnchanged ends a reading in which nothing changed: nothing is taken, and nothing retired.
var errUnchanged = errors.New("nothing changed")

// open asks for a file, unpacked. errUnchanged when the other side says that it is what it was.
func (s *session) open(ctx context.Context, accept string) (io.Reader, func(), error) {
	var was fileCursor
	_ = json.Unmarshal(s.cursor, &was)
	headers := map[string]string{}
	// What stands in a list is valid from when it was last seen there, so it is read again before that runs out.
	fresh := s.f.Days == 0 || s.now.Sub(was.Full) < time.Duration(s.f.Days)*12*time.Hour
	if s.most == 0 && fresh && !was.Full.IsZero() {
		headers["If-None-Match"], headers["If-Modified-Since"] = was.ETag, was.Modified
	}
	a, err := s.c.ask(ctx, request{method: http.MethodGet, url: s.f.URL, accept: accept, headers: headers, limit: maxLarge})
	if err != nil {
		return nil, nil, err
	}
	if a.StatusCode == http.StatusNotModified {
		a.close()
		s.unchanged = true
		return nil, nil, errUnchanged
	}
	s.next = fileCursor{ETag: short(a.Header.Get("ETag")), Modified: short(a.Header.Get("Last-Modified")), Full: s.now}
	r, done, err := unpack(a.body)
	if err != nil {
		a.close()
		return nil, nil, err
	}
	return r, func() { done(); a.close() }, nil
}

func short(s string) string {
	if len(s) > 300 {
		return ""
	}
	return s
}

// maxZip is how large a packed archive may be: it is held in memory, because its directory stands at its end.
const maxZip = 64 << 20

// unpack looks through gzip and zip. An archive has one file in it.
func unpack(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, &Failure{Why: "it begins like gzip and is none", Err: err}
		}
		return &bounded{r: z, left: maxLarge, limit: maxLarge}, func() { _ = z.Close() }, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		raw, err := io.ReadAll(io.LimitReader(b, maxZip+1))
		if err != nil {
			return nil, nil, err
		}
		if len(raw) > maxZip {
			return nil, nil, &Failure{Why: fmt.Sprintf("the zip is larger than %d MiB", maxZip>>20)}
		}
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil || len(z.File) != 1 {
			return nil, nil, &Failure{Why: "a zip has exactly one file in it, without a password", Err: err}
		}
		f, err := z.File[0].Open()
		if err != nil {
			return nil, nil, &Failure{Why: "the file in the zip cannot be opened; it may have a password", Err: err}
		}
		return &bounded{r: f, left: maxLarge, limit: maxLarge}, func() { _ = f.Close() }, nil
	}
	return b, func() {}, nil
}
