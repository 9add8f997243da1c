package scan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strconv"
	"unicode/utf16"
)

// An encrypted Office document ([MS-OFFCRYPTO]) is a compound file around the encrypted zip. The password that Excel tries by itself is
// tried, and those that the mail names.

const (
	excelPassword = "VelvetSweatshop" // what Excel tries before it asks
	maxSpins      = 1_000_000         // rounds of hashing for one password; Office writes 100,000
	maxTried      = 8
)

// openEncrypted tells that a document is locked, and looks into it when a password is at hand.
func openEncrypted(s *session, f *file, c *compound) {
	info := c.readPath("EncryptionInfo", 1<<20)
	if c.find("EncryptedPackage") == nil || len(info) < 8 {
		s.fact(f, "document-locked", "")
		s.defect("file-office-broken", f.way)
		return
	}
	open := standardCipher
	if binary.LittleEndian.Uint16(info) == 4 && binary.LittleEndian.Uint16(info[2:]) == 4 {
		open = agileCipher
	}
	for i, password := range append([]string{excelPassword}, s.officePasswords()...) {
		if s.over() {
			return
		}
		decrypt := open(info, password)
		if decrypt == nil {
			continue
		}
		if i == 0 {
			s.fact(f, "document-default-password", "")
		} else {
			s.fact(f, "document-unlocked", strconv.Quote(password))
		}
		s.decrypted(f, c, decrypt)
		return
	}
	s.lockedDocument(f)
}

// lockedDocument tells that nobody could look into a document; it is worse when the mail tells its reader the password.
func (s *session) lockedDocument(f *file) {
	s.fact(f, "document-locked", "")
	s.defect("file-document-locked", f.way)
	if w := s.named(); w != "" {
		s.fact(f, "locked-document", w)
	}
}

// officePasswords are those that the mail names, at most maxTried: each costs a hundred thousand hashes.
func (s *session) officePasswords() []string {
	var out []string
	for _, p := range s.candidates() {
		if len(out) < maxTried {
			out = append(out, p.value)
		}
	}
	return out
}

// decrypted opens what was inside: 8 octets of length, then the encrypted zip.
func (s *session) decrypted(f *file, c *compound, decrypt func([]byte) []byte) {
	b := c.readPath("EncryptedPackage", s.lim.File)
	if len(b) < 8 || !s.take(f, int64(len(b))) {
		return
	}
	f.sealed = true
	size := binary.LittleEndian.Uint64(b)
	out := decrypt(b[8 : 8+(len(b)-8)&^15])
	s.child(f, lastName(f.Name), out[:min(size, uint64(len(out)))])
}

func utf16Octets(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// spin hashes salt and password, then n rounds of number and hash.
func spin(h hash.Hash, salt []byte, password string, n int) []byte {
	h.Write(salt)
	h.Write(utf16Octets(password))
	sum := h.Sum(nil)
	var round [4]byte
	for i := range n {
		binary.LittleEndian.PutUint32(round[:], uint32(i))
		h.Reset()
		h.Write(round[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum
}

// standardCipher is the encryption of Office 2007 ([MS-OFFCRYPTO] section 2.3.4.5): AES in ECB mode, 50,000 rounds of SHA-1. It is nil
// when the password does not fit.
func standardCipher(info []byte, password string) func([]byte) []byte {
	le := binary.LittleEndian
	if len(info) < 12 {
		return nil
	}
	size := uint64(le.Uint32(info[8:]))
	if size < 32 || 12+size > uint64(len(info)) {
		return nil
	}
	header, verifier := info[12:12+size], info[12+size:]
	bits := le.Uint32(header[16:])
	if bits == 0 {
		bits = 128
	}
	if len(verifier) < 4+16+16+4+32 || bits != 128 && bits != 192 && bits != 256 {
		return nil
	}
	sum := spin(sha1.New(), verifier[4:20], password, 50_000)
	last := sha1.Sum(append(sum, 0, 0, 0, 0))
	var key []byte
	for _, pad := range [...]byte{0x36, 0x5C} {
		block := bytes.Repeat([]byte{pad}, 64)
		for i, x := range last {
			block[i] ^= x
		}
		x := sha1.Sum(block)
		key = append(key, x[:]...)
	}
	aesKey, err := aes.NewCipher(key[:bits/8])
	if err != nil {
		return nil
	}
	decrypt := func(b []byte) []byte {
		out := make([]byte, len(b)&^15)
		for i := 0; i < len(out); i += 16 {
			aesKey.Decrypt(out[i:], b[i:i+16])
		}
		return out
	}
	want := sha1.Sum(decrypt(verifier[20:36]))
	if !bytes.Equal(decrypt(verifier[40:72])[:20], want[:]) {
		return nil
	}
	return decrypt
}

// blocks of [MS-OFFCRYPTO] section 2.3.4.11 to 2.3.4.13: what a key is for.
var (
	forInput = []byte{0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79}
	forHash  = []byte{0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E}
	forKey   = []byte{0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6}
)

// agileCipher is the encryption since Office 2010 ([MS-OFFCRYPTO] section 2.3.4.10), described in XML: AES in CBC mode, 4096 octets a
// segment. It is nil when the password does not fit, or when the description asks for more rounds than anybody should.
func agileCipher(info []byte, password string) func([]byte) []byte {
	data, key := xmlAttrs(info[8:], "keyData"), xmlAttrs(info[8:], "encryptedKey")
	spins, err := strconv.Atoi(key("spinCount"))
	if err != nil || spins < 0 || spins > maxSpins {
		return nil
	}
	newHash, dataHash := hashNamed(key("hashAlgorithm")), hashNamed(data("hashAlgorithm"))
	bits, err := strconv.Atoi(key("keyBits"))
	if err != nil || newHash == nil || dataHash == nil || bits != 128 && bits != 192 && bits != 256 {
		return nil
	}
	salt, dataSalt := decode64(key("saltValue")), decode64(data("saltValue"))
	base := spin(newHash(), salt, password, spins)
	open := func(block []byte, value string) []byte {
		h := newHash()
		h.Write(base)
		h.Write(block)
		return cbc(fitKey(h.Sum(nil), bits/8), fitKey(salt, 16), decode64(value))
	}
	h := newHash()
	h.Write(open(forInput, key("encryptedVerifierHashInput")))
	want := h.Sum(nil)
	if got := open(forHash, key("encryptedVerifierHashValue")); len(got) < len(want) || !bytes.Equal(got[:len(want)], want) {
		return nil
	}
	secret := open(forKey, key("encryptedKeyValue"))
	if len(secret) < bits/8 {
		return nil
	}
	return func(b []byte) []byte {
		out := make([]byte, 0, len(b))
		for i := 0; len(b) > 0; i++ {
			n := min(4096, len(b))
			h := dataHash()
			h.Write(dataSalt)
			h.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24)})
			out = append(out, cbc(secret[:bits/8], fitKey(h.Sum(nil), 16), b[:n])...)
			b = b[n:]
		}
		return out
	}
}

func hashNamed(name string) func() hash.Hash {
	switch name {
	case "SHA1", "SHA-1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA384":
		return sha512.New384
	case "SHA512":
		return sha512.New
	}
	return nil
}

// fitKey cuts b to n octets or fills it up as the specification says.
func fitKey(b []byte, n int) []byte {
	out := bytes.Repeat([]byte{0x36}, n)
	copy(out, b)
	return out
}

func cbc(key, iv, b []byte) []byte {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(b)&^15)
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(out, b[:len(out)])
	return out
}

func decode64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b[:min(len(b), 4096)]
}
