package scantest

import (
	"bytes"
	"crypto/aes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"hash/crc32"
)

// LockedZip writes a zip whose files are encrypted with password: with the classic cipher (APPNOTE section 6.1), or with strong by WinZip's
// AES-256 (AE-2).
func LockedZip(password string, strong bool, files ...Entry) []byte {
	var out, central bytes.Buffer
	for _, f := range files {
		at := out.Len()
		crc := crc32.ChecksumIEEE([]byte(f.Data))
		method, extra := uint16(0), []byte(nil)
		var body []byte
		if strong {
			method, extra, crc = 99, []byte{0x01, 0x99, 7, 0, 2, 0, 'A', 'E', 3, 0, 0}, 0
			body = sealAES(password, []byte(f.Data))
		} else {
			body = sealClassic(password, crc, []byte(f.Data))
		}
		head := func(central bool) []byte {
			var b []byte
			if central {
				b = append(b, "PK\x01\x02"...)
				b = binary.LittleEndian.AppendUint16(b, 20)
			} else {
				b = append(b, "PK\x03\x04"...)
			}
			for _, v := range []uint16{20, 1, method, 0, 0x5d74} { // version, flags: encrypted, method, time, date
				b = binary.LittleEndian.AppendUint16(b, v)
			}
			for _, v := range []uint32{crc, uint32(len(body)), uint32(len(f.Data))} {
				b = binary.LittleEndian.AppendUint32(b, v)
			}
			b = binary.LittleEndian.AppendUint16(b, uint16(len(f.Name)))
			b = binary.LittleEndian.AppendUint16(b, uint16(len(extra)))
			if central {
				b = append(b, make([]byte, 10)...)
				b = binary.LittleEndian.AppendUint32(b, uint32(at))
			}
			b = append(b, f.Name...)
			return append(b, extra...)
		}
		out.Write(head(false))
		out.Write(body)
		central.Write(head(true))
	}
	at := out.Len()
	out.Write(central.Bytes())
	end := append([]byte("PK\x05\x06"), make([]byte, 18)...)
	binary.LittleEndian.PutUint16(end[8:], uint16(len(files)))
	binary.LittleEndian.PutUint16(end[10:], uint16(len(files)))
	binary.LittleEndian.PutUint32(end[12:], uint32(central.Len()))
	binary.LittleEndian.PutUint32(end[16:], uint32(at))
	out.Write(end)
	return out.Bytes()
}

func sealClassic(password string, crc uint32, content []byte) []byte {
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	update := func(c byte) {
		k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
		k[1] = (k[1]+k[0]&0xff)*134775813 + 1
		k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
	}
	for i := range len(password) {
		update(password[i])
	}
	plain := append([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, byte(crc >> 16), byte(crc >> 24)}, content...)
	for i, c := range plain {
		t := k[2] | 2
		plain[i] = c ^ byte(t*(t^1)>>8)
		update(c)
	}
	return plain
}

func sealAES(password string, content []byte) []byte {
	salt := []byte("0123456789abcdef")
	key, err := pbkdf2.Key(sha1.New, password, salt, 1000, 66)
	must(err)
	block, err := aes.NewCipher(key[:32])
	must(err)
	sealed := bytes.Clone(content)
	counter, stream := make([]byte, 16), make([]byte, 16) // the counter counts in little endian, unlike cipher.NewCTR
	for i := 0; i < len(sealed); i += 16 {
		for k := range counter {
			if counter[k]++; counter[k] != 0 {
				break
			}
		}
		block.Encrypt(stream, counter)
		end := min(i+16, len(sealed))
		for k := i; k < end; k++ {
			sealed[k] ^= stream[k-i]
		}
	}
	mac := hmac.New(sha1.New, key[32:64])
	mac.Write(sealed)
	out := append(append(bytes.Clone(salt), key[64:66]...), sealed...)
	return append(out, mac.Sum(nil)[:10]...)
}
