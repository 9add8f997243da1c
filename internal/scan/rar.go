package scan

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
)

// RAR archives (RAR 5.0 archive format; technote.txt of RAR 4). Headers and the compression of RAR 5 are read here: the library runs the
// programs that RAR 3 archives may bring along, for as long as they like, and puts up with filters that take minutes. Of RAR 4
// archives names are read, and files that are stored; what is compressed is said not to be opened.
const rarSignature = "Rar!\x1A\x07"

var (
	errRar        = errors.New("not a RAR header")
	errRarMethod  = errors.New("a method that is not known")
	errRarLocked  = errors.New("encrypted")
	errRarData    = errors.New("broken data")
	errRarTooMuch = errors.New("more than is unpacked")
)

// rarFile is one file of an archive.
type rarFile struct {
	name    string
	folder  bool
	split   bool // goes on in another volume
	solid   bool // needs what was unpacked before
	stored  bool
	version int // of the compression: 5 is known
	size    int64
	crc     uint32
	summed  bool
	packed  []byte
	lock    *rarLock
}

// rarLock is how a file or the headers are encrypted (RAR 5).
type rarLock struct {
	rounds int // power of two
	salt   []byte
	iv     []byte
	check  []byte // of the password, nil when there is none
	mac    bool   // the checksum is keyed
	salt4  []byte // RAR 4
}

// rarArchive is one archive while it is read.
type rarArchive struct {
	*session
	f        *file
	password string
	found    bool // the password fits
	hopeless bool // none does
	keys     map[string]*rarKeys
	unpacker rarUnpacker
	locked   bool // something is encrypted
	hidden   bool // the names are
	opened   bool
}

// openRar reads a RAR archive.
func openRar(s *session, f *file) {
	i := bytes.Index(f.content[:min(len(f.content), 1<<20)], []byte(rarSignature))
	if i < 0 || i+8 > len(f.content) {
		s.defect("file-broken-archive", f.way)
		return
	}
	a := &rarArchive{session: s, f: f, keys: map[string]*rarKeys{}}
	var files []rarFile
	var err error
	if rest := f.content[i+7:]; f.content[i+6] == 0 {
		files, err = a.list4(rest)
	} else {
		files, err = a.list5(rest[1:])
	}
	switch {
	case err == errRarLocked:
		s.locked(f, "RAR, names too", false)
		return
	case err != nil:
		s.defect("file-broken-archive", f.way)
	}
	if len(files) > s.lim.Files {
		s.defect("file-limit-files", f.way)
	}
	var v inventory
	for i := range files {
		if s.over() {
			break
		}
		a.file(&files[i], &v)
	}
	if a.locked {
		v.locked = true
		s.locked(f, "RAR", a.opened)
	}
	s.takeStock(f, "archive", &v)
}

// file takes in one file.
func (a *rarArchive) file(r *rarFile, v *inventory) {
	if odd := nameTricks(r.name); odd != "" {
		a.fact(a.f, "archive-name-trick", quoted(r.name)+": "+odd)
	}
	if r.folder {
		return
	}
	name := baseName(r.name)
	content, err := a.content(r)
	if r.lock != nil {
		a.locked = true
		v.locked = true
		a.opened = a.opened || err == nil
		a.f.sealed = a.f.sealed || a.opened
	}
	switch {
	case err == nil:
		v.add(name, extension(name), a.child(a.f, name, content))
		return
	case r.lock != nil:
	case errors.Is(err, errRarMethod):
		a.fact(a.f, "file-not-opened", "compressed by an old version of RAR")
		a.defect("file-not-opened", a.f.way+" > "+name)
	case errors.Is(err, errRarTooMuch):
	default:
		a.defect("file-broken-archive", a.f.way+" > "+name)
	}
	a.listed(a.f, name, r.size)
	v.add(name, extension(name), "")
}

// content decrypts and unpacks a file.
func (a *rarArchive) content(r *rarFile) ([]byte, error) {
	if r.split {
		return nil, errRarMethod
	}
	if r.lock == nil {
		return a.unpacked(r, r.packed, nil)
	}
	if a.found {
		return a.decrypted(r, a.password)
	}
	if a.hopeless { // each file has keys of its own, which take long
		return nil, errRarLocked
	}
	for _, p := range a.candidates() {
		if a.over() {
			break
		}
		left := a.bytes
		if content, err := a.decrypted(r, p.value); err == nil {
			a.password, a.found = p.value, true
			return content, nil
		}
		a.bytes = left
	}
	a.hopeless = true
	return nil, errRarLocked
}

