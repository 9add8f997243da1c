package scan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	"github.com/nwaples/rardecode/v2"
)

// sealed encrypts a header, filled up to a full block.
func sealed(key, iv, header []byte) []byte {
	b := append(bytes.Clone(header), make([]byte, (16-len(header)%16)%16)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, b)
	return b
}

// hiddenRar5 is an archive of RAR 5 whose names are encrypted too.
func hiddenRar5(content []byte) []byte {
	lock := &rarLock{rounds: 15, salt: bytes.Repeat([]byte{7}, 16)}
	keys := rarKeys5("7731", lock)
	b := []byte(rarSignature + "\x01\x00")
	check := keys.check[:]
	sum := sha256.Sum256(check)
	body := append(append(uvarints(4, 0, 0, 1), 15), lock.salt...)
	body = append(append(body, check...), sum[:4]...)
	b = append(b, rar5Header(body)...)
	iv := bytes.Repeat([]byte{3}, 16)
	add := func(header []byte) {
		b = append(append(b, iv...), sealed(keys.key, iv, header)...)
	}
	add(rar5Header(uvarints(1, 0, 0)))
	h := uvarints(2, 2, uint64(len(content)), 4, uint64(len(content)), 0)
	h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE(content))
	h = append(append(h, uvarints(0, 1, 9)...), "offer.exe"...)
	add(rar5Header(h))
	b = append(b, content...)
	add(rar5Header(uvarints(5, 0, 0)))
	return b
}

// hiddenRar4 encrypts the headers of an archive of the older format.
func hiddenRar4(content []byte) []byte {
	plain := rar4Archive("offer.exe", content, 0x30)[7:]
	salt := bytes.Repeat([]byte{5}, 8)
	keys := rarKeys4("7731", salt)
	first := plain[:13]
	binary.LittleEndian.PutUint16(first[3:], 0x80)
	binary.LittleEndian.PutUint16(first, uint16(crc32.ChecksumIEEE(first[2:])))
	b := append([]byte(rarSignature+"\x00"), first...)
	rest := plain[13:]
	size := int(le16(rest, 5))
	for _, header := range [][]byte{rest[:size], rest[size+len(content):]} {
		b = append(append(b, salt...), sealed(keys.key, keys.iv, header)...)
		if len(header) == size {
			b = append(b, content...)
		}
	}
	return b
}

func TestRarHidden(t *testing.T) {
	for name, b := range map[string][]byte{"five": hiddenRar5(program()), "four": hiddenRar4(program())} {
		lib, err := rardecode.NewReader(bytes.NewReader(b), rardecode.Password("7731"))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := lib.Next(); err != nil {
			t.Fatal(name, err)
		}
		if got, err := io.ReadAll(lib); err != nil || !bytes.Equal(got, program()) {
			t.Fatalf("%s: the library reads %d octets: %v", name, len(got), err)
		}
		m, r := look(t, Limits{}, "Passcode: 7731", attached{"offer.rar", b})
		if got := inner(m); !slices.Equal(got, []string{"offer.exe exe"}) {
			t.Errorf("%s: %v, defects %v", name, got, defectIDs(m))
		}
		if ids := factIDs(r); !slices.Contains(ids, "locked-archive-opened") || !slices.Contains(ids, "program-locked") {
			t.Errorf("%s: facts %v", name, ids)
		}
		m, r = look(t, Limits{}, "Passcode: 9999", attached{"offer.rar", b})
		if ids := factIDs(r); !slices.Contains(ids, "archive-password-wrong") || slices.Contains(ids, "locked-archive-opened") || !slices.Contains(defectIDs(m), "file-encrypted") {
			t.Errorf("%s with another password: %v %v", name, ids, defectIDs(m))
		}
	}
}
