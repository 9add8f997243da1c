package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyFile holds the key that seals secrets in the case store. Without it nobody's authenticator app works any more.
const keyFile = "secret.key"

// secretKey reads the data folder's key, and makes it the first time. Two processes that make it at once end with the same one.
func secretKey(folder string) (key [32]byte, err error) {
	path := filepath.Join(folder, keyFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(folder, path); err != nil {
			return key, fmt.Errorf("data folder: %s: %w", keyFile, err)
		}
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return key, fmt.Errorf("data folder: %w", err)
	}
	if n, err := hex.Decode(key[:], []byte(strings.TrimSpace(string(raw)[:min(len(raw), 64)]))); err != nil || n != len(key) {
		return key, fmt.Errorf("data folder: %s is damaged: it holds 64 hexadecimal digits; put it back from a backup", keyFile)
	}
	return key, nil
}

// makeKey writes the whole key beside its place and links it there, which fails when somebody else was first.
func makeKey(folder, path string) error {
	f, err := os.CreateTemp(folder, ".key-*") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	_, err = f.WriteString(hex.EncodeToString(raw) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return os.Rename(f.Name(), path) // a file system without links
	}
	return nil
}
