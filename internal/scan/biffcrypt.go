package scan

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
)

// An encrypted old workbook ([MS-XLS] section 2.2.10) is encrypted record by record with RC4, with a new key every 1024 octets of the stream.
// The heads of records stay readable, and so do a few records whole. The older XOR method is not undone.

const biffBlock = 1024

// biffKey makes the key of one block.
type biffKey func(block uint32) []byte

// biffPassword prepares the keys that a password gives for a FILEPASS record; nil when it does not fit or the method is not known.
func biffPassword(v []byte, password string) biffKey {
	le := binary.LittleEndian
	if len(v) < 6 || le.Uint16(v) != 1 {
		return nil
	}
	if le.Uint16(v[2:]) == 1 && len(v) >= 6+48 {
		return binaryRC4(v[6:22], v[22:38], v[38:54], password)
	}
	if v = v[2:]; len(v) < 12 { // version, flags, size of the header
		return nil
	}
	size := uint64(le.Uint32(v[8:]))
	if size < 32 || 12+size+4+16+16+4+20 > uint64(len(v)) {
		return nil
	}
	bits := le.Uint32(v[12+16:])
	if bits == 0 {
		bits = 40
	}
	if bits < 40 || bits > 128 || bits%8 != 0 {
		return nil
	}
	verifier := v[12+size:]
	return cryptoAPI(int(bits), verifier[4:20], verifier[20:36], verifier[40:60], password)
}

// binaryRC4 is [MS-OFFCRYPTO] section 2.3.6.2: MD5, 40 bits.
func binaryRC4(salt, verifier, hash []byte, password string) biffKey {
	first := md5.Sum(utf16Octets(password))
	second := md5.Sum(bytes.Repeat(append(first[:5:5], salt...), 16))
	key := func(block uint32) []byte {
		x := md5.Sum(binary.LittleEndian.AppendUint32(second[:5:5], block))
		return x[:]
	}
	plain := rc4With(key(0), append(bytes.Clone(verifier), hash...))
	if want := md5.Sum(plain[:16]); !bytes.Equal(want[:], plain[16:]) {
		return nil
	}
	return key
}

// cryptoAPI is section 2.3.5.2: SHA-1, 40 to 128 bits.
func cryptoAPI(bits int, salt, verifier, hash []byte, password string) biffKey {
	first := sha1.Sum(append(bytes.Clone(salt), utf16Octets(password)...))
	key := func(block uint32) []byte {
		x := sha1.Sum(binary.LittleEndian.AppendUint32(first[:len(first):len(first)], block))
		k := make([]byte, max(16, bits/8))
		copy(k, x[:bits/8])
		return k
	}
	plain := rc4With(key(0), append(bytes.Clone(verifier), hash...))
	if want := sha1.Sum(plain[:16]); !bytes.Equal(want[:], plain[16:]) {
		return nil
	}
	return key
}

func rc4With(key, b []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return make([]byte, len(b))
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// decryptBIFF undoes the encryption of a stream's records; it is done with one walk over the stream.
func decryptBIFF(b []byte, key biffKey) []byte {
	le := binary.LittleEndian
	out := bytes.Clone(b)
	var stream []byte // of the block at
	zero := make([]byte, biffBlock)
	block := -1
	for at := 0; at+4 <= len(b); {
		kind, size := le.Uint16(b[at:]), int(le.Uint16(b[at+2:]))
		from, to := at+4, min(at+4+size, len(b))
		at = to
		switch kind {
		case 0x0809, 0x002F, 0x0194, 0x0195, 0x00E1, 0x0196, 0x0138:
			continue
		case 0x0085: // the place of the sheet stays readable
			from = min(from+4, to)
		}
		for i := from; i < to; i++ {
			if i/biffBlock != block {
				block = i / biffBlock
				stream = rc4With(key(uint32(block)), zero)
			}
			out[i] ^= stream[i%biffBlock]
		}
	}
	return out
}
