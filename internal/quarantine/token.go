package quarantine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Links makes and reads the links of digests. A link says which message of which recipient it is about and until when it is good, sealed
// with AES-256-GCM: whoever holds it can neither read nor change that, and nothing has to be kept for it. It proves only that a digest was
// written to that recipient; all it can do is ask.
type Links struct{ aead cipher.AEAD }

// ErrLink is a link that was not made here, was changed, or is too old.
var ErrLink = errors.New("this link is not good any more; your next digest has a new one, or ask your security team")

// maxToken bounds what is decoded; recipients are at most 1,000 octets.
const maxToken = 2048

// tokenVersion is the first octet of what is sealed.
const tokenVersion = 1

// NewLinks derives the key of links from the installation's.
func NewLinks(installation [32]byte) (*Links, error) {
	key, err := hkdf.Key(sha256.New, installation[:], nil, "tocsin quarantine release link", 32)
	if err != nil {
		return nil, fmt.Errorf("key of release links: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of release links: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("key of release links: %w", err)
	}
	return &Links{aead}, nil
}

// Token is the opaque part of a link: URL-safe, without padding.
func (l *Links) Token(k Key, until time.Time) string {
	plain := binary.BigEndian.AppendUint64([]byte{tokenVersion}, uint64(until.Unix()))
	plain = append(plain, byte(len(k.Message)))
	plain = append(append(plain, k.Message[:min(len(k.Message), 255)]...), k.Recipient...)
	return base64.RawURLEncoding.EncodeToString(l.aead.Seal(nil, nil, plain, nil))
}

// Open reads a token. ErrLink says nothing about why.
func (l *Links) Open(token string, now time.Time) (Key, error) {
	if len(token) > maxToken {
		return Key{}, ErrLink
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return Key{}, ErrLink
	}
	plain, err := l.aead.Open(nil, nil, sealed, nil)
	if err != nil || len(plain) < 10 || plain[0] != tokenVersion {
		return Key{}, ErrLink
	}
	until, n := int64(binary.BigEndian.Uint64(plain[1:9])), int(plain[9])
	if rest := plain[10:]; n <= len(rest) && now.Unix() < until {
		return Key{string(rest[:n]), string(rest[n:])}, nil
	}
	return Key{}, ErrLink
}