func (a *rarArchive) decrypted(r *rarFile, password string) ([]byte, error) {
	keys := a.keysOf(r.lock, password)
	if keys == nil {
		return nil, errRarLocked
	}
	if !a.take(a.f, int64(len(r.packed))) {
		return nil, errRarTooMuch
	}
	block, err := aes.NewCipher(keys.key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(r.packed)/aes.BlockSize*aes.BlockSize)
	iv := r.lock.iv
	if keys.iv != nil {
		iv = keys.iv
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, r.packed[:len(plain)])
	return a.unpacked(r, plain, keys)
}

// unpacked unpacks the octets of a file and holds them against its checksum.
func (a *rarArchive) unpacked(r *rarFile, packed []byte, keys *rarKeys) ([]byte, error) {
	if r.size < 0 || r.size > a.lim.File || r.size > a.bytes {
		a.defect("file-limit-bytes", a.f.way+" > "+baseName(r.name))
		return nil, errRarTooMuch
	}
	var content []byte
	switch {
	case r.stored:
		if int64(len(packed)) < r.size {
			return nil, errRarData
		}
		content = packed[:r.size]
	case r.version == 5:
		if !a.take(a.f, r.size) {
			return nil, errRarTooMuch
		}
		var err error
		if content, err = a.unpacker.file(packed, int(r.size), r.solid, int(a.lim.File), a.over); err != nil {
			return nil, err
		}
	default:
		return nil, errRarMethod
	}
	if r.summed {
		sum := crc32.ChecksumIEEE(content)
		if r.lock != nil && r.lock.mac && keys != nil {
			sum = keys.keyed(sum)
		}
		if sum != r.crc {
			return nil, errRarData
		}
	}
	return content, nil
}

// rarHeader is one header of RAR 5.
type rarHeader struct {
	kind, flags uint64
	body, extra []byte
	data        []byte
}

// vint reads a number of variable length; the octets behind it, nil at the end.
func vint(b []byte) (uint64, []byte) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil
	}
	return v, b[n:]
}

// header5 reads the header at the start of b, and returns what follows it and its data.
func header5(b []byte) (h rarHeader, next []byte, err error) {
	if len(b) < 7 {
		return h, nil, errRar
	}
	crc := le32(b, 0)
	size, rest := vint(b[4:min(len(b), 8)])
	at := len(b[4:min(len(b), 8)]) - len(rest) + 4
	if rest == nil && at > 8 || size == 0 || size > 2<<20 || size > uint64(len(b)-at) {
		return h, nil, errRar
	}
	body := b[at : at+int(size)]
	if crc32.ChecksumIEEE(b[4:at+int(size)]) != crc {
		return h, nil, errRar
	}
	next = b[at+int(size):]
	h.kind, body = vint(body)
	h.flags, body = vint(body)
	var extra uint64
	if h.flags&1 != 0 {
		extra, body = vint(body)
	}
	if h.flags&2 != 0 {
		var n uint64
		n, body = vint(body)
		n = min(n, uint64(len(next)))
		h.data, next = next[:n], next[n:]
	}
	if extra > uint64(len(body)) {
		return h, nil, errRar
	}
	h.extra = body[uint64(len(body))-extra:]
	h.body = body[:uint64(len(body))-extra]
	return h, next, nil
}

// list5 reads the headers of RAR 5.
func (a *rarArchive) list5(b []byte) ([]rarFile, error) {
	var files []rarFile
	var block cipher.Block
	for len(b) >= 7 && len(files) <= a.lim.Files && !a.over() {
		var h rarHeader
		var err error
		if block == nil {
			h, b, err = header5(b)
		} else {
			h, b, err = lockedHeader5(b, block)
		}
		if err != nil {
			return files, err
		}
		switch h.kind {
		case 2:
			if f, ok := rarFile5(&h); ok {
				files = append(files, f)
			}
		case 4:
			a.hidden, a.locked = true, true
			if block = a.headerKey5(h.body); block == nil {
				return nil, errRarLocked
			}
			a.opened = true
		case 5:
			return files, nil
		}
	}
	return files, nil
}

