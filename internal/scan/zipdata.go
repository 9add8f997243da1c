package scan

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Compression methods of ZIP (APPNOTE 4.4.5).
const (
	zipStored  = 0
	zipDeflate = 8
	zipBzip2   = 12
	zipLZMA    = 14
	zipZstd    = 93
	zipXZ      = 95
	zipAES     = 99 // WinZip's encryption; the real method stands in an extra field
)

// zipUnpack unpacks one entry. ok is false when nothing could be read; the defect is recorded. What breaks off in the middle is taken as far as
// it goes: programs run with less than their end.
func (s *session) zipUnpack(f *file, e *zipEntry, packed []byte, method uint16) (content []byte, ok bool) {
	r := s.zipDecoder(method, packed, e)
	if r == nil {
		s.defect("file-not-opened", f.way+" > "+zipName(e))
		return nil, false
	}
	content, whole, err := s.unpack(f, r)
	if err != nil && len(content) == 0 && method != zipStored {
		if local := le16(f.content, int(e.at)+8); local != method && !e.encrypted() { // programs differ in which of the two headers they trust
			if r = s.zipDecoder(local, packed, e); r != nil {
				content, whole, err = s.unpack(f, r)
			}
		}
	}
	switch {
	case err != nil:
		s.defect("file-broken-archive", f.way+" > "+zipName(e))
		return content, len(content) > 0
	case !whole: // a limit, which has said so
		return nil, false
	}
	return content, true
}

// zipDecoder returns the reader of a method, nil for one that is not known or cannot be set up.
func (s *session) zipDecoder(method uint16, packed []byte, e *zipEntry) io.Reader {
	in := bytes.NewReader(packed)
	switch method {
	case zipStored:
		return in
	case zipDeflate:
		return s.inflate(in)
	case zipBzip2:
		return bzip2.NewReader(in)
	case zipZstd, 20:
		return zstdReader(in)
	case zipXZ:
		return newXZReader(packed)
	case zipLZMA: // 5.8.8: version, length of the properties, properties
		if len(packed) < 9 || le16(packed, 2) != 5 {
			return nil
		}
		size := int64(-1)
		if e.flags&2 == 0 {
			size = e.size
		}
		return lzmaReader(packed[4:9], size, packed[9:])
	}
	return nil
}

// crcFits compares content with the checksum of its entry.
func crcFits(content []byte, crc uint32) bool { return crc32.ChecksumIEEE(content) == crc }

// putLE64 writes v as eight octets.
func putLE64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }

// inflate returns the session's one inflater, which is large: what it gave before must have been read.
func (s *session) inflate(in io.Reader) io.Reader {
	if s.inflater == nil {
		s.inflater = flate.NewReader(in)
	} else if err := s.inflater.(flate.Resetter).Reset(in, nil); err != nil {
		return failing{err}
	}
	return s.inflater
}
