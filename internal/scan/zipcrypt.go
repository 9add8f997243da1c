package scan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"hash/crc32"
	"strconv"
)

// zipLock opens the encrypted files of one archive with passwords that the message names.
type zipLock struct {
	*session
	f        *file
	entries  []zipEntry
	tried    bool
	fitting  string
	found    bool
	seen     bool   // something is encrypted
	kind     string // of the encryption
	unlocked int
}

// open decrypts and unpacks one entry. false when no password fits, which report tells.
func (l *zipLock) open(e *zipEntry) ([]byte, bool) {
	l.seen = true
	scheme := zipScheme(l.f.content, e)
	if scheme == nil {
		l.kind = "an encryption that is not known"
		return nil, false
	}
	l.kind = scheme.name()
	if !l.tried {
		l.tried = true
		l.search()
	}
	if !l.found {
		return nil, false
	}
	content, ok := l.try(e, l.fitting)
	if ok {
		l.unlocked++
	}
	return content, ok
}

// search looks for the password that opens the smallest entry.
func (l *zipLock) search() {
	var best *zipEntry
	for i := range l.entries {
		e := &l.entries[i]
		if e.encrypted() && !e.folder() && zipScheme(l.f.content, e) != nil && (best == nil || e.packed < best.packed) {
			best = e
		}
	}
	if best == nil {
		return
	}
	for _, p := range l.candidates() {
		if l.over() {
			return
		}
		left := l.bytes
		_, ok := l.try(best, p.value)
		l.bytes = left // what was only tried is thrown away
		if ok {
			l.fitting, l.found = p.value, true
			return
		}
	}
}

// try opens e with a password: the check octets of the scheme first, then the checksum of what comes out.
func (l *zipLock) try(e *zipEntry, password string) ([]byte, bool) {
	packed := l.f.content[e.data : e.data+e.packed]
	scheme := zipScheme(l.f.content, e)
	if scheme == nil || !scheme.fits(password, packed) {
		return nil, false
	}
	if !l.take(l.f, int64(len(packed))) {
		return nil, false
	}
	plain, method, ok := scheme.decrypt(password, packed)
	if !ok {
		return nil, false
	}
	r := l.zipDecoder(method, plain, e)
	if r == nil {
		l.defect("file-not-opened", l.f.way+" > "+zipName(e))
		return nil, false
	}
	content, whole, err := l.unpack(l.f, r)
	if err != nil || !whole || scheme.checked() && !crcFits(content, e.crc) {
		return nil, false
	}
	return content, true
}

// report says what became of the encrypted files.
func (l *zipLock) report() {
	if l.seen {
		l.locked(l.f, l.kind, l.found && l.unlocked > 0)
	}
}

// locked reports an encrypted archive: opened or not, its password in the mail or not.
func (s *session) locked(f *file, kind string, opened bool) {
	s.fact(f, "archive-encrypted", kind)
	mention := s.named()
	switch {
	case opened:
		if mention == "" {
			mention = "a number in it"
		}
		s.fact(f, "locked-archive", "the mail says "+strconv.Quote(mention))
		s.fact(f, "locked-archive-opened", "the mail says "+strconv.Quote(mention))
		return
	case mention != "":
		s.fact(f, "locked-archive", "the mail says "+strconv.Quote(mention))
		s.fact(f, "archive-password-wrong", "the mail says "+strconv.Quote(mention))
	}
	s.defect("file-encrypted", f.way)
}

// encryption is one way to encrypt an entry.
type encryption interface {
	name() string
	fits(password string, packed []byte) bool // quick; may be wrong in one of 256
	decrypt(password string, packed []byte) (plain []byte, method uint16, ok bool)
	checked() bool // the checksum of the entry holds for what comes out
}

// zipScheme finds out how e is encrypted, nil when that is not known.
func zipScheme(b []byte, e *zipEntry) encryption {
	switch {
	case e.method == zipAES:
		x := zipExtra(e.extra, 0x9901)
		if x == nil && e.at+30 <= int64(len(b)) {
			p := int(e.at)
			from := min(p+30+int(le16(b, p+26)), len(b))
			x = zipExtra(b[from:max(from, min(int(e.data), len(b)))], 0x9901)
		}
		if len(x) < 7 || x[4] < 1 || x[4] > 3 {
			return nil
		}
		return winzip{strength: int(x[4]), method: le16(x, 5), version: le16(x, 0)}
	case e.flags&0x40 != 0: // PKWARE's strong encryption
		return nil
	}
	check := byte(e.crc >> 24)
	if e.flags&8 != 0 {
		check = byte(e.time >> 8)
	}
	return zipCrypto{check: check, other: byte(e.crc >> 24), method: e.method}
}

