package api

import (
	"net/http"
	"time"
)

// streamWrite is how long one write of a stream may wait for its client.
const streamWrite = 30 * time.Second

// patientWriter gives the client a while for each write instead of a time for the whole. Between writes no clock runs: over
// HTTP/2 a deadline that passes ends its stream although nothing waits to be written.
type patientWriter struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	wait time.Duration
}

func patient(w http.ResponseWriter) *patientWriter {
	return &patientWriter{w: w, rc: http.NewResponseController(w), wait: streamWrite}
}

func (p *patientWriter) Write(b []byte) (n int, err error) {
	err = p.timed(func() error {
		n, err = p.w.Write(b)
		return err
	})
	return n, err
}

// flush sends what net/http holds back. At the end of a stream it keeps the handler until its client has taken all, or not.
func (p *patientWriter) flush() error { return p.timed(p.rc.Flush) }

func (p *patientWriter) timed(write func() error) error {
	if err := p.rc.SetWriteDeadline(time.Now().Add(p.wait)); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	return p.rc.SetWriteDeadline(time.Time{})
}
