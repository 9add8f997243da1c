package scan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
)

// pdfCrypt undoes the standard security handler (ISO 32000-1 section 7.6, ISO 32000-2 section 7.6.4).
type pdfCrypt struct {
	key      []byte
	aes      bool // of strings and streams; else RC4
	version  int
	identity bool // streams are not encrypted
}

var pdfPad = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")

// newPDFCrypt tries a user password ("" opens most). nil when it is not the one, or the method is not known.
func (p *pdf) newPDFCrypt(d pdfDict, id []byte, password string) *pdfCrypt {
	if name, _ := p.resolve(d["Filter"]).(pdfName); name != "Standard" {
		return nil
	}
	c := &pdfCrypt{version: int(p.number(d["V"], 0))}
	revision := int(p.number(d["R"], 0))
	length := int(p.number(d["Length"], 40)) / 8
	if c.version == 1 {
		length = 5
	}
	if c.version >= 4 {
		filters, _ := p.resolve(d["CF"]).(pdfDict)
		name, _ := p.resolve(d["StmF"]).(pdfName)
		filter, _ := p.resolve(filters[name]).(pdfDict)
		switch method, _ := p.resolve(filter["CFM"]).(pdfName); method {
		case "V2":
		case "AESV2", "AESV3":
			c.aes = true
		default:
			c.identity = true
		}
		length = 16
	}
	if length < 5 || length > 16 {
		length = 16
	}
	owner, user := p.octets(d["O"]), p.octets(d["U"])
	if c.version >= 5 {
		c.key = modernKey(revision, user, p.octets(d["UE"]), password)
		if c.key == nil {
			return nil
		}
		return c
	}
	plain := p.resolve(d["EncryptMetadata"]) == false
	c.key = oldKey(revision, length, owner, int32(int64(p.number(d["P"], 0))), id, plain, password)
	if !c.fits(revision, user, id) {
		return nil
	}
	return c
}

// octets is a string value.
func (p *pdf) octets(v any) []byte {
	s, _ := p.resolve(v).(pdfString)
	return []byte(s)
}

// oldKey is algorithm 2.
func oldKey(revision, length int, owner []byte, permissions int32, id []byte, plain bool, password string) []byte {
	h := md5.New()
	h.Write(append([]byte(password), pdfPad...)[:32])
	h.Write(owner[:min(len(owner), 32)])
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(permissions)))
	h.Write(id)
	if revision >= 4 && plain {
		h.Write([]byte{0xFF, 0xFF, 0xFF, 0xFF})
	}
	key := h.Sum(nil)
	if revision >= 3 {
		for range 50 {
			sum := md5.Sum(key[:length])
			key = sum[:]
		}
	}
	return key[:length]
}

// fits compares with /U (algorithms 4 and 5).
func (c *pdfCrypt) fits(revision int, user, id []byte) bool {
	if revision < 3 {
		return bytes.Equal(rc4Once(c.key, pdfPad), user[:min(len(user), 32)])
	}
	sum := md5.Sum(append(bytes.Clone(pdfPad), id...))
	out := rc4Once(c.key, sum[:])
	for i := byte(1); i <= 19; i++ {
		key := bytes.Clone(c.key)
		for j := range key {
			key[j] ^= i
		}
		out = rc4Once(key, out)
	}
	return len(user) >= 16 && bytes.Equal(out[:16], user[:16])
}

func rc4Once(key, in []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(in))
	c.XORKeyStream(out, in)
	return out
}

// modernKey is algorithm 2.A for the user password: AES-256, revisions 5 and 6.
func modernKey(revision int, user, wrapped []byte, password string) []byte {
	if len(user) < 48 || len(wrapped) < 32 {
		return nil
	}
	check, salt := user[32:40], user[40:48]
	if !bytes.Equal(modernHash(revision, password, check), user[:32]) {
		return nil
	}
	block, err := aes.NewCipher(modernHash(revision, password, salt))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(key, wrapped[:32])
	return key
}

// modernHash is algorithm 2.B; revision 5 stops after the first step.
func modernHash(revision int, password string, salt []byte) []byte {
	first := sha256.Sum256(append([]byte(password), salt...))
	k := first[:]
	if revision < 6 {
		return k
	}
	for round := 0; ; round++ {
		in := bytes.Repeat(append([]byte(password), k...), 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(in, in)
		mod := 0
		for _, b := range in[:16] {
			mod += int(b)
		}
		switch mod % 3 {
		case 0:
			sum := sha256.Sum256(in)
			k = sum[:]
		case 1:
			sum := sha512.Sum384(in)
			k = sum[:]
		default:
			sum := sha512.Sum512(in)
			k = sum[:]
		}
		if round >= 63 && int(in[len(in)-1]) <= round-31 || round > 400 {
			return k[:32]
		}
	}
}

// undo decrypts a string or stream of object num, gen (algorithm 1).
func (c *pdfCrypt) undo(num, gen int, in []byte) []byte {
	if c == nil || c.identity || len(in) == 0 {
		return in
	}
	key := c.key
	if c.version < 5 {
		b := append(bytes.Clone(c.key), byte(num), byte(num>>8), byte(num>>16), byte(gen), byte(gen>>8))
		if c.aes {
			b = append(b, "sAlT"...)
		}
		sum := md5.Sum(b)
		key = sum[:min(16, len(c.key)+5)]
	}
	if !c.aes {
		return rc4Once(key, in)
	}
	if len(in) < 32 || len(in)%16 != 0 {
		in = in[:len(in)/16*16]
		if len(in) < 32 {
			return nil
		}
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(in)-16)
	cipher.NewCBCDecrypter(block, in[:16]).CryptBlocks(out, in[16:])
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= 16 {
		out = out[:len(out)-pad]
	}
	return out
}

// undoAll decrypts the strings in a value.
func (c *pdfCrypt) undoAll(num, gen int, v any) any {
	if c == nil {
		return v
	}
	switch v := v.(type) {
	case pdfString:
		return pdfString(c.undo(num, gen, []byte(v)))
	case pdfArray:
		for i := range v {
			v[i] = c.undoAll(num, gen, v[i])
		}
	case pdfDict:
		for k := range v {
			v[k] = c.undoAll(num, gen, v[k])
		}
	}
	return v
}
