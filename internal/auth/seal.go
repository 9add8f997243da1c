package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Seal keeps secrets that the server must be able to use again: passwords of feeds. They are encrypted with AES-256-GCM under a key that is
// derived from the data folder's, one for each purpose, and bound to what they belong to: a row that is copied elsewhere does not open.
type Seal struct{ aead cipher.AEAD }

// ErrSealed is a secret that does not open: another key, another owner, or damage.
var ErrSealed = errors.New("the secret does not open with the key of this data folder")

// NewSeal derives the key for a purpose from the installation's.
func NewSeal(installation [32]byte, purpose string) (*Seal, error) {
	key, err := hkdf.Key(sha256.New, installation[:], nil, "tocsin seal "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", purpose, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", purpose, err)
	}
	return &Seal{aead}, nil
}

// Seal encrypts text, bound to what it is about.
func (s *Seal) Seal(about, text string) string {
	return base64.RawStdEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(text), []byte(about)))
}

// Open returns what was sealed about the same thing.
func (s *Seal) Open(about, sealed string) (string, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", ErrSealed
	}
	text, err := s.aead.Open(nil, nil, raw, []byte(about))
	if err != nil {
		return "", ErrSealed
	}
	return string(text), nil
}
