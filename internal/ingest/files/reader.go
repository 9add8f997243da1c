package files

import (
	"context"
	"io"
)

// attentive reads until ctx ends: a file that unpacks for ever must not keep a person who wants to stop waiting.
type attentive struct {
	ctx context.Context
	r   io.Reader
}

func (a *attentive) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.r.Read(p)
}

// waiting reads what may keep silent for ever, a terminal or a pipe, until ctx ends. One goroutine stays behind then, until
// its read returns: there is no way to take a read of standard input back.
type waiting struct {
	ctx context.Context
	r   io.Reader

	buf  []byte
	rest []byte // read and not handed out
	err  error  // after rest
}

func (w *waiting) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if len(w.rest) == 0 && w.err == nil {
		if w.buf == nil {
			w.buf = make([]byte, sniffSize)
		}
		type result struct {
			n   int
			err error
		}
		done := make(chan result, 1)
		go func() {
			n, err := w.r.Read(w.buf)
			done <- result{n, err}
		}()
		select {
		case r := <-done:
			w.rest, w.err = w.buf[:r.n], r.err
		case <-w.ctx.Done():
			return 0, w.ctx.Err() // buf belongs to the goroutine from now on
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	if len(w.rest) > 0 {
		return n, nil
	}
	return n, w.err
}
