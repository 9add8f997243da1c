package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultParams is the second recommended option of RFC 9106 section 4 (64 MiB, three passes), with two lanes.
var DefaultParams = Params{Memory: 64 << 10, Passes: 3, Threads: 2}

const (
	saltSize = 16
	keySize  = 32
	// Bounds on what a stored hash may ask for, so that a broken row cannot take the machine's memory.
	maxMemory = 1 << 20 // KiB
	maxPasses = 16
)

// Hasher turns passwords into PHC strings and checks them. At most a few hashes are computed at once and a few more
// wait, so that a storm of sign-ins uses a known amount of memory and everybody beyond that is told to come back.
type Hasher struct {
	params  Params
	running chan struct{}
	waiting chan struct{}
	decoy   string
}

// NewHasher returns a hasher that computes up to parallel hashes at once; eight times as many may wait.
func NewHasher(p Params, parallel int) *Hasher {
	h := &Hasher{params: p, running: make(chan struct{}, parallel), waiting: make(chan struct{}, 9*parallel)}
	h.decoy = encode(p, make([]byte, saltSize), make([]byte, keySize))
	return h
}

// Hash returns the PHC string of a password: $argon2id$v=19$m=65536,t=3,p=2$salt$key.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	return encode(h.params, salt, key(password, salt, h.params)), nil
}

// Check compares a password with a stored PHC string. An empty stored string costs as much time as a real one and never
// matches. outdated says that the string was made with other costs than today's and should be made again.
func (h *Hasher) Check(ctx context.Context, stored, password string) (ok, outdated bool, err error) {
	known := stored != ""
	if !known {
		stored = h.decoy
	}
	p, salt, want, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	same := subtle.ConstantTimeCompare(key(password, salt, p), want) == 1
	return same && known, p != h.params, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.waiting <- struct{}{}:
	default:
		return ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case h.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-h.waiting
		return ErrBusy
	}
}

func (h *Hasher) leave() { <-h.running; <-h.waiting }

// key normalises first (RFC 8265 section 4.2 asks for NFC), so that one password typed on two keyboards is one password.
func key(password string, salt []byte, p Params) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, p.Passes, p.Memory, p.Threads, keySize)
}

func encode(p Params, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Passes, p.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

var errPHC = errors.New("stored password is not an argon2id PHC string")

func decode(s string) (p Params, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errPHC
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Passes, &p.Threads); err != nil || n != 3 {
		return p, nil, nil, errPHC
	}
	if p.Memory > maxMemory || p.Passes == 0 || p.Passes > maxPasses || p.Threads == 0 {
		return p, nil, nil, fmt.Errorf("%w: costs out of bounds", errPHC)
	}
	b64 := base64.RawStdEncoding
	if salt, err = b64.DecodeString(parts[4]); err != nil || len(salt) < 8 {
		return p, nil, nil, errPHC
	}
	if key, err = b64.DecodeString(parts[5]); err != nil || len(key) != keySize {
		return p, nil, nil, errPHC
	}
	return p, salt, key, nil
}
