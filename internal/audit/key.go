package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyName and PublicName are the files of the key in the data folder.
const (
	KeyName    = "audit-key"
	PublicName = "audit-key.pub"
)

// maxKeyFile bounds what is read as a key.
const maxKeyFile = 16 << 10

// Public is a key that signatures are checked with.
type Public struct{ key ed25519.PublicKey }

// ID names the key: the first 16 hex digits of the SHA-256 of its 32 octets.
func (p Public) ID() string {
	sum := sha256.Sum256(p.key)
	return hex.EncodeToString(sum[:8])
}

// Known reports whether there is a key at all.
func (p Public) Known() bool { return len(p.key) == ed25519.PublicKeySize }

// PEM is the key as "PUBLIC KEY" (RFC 7468, RFC 8410).
func (p Public) PEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(p.key)
	if err != nil { // only for keys that are none
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func (p Public) verify(message, signature []byte) bool {
	return p.Known() && len(signature) == ed25519.SignatureSize && ed25519.Verify(p.key, message, signature)
}

// ParsePublic reads a "PUBLIC KEY" in PEM.
func ParsePublic(raw []byte) (Public, error) {
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PUBLIC KEY" {
		return Public{}, errors.New("this is not a public key in PEM; tocsin audit key prints one")
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	ed, ok := k.(ed25519.PublicKey)
	if err != nil || !ok {
		return Public{}, errors.New("this is not a public key of ed25519; tocsin audit key prints one")
	}
	return Public{ed}, nil
}

// ReadPublic reads a public key from a file.
func ReadPublic(path string) (Public, error) {
	raw, err := readSmall(path)
	if err != nil {
		return Public{}, err
	}
	p, err := ParsePublic(raw)
	if err != nil {
		return Public{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Key signs checkpoints.
type Key struct{ key ed25519.PrivateKey }

// Public is the key's other half.
func (k *Key) Public() Public { return Public{k.key.Public().(ed25519.PublicKey)} }

func (k *Key) sign(message []byte) []byte { return ed25519.Sign(k.key, message) }

// OpenKey reads the key of a data folder, and makes it when there is none; made says that it did. The key's file is for its owner
// alone; the public half lies beside it.
func OpenKey(dir string) (k *Key, made bool, err error) {
	path := filepath.Join(dir, KeyName)
	k, err = readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if k, err = makeKey(path); errors.Is(err, fs.ErrExist) { // somebody was faster
			k, err = readKey(path)
		} else {
			made = err == nil
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("key of the audit log: %w", err)
	}
	public := filepath.Join(dir, PublicName)
	if have, err := ReadPublic(public); err != nil || have.ID() != k.Public().ID() {
		if err := os.WriteFile(public, k.Public().PEM(), 0o644); err != nil {
			return nil, false, fmt.Errorf("public key of the audit log: %w", err)
		}
	}
	return k, made, nil
}

func readKey(path string) (*Key, error) {
	raw, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s is no private key in PEM; put the right file back, or move it away to have a new key made", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	ed, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is no private key of ed25519; put the right file back, or move it away to have a new key made", path)
	}
	return &Key{ed}, nil
}

// makeKey writes a new key in one step: the file is there whole or not at all, and never replaces another.
func makeKey(path string) (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		// A file system without links: rename would replace, so look first.
		if _, have := os.Lstat(path); have == nil {
			return nil, fs.ErrExist
		}
		if err := os.Rename(f.Name(), path); err != nil {
			return nil, err
		}
	}
	return &Key{private}, nil
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s is no key: it is too large, or no file", path)
	}
	return os.ReadFile(path)
}
