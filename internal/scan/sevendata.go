package scan

import (
	"bytes"
	"compress/bzip2"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"io"
	"unicode/utf16"

	"github.com/klauspost/compress/flate"
)

// Method ids (Methods.txt of the LZMA SDK).
const (
	sevenCopy    = "\x00"
	sevenLZMA    = "\x03\x01\x01"
	sevenLZMA2   = "\x21"
	sevenDelta   = "\x03"
	sevenX86     = "\x03\x03\x01\x03"
	sevenX86New  = "\x04"
	sevenBCJ2    = "\x03\x03\x01\x1B"
	sevenDeflate = "\x04\x01\x08"
	sevenBzip2   = "\x04\x02\x02"
	sevenZstd    = "\x04\xF7\x11\x01"
	sevenAES     = "\x06\xF1\x07\x01"
)

// maxSevenCycles bounds the rounds of the key, as a power of two. 7-Zip always takes 19.
const maxSevenCycles = 20

var (
	errSevenMethod   = errors.New("a method that is not known")
	errSevenLocked   = errors.New("encrypted")
	errSevenChecksum = errors.New("the checksum does not fit")
)

// sevenArchiveState is one archive while it is opened.
type sevenArchiveState struct {
	*session
	f        *file
	streams  []byte
	password string
	hopeless bool // no password fits
	keys     map[string][]byte
}

// open7z reads a 7z archive.
func open7z(s *session, f *file) {
	header, streams, err := sevenHeaderOf(f.content)
	if err != nil {
		s.defect("file-broken-archive", f.way)
		return
	}
	if len(header) == 0 {
		return
	}
	a := &sevenArchiveState{session: s, f: f, streams: streams, keys: map[string][]byte{}}
	locked, opened := false, false
	for depth := 0; len(header) > 0 && header[0] == sevenEncoded; depth++ { // the header itself is packed, rarely twice
		r := sevenReader{b: header[1:]}
		si := r.streams(1)
		if r.err != nil || len(si.folders) != 1 || depth == 4 {
			s.defect("file-broken-archive", f.way)
			return
		}
		enc := si.folders[0].encrypted()
		locked = locked || enc
		if header, err = a.unlock(&si, 0); err != nil {
			if enc {
				s.locked(f, "7z, names too", false)
				s.defect("file-encrypted", f.way)
			} else {
				s.defect(sevenDefect(err), f.way)
			}
			return
		}
		opened = opened || enc
	}
	if len(header) == 0 || header[0] != sevenHeader {
		s.defect("file-broken-archive", f.way)
		return
	}
	a.contents(header[1:], locked, opened)
}

func sevenDefect(err error) string {
	switch {
	case errors.Is(err, errSevenMethod):
		return "file-not-opened"
	case errors.Is(err, errSevenLimit):
		return "file-limit-bytes"
	}
	return "file-broken-archive"
}

// contents takes in the files that a header names.
func (a *sevenArchiveState) contents(header []byte, locked, opened bool) {
	r := sevenReader{b: header}
	var si sevenStreamInfo
	var files []sevenFile
	for r.err == nil {
		id := r.octet()
		if id == sevenEnd {
			break
		}
		switch id {
		case sevenStreams:
			si = r.streams(a.lim.Files)
		case sevenFiles:
			files = r.files(a.lim.Files)
		default:
			r.fail(errSeven)
		}
	}
	if r.err != nil {
		a.defect(sevenDefect(r.err), a.f.way)
		if len(files) == 0 {
			return
		}
	}
	var v inventory
	next := 0
	for i := range si.folders {
		names := takeNames(files, &next, len(si.folders[i].files))
		enc := si.folders[i].encrypted()
		locked = locked || enc
		content, err := a.unlock(&si, i)
		opened = opened || enc && err == nil
		if err != nil && !enc {
			a.defect(sevenDefect(err), a.f.way)
		}
		v.locked = v.locked || enc
		a.f.sealed = a.f.sealed || opened
		for j, name := range names {
			size := si.folders[i].files[j]
			if err != nil || size > int64(len(content)) {
				a.listed(a.f, name, size)
				v.add(name, extension(name), "")
				continue
			}
			v.add(name, extension(name), a.child(a.f, name, content[:size:size]))
			content = content[size:]
		}
	}
	if locked {
		a.locked(a.f, "7z", opened)
	}
	a.takeStock(a.f, "archive", &v)
}

