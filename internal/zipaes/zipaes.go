// Package zipaes writes zip archives whose files are encrypted with AES-256, as 7-Zip, WinZip and others open them.
//
// The format is WinZip's AE-2 (the "AES Encryption Information" note of WinZip, version 1.04; APPNOTE.TXT appendix E calls it method 99): of
// every file the key is derived from the password by PBKDF2-HMAC-SHA1 with a salt of its own and 1,000 rounds, the deflated octets are
// encrypted in counter mode with a counter of little-endian order, and an HMAC-SHA1 of 80 bits over them shows whether they were changed.
// The CRC is left out, since it would tell of the plain octets. Names, sizes and times of files are readable by everybody. A thousand rounds are few: the
// password has to be long.
package zipaes

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the format's
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Sizes of the format with a key of 256 bits, in octets.
const (
	saltSize   = 16
	keySize    = 32
	verifySize = 2  // by which a wrong password is known
	macSize    = 10 // of HMAC-SHA1
	rounds     = 1000
	method     = 99
	extraID    = 0x9901
)

// CheckPassword says what is wrong with a password. Programs do not agree on how others than ASCII are written.
func CheckPassword(password string) error {
	if len(password) < 12 || len(password) > 128 {
		return fmt.Errorf("the password needs 12 to 128 characters")
	}
	for i := range len(password) {
		if c := password[i]; c < 0x20 || c > 0x7e {
			return fmt.Errorf("the password may hold letters, digits and signs of ASCII only: zip programs read others differently")
		}
	}
	return nil
}

// Writer writes an archive.
type Writer struct {
	zip      *zip.Writer
	password string
}

// NewWriter begins an archive.
func NewWriter(w io.Writer, password string) *Writer {
	return &Writer{zip.NewWriter(w), password}
}

// Close writes the directory of the archive. It does not close what is below.
func (w *Writer) Close() error { return wrap(w.zip.Close()) }

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	return nil
}

// Plain adds a file that everybody can read.
func (w *Writer) Plain(name string, modified time.Time, content []byte) error {
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: modified.UTC()})
	if err != nil {
		return wrap(err)
	}
	_, err = f.Write(content)
	return wrap(err)
}

// Sealed adds a file that is encrypted. Names are UTF-8.
func (w *Writer) Sealed(name string, modified time.Time, content []byte) error {
	packed, err := deflate(content)
	if err != nil {
		return err
	}
	sealed, err := seal(packed, w.password)
	if err != nil {
		return err
	}
	extra := binary.LittleEndian.AppendUint16(nil, extraID)
	extra = binary.LittleEndian.AppendUint16(extra, 7)
	extra = binary.LittleEndian.AppendUint16(extra, 2) // AE-2: no CRC
	extra = append(extra, 'A', 'E', 3)                 // 256 bits
	extra = binary.LittleEndian.AppendUint16(extra, zip.Deflate)
	date, clock := dos(modified)
	f, err := w.zip.CreateRaw(&zip.FileHeader{
		Name: name, Method: method, Flags: 0x1 | 0x800, Extra: extra, ModifiedDate: date, ModifiedTime: clock, //nolint:staticcheck // CreateRaw takes them as they are
		CompressedSize64: uint64(len(sealed)), UncompressedSize64: uint64(len(content)), ReaderVersion: 51, CreatorVersion: 51,
	})
	if err != nil {
		return wrap(err)
	}
	_, err = f.Write(sealed)
	return wrap(err)
}

func deflate(content []byte) ([]byte, error) {
	var out bytes.Buffer
	d, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, wrap(err)
	}
	if _, err := d.Write(content); err != nil {
		return nil, wrap(err)
	}
	if err := d.Close(); err != nil {
		return nil, wrap(err)
	}
	return out.Bytes(), nil
}

// seal is salt, verification value, ciphertext, and what authenticates it.
func seal(packed []byte, password string) ([]byte, error) {
	out := make([]byte, saltSize, saltSize+verifySize+len(packed)+macSize)
	_, _ = rand.Read(out) // never fails
	keys, err := pbkdf2.Key(sha1.New, password, out, rounds, 2*keySize+verifySize)
	if err != nil {
		return nil, wrap(err)
	}
	out = append(out, keys[2*keySize:]...)
	block, err := aes.NewCipher(keys[:keySize])
	if err != nil {
		return nil, wrap(err)
	}
	start := len(out)
	out = append(out, packed...)
	counter(block, out[start:])
	mac := hmac.New(sha1.New, keys[keySize:2*keySize])
	mac.Write(out[start:])
	return append(out, mac.Sum(nil)[:macSize]...), nil
}

// counter encrypts in place. The counter is little-endian and begins at 1; the standard library's is big-endian.
func counter(block cipher.Block, data []byte) {
	var count, stream [aes.BlockSize]byte
	for n := uint64(1); len(data) > 0; n++ {
		binary.LittleEndian.PutUint64(count[:], n)
		block.Encrypt(stream[:], count[:])
		k := min(len(data), aes.BlockSize)
		for i := range k {
			data[i] ^= stream[i]
		}
		data = data[k:]
	}
}

// dos counts from 1980 in steps of two seconds.
func dos(t time.Time) (date, clock uint16) {
	if t = t.UTC(); t.Year() < 1980 || t.Year() > 2107 {
		return 1<<5 | 1, 0
	}
	return uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9), uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
}
