package scan

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Signatures and sizes of the ZIP format (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16).
const (
	zipLocal     = "PK\x03\x04"
	zipCentral   = "PK\x01\x02"
	zipEnd       = "PK\x05\x06"
	zipLocator64 = "PK\x06\x07"
	zipEnd64     = "PK\x06\x06"
	maxZipTail   = 1 << 20 // where the end record is looked for; the rules allow 64 KiB behind it, appended data is common
)

// zipEntry is one file of a ZIP archive.
type zipEntry struct {
	name     string // as written, in the central directory when there is one
	flags    uint16
	method   uint16
	time     uint16
	crc      uint32
	packed   int64
	size     int64
	at       int64 // of the local header
	data     int64 // of the packed octets
	extra    []byte
	sizeless bool // only a local header, which leaves the sizes to what follows the data
}

func (e *zipEntry) encrypted() bool { return e.flags&1 != 0 }
func (e *zipEntry) folder() bool {
	return strings.HasSuffix(e.name, "/") || strings.HasSuffix(e.name, `\`) && e.size == 0
}

// openZip reads a ZIP archive as the most forgiving program would: by its central directory where that holds, and by every local header that
// the directory leaves out. So a broken directory, two archives in one file, and data before or behind hide nothing.
func openZip(s *session, f *file) {
	entries := zipDirectory(s, f.content)
	listed := len(entries)
	entries, overlaps := zipPlace(f.content, entries)
	entries = append(entries, zipUnlisted(s, f.content, entries)...)
	if len(entries) == 0 {
		if len(f.content) > 22 {
			s.defect("file-broken-archive", f.way)
		}
		return
	}
	if overlaps >= 3 {
		s.fact(f, "archive-bomb", strconv.Itoa(overlaps)+" entries share the same octets")
		s.defect("file-archive-bomb", f.way)
	}
	if len(entries) > s.lim.Files {
		s.defect("file-limit-files", f.way)
	}
	if listed > 0 && len(entries) > listed {
		s.fact(f, "archive-unlisted", strconv.Itoa(len(entries)-listed)+" files are not in the archive's list")
	}
	s.zipEntries(f, entries)
}

// zipEntries takes in the files of the archive.
func (s *session) zipEntries(f *file, entries []zipEntry) {
	var v inventory
	lock := zipLock{session: s, f: f, entries: entries}
	for i := range entries {
		e := &entries[i]
		if s.over() {
			break
		}
		if odd := nameTricks(e.name); odd != "" {
			s.fact(f, "archive-name-trick", strconv.Quote(e.name[:min(len(e.name), 100)])+": "+odd)
		}
		if other := zipLocalName(f.content, e); other != "" {
			s.fact(f, "archive-two-names", strconv.Quote(baseName(e.name))+" and "+strconv.Quote(baseName(other)))
			v.add(other, extension(other), "")
			v.files--
		}
		if e.folder() {
			continue
		}
		name := zipName(e)
		if e.encrypted() {
			v.locked = true
			if content, ok := lock.open(e); ok {
				f.sealed = true
				v.add(name, extension(name), s.child(f, name, content))
				continue
			}
		} else if content, ok := s.zipUnpack(f, e, f.content[e.data:e.data+e.packed], e.method); ok {
			v.add(name, extension(name), s.child(f, name, content))
			continue
		}
		s.listed(f, name, e.size)
		v.add(name, extension(name), "")
	}
	lock.report()
	s.takeStock(f, "archive", &v)
}

// zipName is the name that readers show. Windows stops at a NUL, and leaves out dots and spaces at the end.
func zipName(e *zipEntry) string {
	name, _, _ := strings.Cut(e.name, "\x00")
	if name == "" {
		name = e.name
	}
	if e.flags&0x800 == 0 && !utf8.ValidString(name) {
		name = fromCodePage(name)
	}
	return baseName(name)
}

// fromCodePage reads a name in code page 437 as far as its letters go: what else stands there is only ever shown.
func fromCodePage(name string) string {
	const high = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»"
	letters := []rune(high)
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c < 0x80:
			b.WriteByte(c)
		case int(c-0x80) < len(letters):
			b.WriteRune(letters[c-0x80])
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// zipDirectory reads the central directory, by the last end record behind which one is found. Nil when there is none.
func zipDirectory(s *session, b []byte) []zipEntry {
	tail := b[max(0, len(b)-maxZipTail):]
	for range 16 { // end records that may be bait
		i := bytes.LastIndex(tail, []byte(zipEnd))
		if i < 0 {
			return nil
		}
		end := len(b) - len(b[max(0, len(b)-maxZipTail):]) + i
		if entries := zipDirectoryAt(s, b, end); len(entries) > 0 {
			return entries
		}
		tail = tail[:i]
	}
	return nil
}

// zipDirectoryAt reads the directory that the end record at end describes.
func zipDirectoryAt(s *session, b []byte, end int) []zipEntry {
	if end+22 > len(b) {
		return nil
	}
	size, at := int64(le32(b, end+12)), int64(le32(b, end+16))
	here := int64(end) - size
	if end >= 20 && string(b[end-20:end-16]) == zipLocator64 {
		where := le64(b, end-20+8)
		for _, where := range [...]int64{where, int64(end) - 20 - 56} {
			if where >= 0 && where+56 <= int64(len(b)) && string(b[where:where+4]) == zipEnd64 {
				size, at = le64(b, int(where)+40), le64(b, int(where)+48)
				here = where - size
				break
			}
		}
	}
	shift := int64(0) // what stands before the archive
	if !signedAt(b, at, zipCentral) || at > here && here >= 0 {
		if !signedAt(b, here, zipCentral) {
			return nil
		}
		shift = here - at
		at = here
	} else if at != here && signedAt(b, here, zipCentral) {
		shift, at = here-at, here
	}
	var entries []zipEntry
	for at >= 0 && at+46 <= int64(len(b)) && string(b[at:at+4]) == zipCentral && len(entries) <= s.lim.Files {
		p := int(at)
		n, m, k := int(le16(b, p+28)), int(le16(b, p+30)), int(le16(b, p+32))
		if p+46+n+m > len(b) {
			break
		}
		e := zipEntry{
			flags: le16(b, p+8), method: le16(b, p+10), time: le16(b, p+12), crc: le32(b, p+16),
			packed: int64(le32(b, p+20)), size: int64(le32(b, p+24)), at: int64(le32(b, p+42)),
			name: string(b[p+46 : p+46+n]), extra: b[p+46+n : p+46+n+m],
		}
		e.wide(true)
		e.at += shift
		entries = append(entries, e)
		at += int64(46 + n + m + k)
		if len(entries)%1024 == 0 && s.over() {
			break
		}
	}
	return entries
}

// wide reads the ZIP64 extra field (4.5.3): it holds what does not fit, in this order.
func (e *zipEntry) wide(central bool) {
	field := zipExtra(e.extra, 1)
	for _, v := range [...]*int64{&e.size, &e.packed, &e.at} {
		if *v != 0xFFFFFFFF || len(field) < 8 || v == &e.at && !central {
			continue
		}
		*v = le64(field, 0)
		field = field[8:]
	}
}

// zipExtra finds one extra field (4.5.1).
func zipExtra(extra []byte, id uint16) []byte {
	for len(extra) >= 4 {
		n := int(le16(extra, 2))
		if 4+n > len(extra) {
			return nil
		}
		if le16(extra, 0) == id {
			return extra[4 : 4+n]
		}
		extra = extra[4+n:]
	}
	return nil
}

// zipPlace finds the data of each entry and leaves out those that have none. Entries whose octets another one has too are counted and
// left out: no honest program writes them, and the bombs that unpack a petabyte from megabytes are made of them.
func zipPlace(b []byte, entries []zipEntry) ([]zipEntry, int) {
	overlaps := 0
	slices.SortStableFunc(entries, func(a, b zipEntry) int { return int(min(1, max(-1, a.at-b.at))) })
	kept := entries[:0]
	end := int64(-1)
	for _, e := range entries {
		if e.at < 0 || e.at+30 > int64(len(b)) {
			continue
		}
		if string(b[e.at:e.at+4]) != zipLocal {
			continue
		}
		e.data = e.at + 30 + int64(le16(b, int(e.at)+26)) + int64(le16(b, int(e.at)+28))
		if e.data > int64(len(b)) || e.packed < 0 {
			continue
		}
		e.packed = min(e.packed, int64(len(b))-e.data)
		if e.at < end {
			overlaps++
			continue
		}
		end = e.data + e.packed
		kept = append(kept, e)
	}
	return kept, overlaps
}

// zipUnlisted finds local headers that stand outside of the entries, which lie in order.
func zipUnlisted(s *session, b []byte, entries []zipEntry) []zipEntry {
	var out []zipEntry
	next, at := 0, int64(0)
	for at+30 <= int64(len(b)) && len(out) <= s.lim.Files && !s.over() {
		if next < len(entries) && at >= entries[next].at {
			at = max(at, entries[next].data+entries[next].packed)
			next++
			continue
		}
		stop := int64(len(b))
		if next < len(entries) {
			stop = entries[next].at
		}
		i := bytes.Index(b[at:stop], []byte(zipLocal))
		if i < 0 {
			at = stop
			if next == len(entries) {
				break
			}
			continue
		}
		at += int64(i)
		e, ok := zipLocalEntry(b[:stop], at)
		if !ok {
			at += 4
			continue
		}
		out = append(out, e)
		at = e.data + e.packed
		if e.sizeless {
			at = e.data
		}
	}
	return out
}

// zipLocalEntry reads an entry by its local header alone.
func zipLocalEntry(b []byte, at int64) (zipEntry, bool) {
	p := int(at)
	if p+30 > len(b) {
		return zipEntry{}, false
	}
	n, m := int(le16(b, p+26)), int(le16(b, p+28))
	if p+30+n > len(b) || le16(b, p+4)&0xFF > 63 {
		return zipEntry{}, false
	}
	e := zipEntry{
		flags: le16(b, p+6), method: le16(b, p+8), time: le16(b, p+10), crc: le32(b, p+14), packed: int64(le32(b, p+18)),
		size: int64(le32(b, p+22)), name: string(b[p+30 : p+30+n]), at: at, data: int64(min(p+30+n+m, len(b))),
	}
	e.extra = b[min(p+30+n, len(b)):e.data]
	e.wide(false)
	rest := int64(len(b)) - e.data
	if e.flags&8 != 0 && e.packed == 0 {
		e.sizeless = true
		e.packed = rest
		if i := bytes.Index(b[e.data:], []byte("PK\x07\x08")); i >= 0 {
			e.packed = int64(i)
		}
	}
	e.packed = max(0, min(e.packed, rest))
	return e, true
}

// zipLocalName is the name in the local header when a reader that goes by it would see another type of file.
func zipLocalName(b []byte, e *zipEntry) string {
	p := int(e.at)
	n := int(le16(b, p+26))
	if p+30+n > len(b) {
		return ""
	}
	name := string(b[p+30 : p+30+n])
	if name == e.name || n == 0 || extension(name) == extension(e.name) {
		return ""
	}
	return name
}

func signedAt(b []byte, at int64, signature string) bool {
	return at >= 0 && at+int64(len(signature)) <= int64(len(b)) && string(b[at:at+int64(len(signature))]) == signature
}

func le16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func le32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

// le64 is at most 2^62, so that sums of two do not overflow.
func le64(b []byte, at int) int64 {
	return int64(min(binary.LittleEndian.Uint64(b[at:]), 1<<62))
}

// extension is the part of a name behind its last dot, in lower case.
func extension(name string) string {
	name = strings.TrimRight(name, " .\x00")
	if i := strings.LastIndexByte(name, '.'); i >= 0 && len(name)-i < 24 {
		return strings.ToLower(name[i+1:])
	}
	return ""
}