// takeNames returns the names of the next n files that have octets.
func takeNames(files []sevenFile, next *int, n int) []string {
	var out []string
	for ; *next < len(files) && len(out) < n; *next++ {
		if !files[*next].empty {
			out = append(out, baseName(files[*next].name))
		}
	}
	for len(out) < n {
		out = append(out, "unnamed")
	}
	return out
}

// unlock unpacks a folder; when it is encrypted with the passwords that the message names, the one that fitted first.
func (a *sevenArchiveState) unlock(si *sevenStreamInfo, i int) ([]byte, error) {
	f := &si.folders[i]
	if !f.encrypted() {
		return a.folder(si, f)
	}
	if a.hopeless {
		return nil, errSevenLocked
	}
	if a.password != "" {
		return a.folder(si, f)
	}
	for _, p := range a.candidates() {
		if a.over() {
			break
		}
		a.password = p.value
		left := a.bytes
		if content, err := a.folder(si, f); err == nil {
			return content, nil
		}
		a.bytes = left // what a wrong password made is thrown away
	}
	a.password, a.hopeless = "", true
	return nil, errSevenLocked
}

// folder unpacks one folder.
func (a *sevenArchiveState) folder(si *sevenStreamInfo, f *sevenFolderInfo) ([]byte, error) {
	if size := f.size(); size > a.lim.File || size > a.bytes {
		return nil, errSevenLimit
	}
	content, err := a.out(si, f, f.mainOut(), 0)
	if err != nil {
		return nil, err
	}
	if !f.fits(content) {
		return nil, errSevenChecksum
	}
	return content, nil
}

// out makes one out stream of a folder: the coder it belongs to, and before that what the coder reads.
func (a *sevenArchiveState) out(si *sevenStreamInfo, f *sevenFolderInfo, out, depth int) ([]byte, error) {
	if depth > maxSevenCoders || out >= len(f.sizes) {
		return nil, errSeven
	}
	in, first := 0, 0
	for i := range f.coders {
		c := &f.coders[i]
		if out >= first+c.out {
			first += c.out
			in += c.in
			continue
		}
		var inputs [][]byte
		for j := in; j < in+c.in; j++ {
			b, err := a.in(si, f, j, depth)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, b)
		}
		return a.code(c, inputs, f.sizes[out])
	}
	return nil, errSeven
}

// in finds what an in stream reads: another coder's out stream or octets of the archive.
func (a *sevenArchiveState) in(si *sevenStreamInfo, f *sevenFolderInfo, in, depth int) ([]byte, error) {
	for _, b := range f.binds {
		if b[0] == in {
			return a.out(si, f, b[1], depth+1)
		}
	}
	for i, p := range f.packed {
		if p != in {
			continue
		}
		at := si.at
		for k := 0; k < f.first+i && k < len(si.sizes); k++ {
			at += min(si.sizes[k], 1<<40)
		}
		if f.first+i >= len(si.sizes) || at > int64(len(a.streams)) || si.sizes[f.first+i] > int64(len(a.streams))-at {
			return nil, errSeven
		}
		return a.streams[at : at+si.sizes[f.first+i]], nil
	}
	return nil, errSeven
}

// code runs one coder.
func (a *sevenArchiveState) code(c *sevenCoder, in [][]byte, size int64) ([]byte, error) {
	if c.id == sevenBCJ2 {
		if len(in) != 4 {
			return nil, errSeven
		}
		if size > a.lim.File || !a.take(a.f, size) {
			return nil, errSevenLimit
		}
		return bcj2(in[0], in[1], in[2], in[3], size), nil
	}
	if len(in) != 1 {
		return nil, errSeven
	}
	if size > a.lim.File {
		return nil, errSevenLimit
	}
	r, err := a.decoder(c, in[0], size)
	if err != nil {
		return nil, err
	}
	content, whole, err := a.unpack(a.f, io.LimitReader(r, size))
	if err == nil && !whole {
		err = errSevenLimit
	}
	if err != nil && int64(len(content)) == size {
		err = nil
	}
	return content, err
}

