// Package lists reads the lists of indicators that hunting queries ask for by externaldata.
//
// A query may name any address, and whoever writes queries is not whoever runs the server. So a list is read only from
// addresses that an administrator approved, over TLS, from public machines, without credentials, within limits of size and
// time; a redirect is followed only to where the list itself might be. What was read is kept for ten minutes, so that an
// analyst who refines a query does not ask for it again each time.
package lists

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"tocsin/internal/kql"
	"tocsin/internal/outbound"
)

const (
	maxBytes     = 20 << 20 // of one list, when it is unpacked
	maxRows      = 200_000  // of all lists of one externaldata
	maxCells     = 2_000_000
	maxRedirects = 5
	maxKept      = 64 << 20 // bytes of all lists that are kept
	readTime     = 15 * time.Second
	keepTime     = 10 * time.Minute
)

// Reader reads lists. It is safe for concurrent use.
type Reader struct {
	approved []approval
	client   *http.Client
	now      func() time.Time

	mu   sync.Mutex
	kept map[string]list
	busy map[string]chan struct{} // lists that are being read; closed when they were
}

// list is one that was read.
type list struct {
	data []byte
	at   time.Time
}

// New returns a reader of the lists below approved addresses, which ParseApproved describes.
func New(approved []string) (*Reader, error) {
	r := &Reader{now: time.Now, kept: map[string]list{}, busy: map[string]chan struct{}{}}
	for _, s := range approved {
		a, err := parseApproval(s)
		if err != nil {
			return nil, err
		}
		r.approved = append(r.approved, a)
	}
	r.client = &http.Client{
		Transport: &http.Transport{
			DialContext: outbound.Dialer(false), TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: readTime, MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns: 4, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errors.New("it redirects too often")
			}
			req.Header.Del("Referer") // may hold a key
			return r.allows(req.URL)
		},
	}
	return r, nil
}

// Check says why the lists of ref may not be read, without reading them.
func (r *Reader) Check(ref kql.ExternalRef) error {
	if _, err := formatOf(ref, ""); err != nil {
		return err
	}
	for _, uri := range ref.URIs {
		if _, err := r.address(uri); err != nil {
			return err
		}
	}
	return nil
}

// Read returns the rows of the lists of ref, as kql.Options.External wants them. An error is a sentence for the analyst; it
// names hosts, never whole addresses, which may hold keys.
func (r *Reader) Read(ctx context.Context, ref kql.ExternalRef) ([][]any, error) {
	if err := r.Check(ref); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	rows := &rowReader{columns: ref.Columns, skip: ref.SkipFirst}
	for _, uri := range ref.URIs {
		u, err := r.address(uri)
		if err != nil {
			return nil, err
		}
		data, err := r.data(ctx, u)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u.Host, err)
		}
		format, err := formatOf(ref, u.Path)
		if err != nil {
			return nil, err
		}
		if err := rows.read(format, data); err != nil {
			return nil, fmt.Errorf("%s: %w", u.Host, err)
		}
	}
	return rows.rows, nil
}

// data is the unpacked list at u: one that was kept, or read now. Who asks while it is being read waits.
func (r *Reader) data(ctx context.Context, u *url.URL) ([]byte, error) {
	key := u.String()
	for {
		r.mu.Lock()
		if l, ok := r.kept[key]; ok && r.now().Sub(l.at) < keepTime {
			r.mu.Unlock()
			return l.data, nil
		}
		wait := r.busy[key]
		if wait == nil {
			break
		}
		r.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, slow(ctx)
		}
	}
	done := make(chan struct{})
	r.busy[key] = done
	r.mu.Unlock()
	data, err := r.fetch(ctx, u)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, key)
	close(done)
	if err == nil {
		r.keep(key, data)
	}
	return data, err
}

// keep remembers a list; the oldest ones make room. r.mu is held.
func (r *Reader) keep(key string, data []byte) {
	r.kept[key] = list{data, r.now()}
	for {
		size, oldest := 0, key
		for k, l := range r.kept {
			size += len(l.data)
			if l.at.Before(r.kept[oldest].at) {
				oldest = k
			}
		}
		if size <= maxKept || len(r.kept) == 1 {
			return
		}
		delete(r.kept, oldest)
	}
}

func slow(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it did not send the list within %s", readTime)
	}
	return ctx.Err()
}

func (r *Reader) fetch(ctx context.Context, u *url.URL) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("its address can't be asked")
	}
	req.Header.Set("User-Agent", "Tocsin")
	res, err := r.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, slow(ctx)
		}
		var wrapped *url.Error // repeats the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	}
	data, err := limited(res.Body)
	if err != nil {
		if ctx.Err() != nil {
			return nil, slow(ctx)
		}
		return nil, err
	}
	return unpack(data)
}

// limited reads all of r, which may not be larger than a list.
func limited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the list broke off: %w", err)
	case len(data) > maxBytes:
		return nil, fmt.Errorf("the list is larger than %d MB", maxBytes>>20)
	}
	return data, nil
}

// unpack opens what is packed by gzip, or as a zip of one file, whatever it is called.
func unpack(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("its gzip can't be opened: %w", err)
		}
		return limited(z)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, fmt.Errorf("its zip can't be opened: %w", err)
		}
		if len(z.File) != 1 {
			return nil, fmt.Errorf("its zip holds %d files; one is read", len(z.File))
		}
		f, err := z.File[0].Open()
		if err != nil {
			return nil, fmt.Errorf("its zip can't be opened: %w", err)
		}
		defer f.Close()
		return limited(f)
	}
	return data, nil
}
