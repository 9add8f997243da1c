package scan

import (
	"crypto/aes"
	"crypto/cipher"
	"hash/crc32"
	"unicode/utf16"
)

// list4 reads the headers of RAR 1.5 to 4. When they are encrypted, each has its own salt, and its checksum tells the password.
func (a *rarArchive) list4(b []byte) ([]rarFile, error) {
	var files []rarFile
	locked := false
	for len(b) >= 7 && len(files) <= a.lim.Files && !a.over() {
		head, skip := b, 0
		if locked {
			if head, skip = a.header4(b); head == nil {
				if len(files) == 0 {
					return nil, errRarLocked
				}
				return files, errRar
			}
			a.opened = true
		}
		kind, flags, size := head[2], le16(head, 3), int(le16(head, 5))
		if size < 7 || size > len(head) {
			return files, errRar
		}
		block := head[:size]
		rest := b[min(len(b), max(skip, size)):]
		if !locked {
			rest = b[size:]
		}
		data := 0
		if flags&0x8000 != 0 && size >= 11 {
			data = int(min(uint64(le32(block, 7)), uint64(len(rest))))
		}
		switch kind {
		case 0x73:
			locked = flags&0x80 != 0
			a.locked, a.hidden = a.locked || locked, locked
		case 0x74:
			if f, ok := rarFile4(block, flags); ok {
				f.packed = rest[:data]
				files = append(files, f)
			}
		case 0x7B:
			return files, nil
		}
		b = rest[data:]
	}
	return files, nil
}

// rarFile4 reads a file header.
func rarFile4(b []byte, flags uint16) (rarFile, bool) {
	if len(b) < 32 {
		return rarFile{}, false
	}
	f := rarFile{
		size: int64(le32(b, 11)), crc: le32(b, 16), summed: true, version: int(b[24]) + 100, stored: b[25] == 0x30,
		split: flags&3 != 0, solid: flags&0x10 != 0, folder: flags&0xE0 == 0xE0,
	}
	n, at := int(le16(b, 26)), 32
	if flags&0x100 != 0 {
		if len(b) < 40 {
			return f, false
		}
		f.size |= int64(le32(b, 36)) << 32
		at = 40
	}
	if at+n > len(b) {
		return f, false
	}
	f.name = rarName4(b[at:at+n], flags&0x200 != 0)
	if flags&4 != 0 {
		f.lock = &rarLock{}
		if at += n; flags&0x400 != 0 && at+8 <= len(b) {
			f.lock.salt4 = b[at : at+8]
		}
	}
	return f, true
}

// rarName4 reads a name. Behind a NUL stand instructions that make the Unicode name from the plain one.
func rarName4(b []byte, wide bool) string {
	plain := b
	for i, c := range b {
		if c == 0 {
			plain = b[:i]
			break
		}
	}
	if !wide || len(plain) == len(b) {
		return string(plain)
	}
	in := b[len(plain)+1:]
	if len(in) < 2 {
		return string(plain)
	}
	high, in := uint16(in[0])<<8, in[1:]
	var out []uint16
	var flags byte
	for left := 0; len(in) > 0 && len(out) < len(plain)+1; left-- {
		if left == 0 {
			flags, in, left = in[0], in[1:], 4
			if len(in) == 0 {
				break
			}
		}
		switch flags >> 6 {
		case 0:
			out, in = append(out, uint16(in[0])), in[1:]
		case 1:
			out, in = append(out, uint16(in[0])|high), in[1:]
		case 2:
			if len(in) < 2 {
				return string(plain)
			}
			out, in = append(out, le16(in, 0)), in[2:]
		case 3:
			n, add, or := int(in[0]&0x7F)+2, byte(0), uint16(0)
			if in[0]&0x80 != 0 && len(in) > 1 {
				add, or, in = in[1], high, in[1:]
			}
			in = in[1:]
			for ; n > 0 && len(out) < len(plain); n-- {
				out = append(out, uint16(plain[len(out)]+add)|or)
			}
		}
		flags <<= 2
	}
	return string(utf16.Decode(out))
}

// header4 decrypts the header at the start of b, and says how much of b it takes up. Nil when no password fits.
func (a *rarArchive) header4(b []byte) (head []byte, used int) {
	const salt = 8
	if len(b) < salt+aes.BlockSize {
		return nil, 0
	}
	if a.found {
		return a.header4With(b, a.password)
	}
	for _, p := range a.candidates() {
		if a.over() {
			return nil, 0
		}
		if head, used = a.header4With(b, p.value); head != nil {
			a.password, a.found = p.value, true
			return head, used
		}
	}
	return nil, 0
}

func (a *rarArchive) header4With(b []byte, password string) (head []byte, used int) {
	const salt, one = 8, aes.BlockSize
	keys := a.keysOf(&rarLock{salt4: b[:salt]}, password)
	if keys == nil {
		return nil, 0
	}
	block, err := aes.NewCipher(keys.key)
	if err != nil {
		return nil, 0
	}
	mode := cipher.NewCBCDecrypter(block, keys.iv)
	first := make([]byte, one)
	mode.CryptBlocks(first, b[salt:salt+one])
	size := int(le16(first, 5))
	full := (size + one - 1) / one * one
	if size < 7 || salt+full > len(b) {
		return nil, 0
	}
	head = make([]byte, max(full, one))
	copy(head, first)
	if full > one {
		mode.CryptBlocks(head[one:], b[salt+one:salt+full])
	}
	if uint16(crc32.ChecksumIEEE(head[2:size])) != le16(head, 0) {
		return nil, 0
	}
	return head, salt + full
}
