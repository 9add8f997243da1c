package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a key pair that is read again when its files change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	cert    *tls.Certificate
	changed time.Time
	checked time.Time
}

func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return c, nil
}

// certificateAge is for how long the files are not looked at again.
const certificateAge = time.Minute

// get returns the pair, read again when a file has another time of change. A pair that can't be read leaves the old one
// in use: a half-written renewal must not stop the mail.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.cert != nil && now.Sub(c.checked) < certificateAge {
		return c.cert, nil
	}
	c.checked = now
	changed, err := newest(c.certFile, c.keyFile)
	if err == nil && (c.cert == nil || !changed.Equal(c.changed)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.cert, c.changed = &pair, changed
		}
	}
	if c.cert == nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if err != nil {
		c.log.Warn("the certificate can't be read again, the old one stays in use", "file", c.certFile, "err", err)
	}
	return c.cert, nil
}

func newest(files ...string) (time.Time, error) {
	var t time.Time
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return t, err
		}
		if info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	if t.IsZero() {
		return t, errors.New("no time of change")
	}
	return t, nil
}