// lockedHeader5 decrypts one header: an initialisation vector, then the header up to a full block.
func lockedHeader5(b []byte, block cipher.Block) (rarHeader, []byte, error) {
	const one = aes.BlockSize
	if len(b) < 2*one {
		return rarHeader{}, nil, errRar
	}
	mode := cipher.NewCBCDecrypter(block, b[:one])
	head := make([]byte, one)
	mode.CryptBlocks(head, b[one:2*one])
	size, rest := vint(head[4:8])
	n := 8 - len(rest) + int(min(size, 2<<20))
	n = (n + one - 1) / one * one
	if rest == nil || n > len(b)-one {
		return rarHeader{}, nil, errRar
	}
	plain := make([]byte, n)
	copy(plain, head)
	mode.CryptBlocks(plain[one:], b[2*one:one+n])
	b = b[one+n:]
	h, left, err := header5(plain)
	if err != nil && h.data == nil && h.kind == 0 {
		return h, nil, err
	}
	_ = left // padding
	if h.flags&2 != 0 {
		size := dataSize5(plain)
		size = min(size, uint64(len(b)))
		h.data, b = b[:size], b[size:]
	}
	return h, b, err
}

// dataSize5 reads how much data follows a header.
func dataSize5(plain []byte) uint64 {
	_, b := vint(plain[4:])
	_, b = vint(b)
	flags, b := vint(b)
	if flags&1 != 0 {
		_, b = vint(b)
	}
	n, _ := vint(b)
	return n
}

// headerKey5 finds the password that opens the headers.
func (a *rarArchive) headerKey5(b []byte) cipher.Block {
	lock := lock5(b, false)
	if lock == nil {
		return nil
	}
	for _, p := range a.candidates() {
		if a.over() {
			return nil
		}
		if keys := a.keysOf(lock, p.value); keys != nil && lock.check != nil {
			a.password, a.found = p.value, true
			block, _ := aes.NewCipher(keys.key)
			return block
		}
	}
	return nil
}

// lock5 reads an encryption record; that of a file has an initialisation vector.
func lock5(b []byte, file bool) *rarLock {
	version, b := vint(b)
	flags, b := vint(b)
	n := 17
	if file {
		n += 16
	}
	if version != 0 || len(b) < n {
		return nil
	}
	l := &rarLock{rounds: int(b[0]), salt: b[1:17], mac: file && flags&2 != 0}
	if file {
		l.iv = b[17:33]
	}
	if flags&1 != 0 && len(b) >= n+12 {
		l.check = b[n : n+8]
	}
	return l
}

// rarFile5 reads a file header.
func rarFile5(h *rarHeader) (rarFile, bool) {
	f := rarFile{version: 5, split: h.flags&0x18 != 0, packed: h.data}
	flags, b := vint(h.body)
	size, b := vint(b)
	_, b = vint(b) // attributes
	if flags&2 != 0 && len(b) >= 4 {
		b = b[4:]
	}
	if flags&4 != 0 && len(b) >= 4 {
		f.crc, f.summed = le32(b, 0), true
		b = b[4:]
	}
	method, b := vint(b)
	_, b = vint(b) // system
	n, b := vint(b)
	if b == nil && n > 0 || n > uint64(len(b)) {
		return f, false
	}
	f.name = string(b[:n])
	f.folder = flags&1 != 0
	f.size = int64(min(size, 1<<62))
	if flags&8 != 0 { // not known
		f.size = -1
	}
	f.solid = method&0x40 != 0
	f.stored = method>>7&7 == 0
	if method&0x3F != 0 {
		f.version = 7
	}
	for extra := h.extra; len(extra) > 0; {
		size, rest := vint(extra)
		if rest == nil || size > uint64(len(rest)) {
			break
		}
		kind, body := vint(rest[:size])
		if kind == 1 {
			f.lock = lock5(body, true)
			if f.lock == nil {
				f.lock = &rarLock{rounds: 99}
			}
		}
		extra = rest[size:]
	}
	return f, true
}

func quoted(name string) string {
	return `"` + strings.ToValidUTF8(name[:min(len(name), 100)], "") + `"`
}