// zipCrypto is the traditional encryption (APPNOTE 6.1).
type zipCrypto struct {
	check, other byte
	method       uint16
}

func (z zipCrypto) name() string  { return "ZipCrypto" }
func (z zipCrypto) checked() bool { return true }

type zipKeys [3]uint32

func newZipKeys(password string) zipKeys {
	k := zipKeys{0x12345678, 0x23456789, 0x34567890}
	for i := 0; i < len(password); i++ {
		k.update(password[i])
	}
	return k
}

func (k *zipKeys) update(c byte) {
	k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
	k[1] = (k[1]+k[0]&0xFF)*134775813 + 1
	k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
}

func (k *zipKeys) decrypt(to, from []byte) {
	for i, c := range from {
		t := k[2]&0xFFFF | 2
		c ^= byte(t * (t ^ 1) >> 8)
		k.update(c)
		to[i] = c
	}
}

func (z zipCrypto) fits(password string, packed []byte) bool {
	if len(packed) < 12 {
		return false
	}
	k := newZipKeys(password)
	var head [12]byte
	k.decrypt(head[:], packed[:12])
	return head[11] == z.check || head[11] == z.other
}

func (z zipCrypto) decrypt(password string, packed []byte) ([]byte, uint16, bool) {
	k := newZipKeys(password)
	plain := make([]byte, len(packed))
	k.decrypt(plain, packed)
	return plain[12:], z.method, true
}

// winzip is the AES encryption of WinZip (AE-1, AE-2), which APPNOTE 7 refers to: salt, two octets to check the password, AES in counter
// mode with a counter that starts at one, and the first ten octets of an HMAC-SHA1. Keys by PBKDF2 with 1,000 rounds.
type winzip struct {
	strength        int // 1 to 3: 128, 192, 256 bits
	method, version uint16
}

func (w winzip) name() string  { return "AES" }
func (w winzip) checked() bool { return w.version == 1 } // AE-2 leaves the checksum out; the HMAC speaks for both

func (w winzip) keys(password string, packed []byte) (salt int, keys []byte) {
	salt, size := 4+4*w.strength, 8+8*w.strength
	if len(packed) < salt+2+10 {
		return 0, nil
	}
	keys, err := pbkdf2.Key(sha1.New, password, packed[:salt], 1000, 2*size+2)
	if err != nil {
		return 0, nil
	}
	return salt, keys
}

func (w winzip) fits(password string, packed []byte) bool {
	salt, keys := w.keys(password, packed)
	return keys != nil && bytes.Equal(keys[len(keys)-2:], packed[salt:salt+2])
}

func (w winzip) decrypt(password string, packed []byte) ([]byte, uint16, bool) {
	salt, keys := w.keys(password, packed)
	if keys == nil {
		return nil, 0, false
	}
	size := (len(keys) - 2) / 2
	data, mac := packed[salt+2:len(packed)-10], packed[len(packed)-10:]
	h := hmac.New(sha1.New, keys[size:2*size])
	h.Write(data)
	if subtle.ConstantTimeCompare(h.Sum(nil)[:10], mac) != 1 {
		return nil, 0, false
	}
	block, err := aes.NewCipher(keys[:size])
	if err != nil {
		return nil, 0, false
	}
	return littleCounter(block, data), w.method, true
}

// littleCounter is AES in counter mode with a little-endian counter from one, which crypto/cipher has not.
func littleCounter(block cipher.Block, data []byte) []byte {
	out := make([]byte, len(data))
	var counter, pad [aes.BlockSize]byte
	for n, at := uint64(1), 0; at < len(data); n++ {
		putLE64(counter[:], n)
		block.Encrypt(pad[:], counter[:])
		at += subtle.XORBytes(out[at:], data[at:min(len(data), at+aes.BlockSize)], pad[:])
	}
	return out
}
