package scan

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
)

// maxRarRounds bounds the rounds of a key, as a power of two. RAR takes 15.
const maxRarRounds = 17

// rarKeys are what a password and a salt make.
type rarKeys struct {
	key   []byte
	hash  []byte  // keys the checksums
	check [8]byte // tells whether the password fits
	iv    []byte  // RAR 4 makes it from the password too
}

// keyed is the checksum as it is written when it is keyed.
func (k *rarKeys) keyed(sum uint32) uint32 {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], sum)
	h := hmac.New(sha256.New, k.hash)
	h.Write(b[:])
	var out uint32
	for i, c := range h.Sum(nil) {
		out ^= uint32(c) << (8 * (i & 3))
	}
	return out
}

// keysOf makes keys; nil when the record says that the password does not fit, or asks for too much work.
func (a *rarArchive) keysOf(l *rarLock, password string) *rarKeys {
	id := password + "\x00" + string(l.salt) + string(l.salt4) + "\x00" + strconv.Itoa(l.rounds) + string(l.check)
	if k, ok := a.keys[id]; ok {
		return k
	}
	var k *rarKeys
	switch {
	case l.salt4 != nil:
		k = rarKeys4(password, l.salt4)
	case len(l.salt) == 16 && l.rounds <= maxRarRounds:
		k = rarKeys5(password, l)
	}
	if len(a.keys) < 256 {
		a.keys[id] = k
	}
	return k
}

// rarKeys5 is PBKDF2 with HMAC-SHA256; sixteen rounds further stands what keys the checksums, and sixteen further the check.
func rarKeys5(password string, l *rarLock) *rarKeys {
	h := hmac.New(sha256.New, []byte(password))
	h.Write(l.salt)
	h.Write([]byte{0, 0, 0, 1})
	u := h.Sum(nil)
	t := bytes.Clone(u)
	var marks [3][]byte
	for i, rounds := range [...]int{1<<l.rounds - 1, 16, 16} {
		for range rounds {
			h.Reset()
			h.Write(u)
			u = h.Sum(u[:0])
			for j := range t {
				t[j] ^= u[j]
			}
		}
		marks[i] = bytes.Clone(t)
	}
	k := &rarKeys{key: marks[0], hash: marks[1]}
	for i, c := range marks[2] {
		k.check[i&7] ^= c
	}
	if l.check != nil && !bytes.Equal(k.check[:], l.check) {
		return nil
	}
	return k
}

// rarKeys4 is SHA-1 over password, salt and a counter, 2^18 times; the vector is gathered on the way.
func rarKeys4(password string, salt []byte) *rarKeys {
	var seed []byte
	for _, u := range utf16.Encode([]rune(password)) {
		seed = append(seed, byte(u), byte(u>>8))
	}
	seed = append(seed, salt...)
	const rounds = 1 << 18
	one := len(seed) + 3
	h := sha1.New()
	iv := make([]byte, 16)
	buf := make([]byte, one)
	copy(buf, seed)
	for i := range rounds {
		buf[one-3], buf[one-2], buf[one-1] = byte(i), byte(i>>8), byte(i>>16)
		h.Write(buf)
		if i%(rounds/16) == 0 {
			iv[i/(rounds/16)] = h.Sum(nil)[19]
		}
	}
	sum := h.Sum(nil)
	key := make([]byte, 16)
	for i := range key {
		key[i] = sum[i&^3+3-i&3]
	}
	return &rarKeys{key: key, iv: iv}
}
