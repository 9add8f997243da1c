package scan

import (
	"bytes"
	"compress/bzip2"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// maxDictionary bounds the memory of one decoder, in octets. Archives ask for gigabytes; a dictionary as large as what may be unpacked of one
// file serves as well.
const maxDictionary = 32 << 20

// dictionary is the size that a decoder gets: what the archive asks for, but no more than is unpacked (size, -1 when not known), than what
// packed octets can make (a match of 273 octets takes several bits), and than the bound.
func dictionary(asked, size, packed int64) int64 {
	if size >= 0 {
		asked = min(asked, size)
	}
	return max(lzma.MinDictCap, min(asked, max(1<<20, 8000*packed), maxDictionary))
}

// openPacked unpacks a file that is one packed file.
func openPacked(s *session, f *file) {
	name := strings.TrimSuffix(f.Name, "."+f.Extension)
	if i := len(f.Name) - len(f.Extension) - 1; i > 0 && strings.EqualFold(f.Name[i+1:], f.Extension) {
		name = f.Name[:i]
	}
	switch f.Extension {
	case "tgz", "tbz", "tbz2", "txz", "tzst", "tlz":
		name += ".tar"
	}
	var r io.Reader
	switch f.Kind {
	case "gz":
		z, err := gzip.NewReader(bytes.NewReader(f.content))
		if err == nil {
			r = z
			if z.Name != "" {
				name = baseName(z.Name)
			}
		}
	case "bz2":
		r = bzip2.NewReader(bytes.NewReader(f.content))
	case "xz":
		r = newXZReader(f.content)
	case "zst":
		f.sealed = true
		r = zstdReader(bytes.NewReader(f.content))
	case "lz": // lzip: signature, version, dictionary size, LZMA with fixed properties and an end mark
		f.sealed = true
		if len(f.content) > 6 {
			dict := uint32(1) << (f.content[5] & 31)
			r = lzmaReader([]byte{93, byte(dict), byte(dict >> 8), byte(dict >> 16), byte(dict >> 24)}, -1, f.content[6:])
		}
	}
	if r == nil {
		s.defect("file-broken-archive", f.way)
		return
	}
	content, whole, err := s.unpack(f, r)
	if name == "" {
		name = "unnamed"
	}
	switch {
	case err != nil:
		s.defect("file-broken-archive", f.way)
		if len(content) == 0 {
			return
		}
	case !whole:
		s.listed(f, name, int64(len(content)))
		return
	}
	var v inventory
	v.add(name, extension(name), s.child(f, name, content))
	s.takeStock(f, "archive", &v)
}

// zstdReader decodes Zstandard in this goroutine, with bounded memory.
func zstdReader(r io.Reader) io.Reader {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxDictionary))
	if err != nil {
		return nil
	}
	return d
}

// lzmaReader decodes raw LZMA. properties are the five octets that all containers share: one with lc, lp and pb, four with the size of the
// dictionary. size is -1 when an end mark ends the data. Nil when the data cannot start.
func lzmaReader(properties []byte, size int64, packed []byte) io.Reader {
	head := make([]byte, lzma.HeaderLen)
	copy(head, properties[:5])
	dict := dictionary(int64(le32(head, 1)), size, int64(len(packed)))
	head[1], head[2], head[3], head[4] = byte(dict), byte(dict>>8), byte(dict>>16), byte(dict>>24)
	putLE64(head[5:], uint64(size))
	r, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(&joined{head: head, tail: packed})
	if err != nil {
		return failing{err}
	}
	return r
}

// lzma2Reader decodes raw LZMA2. code is the octet that says the size of the dictionary, size what will come out at most, -1 when not known.
func lzma2Reader(code byte, size int64, packed *bytes.Reader) io.Reader {
	asked, err := lzma.DecodeDictCap(code)
	if err != nil {
		return failing{err}
	}
	dict := dictionary(asked, size, int64(packed.Len()))
	r, err := lzma.Reader2Config{DictCap: int(dict)}.NewReader2(packed)
	if err != nil {
		return failing{err}
	}
	return r
}

// failing is a reader that says why it cannot read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// joined reads two slices in a row; unlike io.MultiReader also by octets, which decoders do.
type joined struct{ head, tail []byte }

func (j *joined) Read(p []byte) (int, error) {
	if len(j.head) == 0 {
		j.head, j.tail = j.tail, nil
	}
	if len(j.head) == 0 {
		return 0, io.EOF
	}
	n := copy(p, j.head)
	j.head = j.head[n:]
	return n, nil
}

func (j *joined) ReadByte() (byte, error) {
	var b [1]byte
	_, err := j.Read(b[:])
	return b[0], err
}
