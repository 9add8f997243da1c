package api

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// zipPassword is the convention among analysts: it keeps mail programs and scanners from opening a sample by accident.
const zipPassword = "infected"

// writeZip writes a zip archive with one file, encrypted with the traditional PKWARE cipher (APPNOTE.TXT section 6.1).
// The cipher is long broken; that is fine here, because it has to stop accidents, not people, and every unzip reads it.
func writeZip(w io.Writer, name string, modified time.Time, content []byte, password string) error {
	var packed bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	if _, err := deflate.Write(content); err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	if err := deflate.Close(); err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	sum := crc32.ChecksumIEEE(content)

	// Twelve octets go before the data: eleven random ones, and the check octet by which unzip knows a wrong password.
	sealed := make([]byte, 12, 12+packed.Len())
	_, _ = rand.Read(sealed[:11]) // never fails
	sealed[11] = byte(sum >> 24)
	sealed = append(sealed, packed.Bytes()...)
	newZipCipher(password).encrypt(sealed)

	archive := zip.NewWriter(w)
	entry, err := archive.CreateRaw(&zip.FileHeader{
		Name:               name,
		Method:             zip.Deflate,
		Flags:              0x1, // encrypted
		CRC32:              sum,
		CompressedSize64:   uint64(len(sealed)),
		UncompressedSize64: uint64(len(content)),
		ReaderVersion:      20,
		CreatorVersion:     20,
		ModifiedDate:       dosDate(modified),
		ModifiedTime:       dosTime(modified),
	})
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	if _, err := entry.Write(sealed); err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	return archive.Close()
}

// zipCipher is the three keys of APPNOTE.TXT section 6.1.5.
type zipCipher [3]uint32

func newZipCipher(password string) *zipCipher {
	c := &zipCipher{0x12345678, 0x23456789, 0x34567890}
	for i := range len(password) {
		c.update(password[i])
	}
	return c
}

func (c *zipCipher) update(b byte) {
	c[0] = crcStep(c[0], b)
	c[1] = (c[1]+c[0]&0xff)*134775813 + 1
	c[2] = crcStep(c[2], byte(c[1]>>24))
}

// encrypt works in place.
func (c *zipCipher) encrypt(data []byte) {
	for i, plain := range data {
		t := uint16(c[2]) | 2
		data[i] = plain ^ byte(t*(t^1)>>8)
		c.update(plain)
	}
}

func crcStep(crc uint32, b byte) uint32 { return crc32.IEEETable[byte(crc)^b] ^ crc>>8 }

// dosDate and dosTime count from 1980 in steps of two seconds.
func dosDate(t time.Time) uint16 {
	if t = t.UTC(); t.Year() < 1980 || t.Year() > 2107 {
		return 1<<5 | 1
	}
	return uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9)
}

func dosTime(t time.Time) uint16 {
	t = t.UTC()
	return uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
}