func (a *sevenArchiveState) decoder(c *sevenCoder, in []byte, size int64) (io.Reader, error) {
	packed := bytes.NewReader(in)
	switch c.id {
	case sevenCopy:
		return packed, nil
	case sevenLZMA:
		if len(c.properties) != 5 {
			return nil, errSeven
		}
		return lzmaReader(c.properties, size, in), nil
	case sevenLZMA2:
		if len(c.properties) != 1 {
			return nil, errSeven
		}
		return lzma2Reader(c.properties[0], size, packed), nil
	case sevenX86, sevenX86New:
		return &x86Reader{in: packed}, nil
	case sevenDelta:
		if len(c.properties) != 1 {
			return nil, errSeven
		}
		return undelta(in, int(c.properties[0])+1), nil
	case sevenDeflate:
		return flate.NewReader(packed), nil
	case sevenBzip2:
		return bzip2.NewReader(packed), nil
	case sevenZstd:
		return zstdReader(packed), nil
	case sevenAES:
		return a.decrypt(c.properties, in)
	}
	return nil, errSevenMethod
}

// undelta adds to each octet the one distance before it.
func undelta(in []byte, distance int) io.Reader {
	out := bytes.Clone(in)
	for i := distance; i < len(out); i++ {
		out[i] += out[i-distance]
	}
	return bytes.NewReader(out)
}

// decrypt undoes AES-256 in CBC mode. The key is SHA-256 over salt, password in UTF-16 and a counter, very many times.
func (a *sevenArchiveState) decrypt(p, in []byte) (io.Reader, error) {
	if len(p) < 2 || p[0]&0xC0 == 0 {
		return nil, errSeven
	}
	salt, iv := int(p[0]>>7+p[1]>>4), int(p[0]>>6&1+p[1]&15)
	if len(p) < 2+salt+iv || iv > aes.BlockSize {
		return nil, errSeven
	}
	key, err := a.key(p[2:2+salt], int(p[0]&0x3F))
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	var start [aes.BlockSize]byte
	copy(start[:], p[2+salt:2+salt+iv])
	if !a.take(a.f, int64(len(in))) {
		return nil, errSevenLimit
	}
	out := make([]byte, len(in)/aes.BlockSize*aes.BlockSize)
	cipher.NewCBCDecrypter(block, start[:]).CryptBlocks(out, in[:len(out)])
	return bytes.NewReader(out), nil
}

func (a *sevenArchiveState) key(salt []byte, cycles int) ([]byte, error) {
	seed := append([]byte{}, salt...)
	for _, u := range utf16.Encode([]rune(a.password)) {
		seed = append(seed, byte(u), byte(u>>8))
	}
	if cycles == 0x3F {
		key := make([]byte, 32)
		copy(key, seed)
		return key, nil
	}
	if cycles > maxSevenCycles {
		return nil, errSevenLimit
	}
	cached := string(append(seed, byte(cycles)))
	if key := a.keys[cached]; key != nil {
		return key, nil
	}
	const together = 64 // rounds written at once, since a call costs more than a block
	one := len(seed) + 8
	buf := make([]byte, one*together)
	for i := range together {
		copy(buf[i*one:], seed)
	}
	h := sha256.New()
	rounds := 1 << cycles
	for n := 0; n < rounds; n += together {
		most := min(together, rounds-n)
		for i := range most {
			putLE64(buf[i*one+len(seed):], uint64(n+i))
		}
		h.Write(buf[:one*most])
	}
	key := h.Sum(nil)
	if len(a.keys) < 256 {
		a.keys[cached] = key
	}
	return key, nil
}
