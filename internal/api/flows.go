package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Cookies of sign-ins that are under way. Over TLS their names begin so that no other host and no page without TLS can set them.
const (
	providerCookie = "tocsin_provider"
	keyCookie      = "tocsin_key"
	hostPrefix     = "__Host-"
	flowLife       = 10 * time.Minute
	maxSpent       = 100_000
)

// flows keeps what has to be remembered of a sign-in that is under way in the browser that began it, sealed: so strangers who begin
// without end fill nothing here. The key lives as long as the process. What succeeded is remembered until it would be over, so that it
// counts once.
type flows struct {
	box cipher.AEAD
	now func() time.Time

	mu    sync.Mutex
	spent map[string]time.Time
}

func newFlows(now func() time.Time) *flows {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for keys of another length
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for blocks of another size
	}
	return &flows{box: box, now: now, spent: map[string]time.Time{}}
}

// sealed is a flow with its end.
type sealed struct {
	Until time.Time       `json:"until"`
	Body  json.RawMessage `json:"body"`
}

// seal closes a flow up for its kind.
func (f *flows) seal(kind string, body any) (string, error) {
	raw, err := json.Marshal(body)
	if err == nil {
		raw, err = json.Marshal(sealed{f.now().Add(flowLife), raw})
	}
	if err != nil {
		return "", err
	}
	nonce := make([]byte, f.box.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(f.box.Seal(nonce, nonce, raw, []byte(kind))), nil
}

// open reads a flow that is not over and did not succeed yet.
func (f *flows) open(kind, text string, body any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < f.box.NonceSize() {
		return false
	}
	plain, err := f.box.Open(nil, raw[:f.box.NonceSize()], raw[f.box.NonceSize():], []byte(kind))
	var s sealed
	if err != nil || json.Unmarshal(plain, &s) != nil || !f.now().Before(s.Until) {
		return false
	}
	f.mu.Lock()
	_, done := f.spent[text]
	f.mu.Unlock()
	return !done && json.Unmarshal(s.Body, body) == nil
}

// spend uses a flow up. It is false when that happened already.
func (f *flows) spend(text string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	for k, until := range f.spent {
		if now.After(until) {
			delete(f.spent, k)
		}
	}
	if _, done := f.spent[text]; done || len(f.spent) >= maxSpent {
		return false
	}
	f.spent[text] = now.Add(flowLife)
	return true
}

type flowKey struct{}

// withFlows keeps the cookies of flows for handlers.
func (s *Server) withFlows(ctx context.Context, r *http.Request) context.Context {
	have := map[string]string{}
	for _, name := range []string{providerCookie, keyCookie} {
		if c, err := r.Cookie(s.flowName(name)); err == nil {
			have[name] = c.Value
		}
	}
	return context.WithValue(ctx, flowKey{}, have)
}

// flowOf is what the browser showed of a flow.
func flowOf(ctx context.Context, name string) string {
	have, _ := ctx.Value(flowKey{}).(map[string]string)
	return have[name]
}

func (s *Server) flowName(name string) string {
	if s.deps.Secure {
		return hostPrefix + name
	}
	return name
}

// flowSet is the cookie of a flow; with an empty value it ends.
func (s *Server) flowSet(name, value string) http.Cookie {
	c := http.Cookie{Name: s.flowName(name), Value: value, Path: "/", HttpOnly: true, Secure: s.deps.Secure, SameSite: http.SameSiteStrictMode, MaxAge: int(flowLife.Seconds())}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// maxNext is how long a path may be that a flow keeps: browsers drop cookies of more than 4096 octets.
const maxNext = 1500

// local is a path of this site, "/" for everything else: nobody is sent elsewhere after signing in.
func local(path string) string {
	if len(path) > maxNext || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
