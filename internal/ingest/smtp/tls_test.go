package smtp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	netsmtp "net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// makeCertificate writes a self-made pair for 127.0.0.1 and returns the pool that trusts it.
func makeCertificate(t *testing.T, dir, name string) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(cert)
	return certFile, keyFile, roots
}

func TestStartTLS(t *testing.T) {
	cert, key, roots := makeCertificate(t, t.TempDir(), "tocsin.test")
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		t.Run(name, func(t *testing.T) {
			in := &recorder{}
			_, addr := start(t, Config{CertFile: cert, KeyFile: key, RequireTLS: true}, in)
			cfg := &tls.Config{RootCAs: roots, ServerName: "tocsin.test", MinVersion: version, MaxVersion: version}

			c, err := netsmtp.Dial(addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Mail("a@b.test"); err == nil || !strings.HasPrefix(err.Error(), "530") {
				t.Errorf("without TLS: %v", err)
			}
			if err := c.StartTLS(cfg); err != nil {
				t.Fatal(err)
			}
			if again, _ := c.Extension("STARTTLS"); again {
				t.Error("STARTTLS is offered over TLS")
			}
			if err := sendOver(c, "a@b.test", []string{"c@d.test"}, letter(1)); err != nil {
				t.Fatal(err)
			}
			if err := c.Quit(); err != nil { // the goodbye of TLS comes too
				t.Error(err)
			}
			got := in.only(t)
			if got.env.TLS != name || got.raw != string(letter(1)) {
				t.Errorf("envelope %+v", got.env)
			}
			g, err := gosmtp.DialStartTLS(addr, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			if err := g.SendMail("a@b.test", []string{"c@d.test"}, strings.NewReader("x\r\n")); err != nil {
				t.Error(err)
			}
			if err := g.Quit(); err != nil {
				t.Error(err)
			}
			if got := in.all(); len(got) != 2 || got[1].env.TLS != name {
				t.Errorf("taken in %+v", got)
			}
		})
	}
}

// Over TLS, half a chunk is half a chunk too, also when the client closes TLS in good order.
func TestVanishedOverTLS(t *testing.T) {
	cert, key, roots := makeCertificate(t, t.TempDir(), "tocsin.test")
	for _, content := range []string{"BDAT 100 LAST\r\nhello", "DATA\r\nhello\r\n"} {
		in := &recorder{}
		s, addr := start(t, Config{CertFile: cert, KeyFile: key}, in)
		p := greeted(t, addr)
		p.say("STARTTLS", "220")
		c := tls.Client(p.Conn, &tls.Config{RootCAs: roots, ServerName: "tocsin.test"})
		p = over(t, c)
		p.say("EHLO x", "250")
		p.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n" + content)
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(p.r); err != nil || strings.Contains(string(rest), "it is kept") {
			t.Errorf("answered %q %v", rest, err)
		}
		eventually(t, "the connection is given up", func() bool { return s.Counts().Connections == 0 })
		if got := in.raws(); len(got) != 0 {
			t.Errorf("taken in %q", got)
		}
	}
}

// Commands that came before TLS, or were slipped in behind STARTTLS (CVE-2011-0411), have no effect after it.
func TestNothingGoesThroughStartTLS(t *testing.T) {
	cert, key, roots := makeCertificate(t, t.TempDir(), "tocsin.test")
	_, addr := start(t, Config{CertFile: cert, KeyFile: key, Timeout: time.Second}, &recorder{})
	p := greeted(t, addr)
	p.envelope("eve@b.test", "c@d.test")
	p.say("STARTTLS now", "501")
	p.say("STARTTLS", "220")
	p = over(t, tls.Client(p.Conn, &tls.Config{RootCAs: roots, ServerName: "tocsin.test"}))
	p.say("DATA", "503")
	p.say("MAIL FROM:<a@b>", "503 5.5.1 Say hello first")
	p.say("STARTTLS", "503")
	p.say("QUIT", "221")

	p = greeted(t, addr)
	p.send("STARTTLS\r\nEHLO x\r\nMAIL FROM:<a@b>\r\n")
	p.want("554")
	p.ends()

	p = greeted(t, addr) // a client that can't agree
	p.say("STARTTLS", "220")
	p.send("MAIL FROM:<a@b>\r\nthis is no hello of TLS\r\n")
	rest, _ := io.ReadAll(p.r)
	if strings.Contains(string(rest), "250") {
		t.Errorf("went on in the clear: %q", rest)
	}
}

// A renewed pair is used without a restart; a broken one is not, and does not stop the mail.
func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, _ := makeCertificate(t, dir, "first.test")
	c, err := newCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		c.checked = time.Time{} // a minute has passed
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.Subject.CommonName
	}
	touch := func(at time.Time) {
		t.Helper()
		for _, f := range []string{certFile, keyFile} {
			if err := os.Chtimes(f, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	makeCertificate(t, dir, "second.test")
	touch(time.Now().Add(-24 * time.Hour)) // copied with its old time
	if got := name(); got != "second.test" {
		t.Errorf("after the renewal: %s", got)
	}
	if err := os.WriteFile(keyFile, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "second.test" {
		t.Errorf("with a broken pair: %s", got)
	}
	makeCertificate(t, dir, "third.test")
	touch(time.Now().Add(time.Hour))
	if got := name(); got != "third.test" {
		t.Errorf("after the repair: %s", got)
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "third.test" {
		t.Errorf("without a file: %s", got)
	}
}
