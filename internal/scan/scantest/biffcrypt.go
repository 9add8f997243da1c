package scantest

import (
	"bytes"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
)

// LockXLS makes an old workbook of records and encrypts it with RC4 as CryptoAPI does ([MS-OFFCRYPTO] section 2.3.5). The first record must be
// the BOF; the FILEPASS record is put behind it.
func LockXLS(password string, records ...[]byte) []byte {
	le := binary.LittleEndian
	salt := bytes.Repeat([]byte{4}, 16)
	first := sha1.Sum(append(bytes.Clone(salt), UTF16(password)...))
	crypt := func(block int, b []byte) []byte {
		x := sha1.Sum(le.AppendUint32(bytes.Clone(first[:]), uint32(block)))
		c, err := rc4.NewCipher(x[:16])
		if err != nil {
			panic(err)
		}
		out := make([]byte, len(b))
		c.XORKeyStream(out, b)
		return out
	}
	verifier := bytes.Repeat([]byte{6}, 16)
	hash := sha1.Sum(verifier)
	sealed := crypt(0, append(bytes.Clone(verifier), hash[:]...))
	header := make([]byte, 34)
	le.PutUint32(header[16:], 128)
	pass := []byte{1, 0, 4, 0, 2, 0, 4, 0, 0, 0}
	pass = le.AppendUint32(pass, uint32(len(header)))
	pass = append(pass, header...)
	pass = append(le.AppendUint32(pass, 16), salt...)
	pass = append(pass, sealed[:16]...)
	pass = append(le.AppendUint32(pass, 20), sealed[16:]...)
	all := append([][]byte{records[0], Record(0x002F, pass...)}, records[1:]...)
	plain := bytes.Join(all, nil)
	locked := bytes.Clone(plain)
	var blocks [][]byte
	for i := 0; i*1024 < len(plain); i++ {
		blocks = append(blocks, crypt(i, make([]byte, 1024)))
	}
	for at := 0; at+4 <= len(plain); {
		kind, end := le.Uint16(plain[at:]), at+4+int(le.Uint16(plain[at+2:]))
		from := at + 4
		if kind == 0x0085 {
			from += 4
		}
		for i := from; i < end && kind != 0x0809 && kind != 0x002F; i++ {
			locked[i] ^= blocks[i/1024][i%1024]
		}
		at = end
	}
	return OLE(Stream{Path: "Workbook", Data: locked})
}
