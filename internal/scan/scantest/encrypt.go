package scantest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// Encrypt locks a document as Office does since 2010 ([MS-OFFCRYPTO] section 2.3.4.10), with few rounds so that tests are quick.
func Encrypt(document []byte, password string, spins int) []byte {
	le := binary.LittleEndian
	salt, dataSalt, secret := bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte{9}, 16), bytes.Repeat([]byte{3}, 32)
	sum := func(parts ...[]byte) []byte {
		x := sha512.Sum512(bytes.Join(parts, nil))
		return x[:]
	}
	seal := func(key, iv, b []byte) []byte {
		for len(b)%16 != 0 {
			b = append(b[:len(b):len(b)], 0)
		}
		c, err := aes.NewCipher(key)
		if err != nil {
			panic(err)
		}
		out := make([]byte, len(b))
		cipher.NewCBCEncrypter(c, iv).CryptBlocks(out, b)
		return out
	}
	base := sum(salt, UTF16(password))
	for i := range spins {
		base = sum(le.AppendUint32(nil, uint32(i)), base)
	}
	value := func(block string, v []byte) string {
		return base64.StdEncoding.EncodeToString(seal(sum(base, []byte(block))[:32], salt, v))
	}
	input := bytes.Repeat([]byte{5}, 16)
	info := append([]byte{4, 0, 4, 0, 0x40, 0, 0, 0}, fmt.Sprintf(`<encryption><keyData saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="%s"/><keyEncryptors><keyEncryptor><p:encryptedKey spinCount="%d" saltSize="16" blockSize="16" keyBits="256" hashSize="64" hashAlgorithm="SHA512" saltValue="%s" encryptedVerifierHashInput="%s" encryptedVerifierHashValue="%s" encryptedKeyValue="%s"/></keyEncryptor></keyEncryptors></encryption>`,
		base64.StdEncoding.EncodeToString(dataSalt), spins, base64.StdEncoding.EncodeToString(salt),
		value("\xFE\xA7\xD2\x76\x3B\x4B\x9E\x79", input), value("\xD7\xAA\x0F\x6D\x30\x61\x34\x4E", sum(input)), value("\x14\x6E\x0B\xE7\xAB\xAC\xD0\xD6", secret))...)
	body := le.AppendUint64(nil, uint64(len(document)))
	for i := 0; len(document) > 0; i++ {
		n := min(4096, len(document))
		body = append(body, seal(secret, sum(dataSalt, le.AppendUint32(nil, uint32(i)))[:16], document[:n])...)
		document = document[n:]
	}
	return OLE(Stream{Path: "EncryptionInfo", Data: info}, Stream{Path: "EncryptedPackage", Data: body})
}
