package scan

import (
	"bytes"
	"encoding/binary"
	"strings"

	"tocsin/internal/email"
)

// A macro project ([MS-OVBA]) is a storage "VBA" with a stream "dir", which names the modules, and a stream for each module: first the
// compiled code, then the source, compressed. "_VBA_PROJECT" holds the names that the compiled code uses.

const (
	maxModules    = 500
	maxMacroCode  = 4 << 20 // octets of source of one project
	maxVBAStreams = 8 << 20 // octets of one stream that are read
)

// vbaProject is what a document holds of macros.
type vbaProject struct {
	modules []vbaModule
	names   []byte // of _VBA_PROJECT: identifiers of the compiled code among other things
	broken  bool
}

type vbaModule struct {
	name   string
	source string
	cache  int // octets of compiled code before the source
}

// vbaStorages returns the paths of the storages that hold macro projects.
func (c *compound) vbaStorages() []string {
	var out []string
	for i := range c.entries {
		e := &c.entries[i]
		if e.kind != oleStream || len(out) >= 8 {
			continue
		}
		if dir, ok := cutSuffixFold(e.path, "VBA/dir"); ok && (dir == "" || strings.HasSuffix(dir, "/")) {
			out = append(out, dir+"VBA/")
		}
	}
	return out
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if n := len(s) - len(suffix); n >= 0 && strings.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return s, false
}

// readVBA reads the project whose VBA storage is at prefix ("Macros/VBA/").
func (c *compound) readVBA(prefix string) vbaProject {
	var p vbaProject
	room := maxMacroCode
	p.names = c.readPath(prefix+"_VBA_PROJECT", 1<<20)
	raw := c.readPath(prefix+"dir", maxVBAStreams)
	dir, ok := decompressVBA(raw, 1<<20)
	p.broken = !ok
	listed, page := readVBADir(dir)
	done := map[string]bool{}
	for _, m := range listed {
		stream := c.readPath(prefix+m.stream, maxVBAStreams)
		if stream == nil {
			p.broken = true
			continue
		}
		done[strings.ToLower(m.stream)] = true
		at := int(min(uint64(m.offset), uint64(len(stream))))
		source, ok := decompressVBA(stream[at:], room)
		if len(source) == 0 { // the offset may lie; the compiled code does not hide where a source starts
			if source2, at2 := findVBASource(stream, room); source2 != nil {
				source, at, ok = source2, at2, true
			}
		}
		p.broken = p.broken || !ok
		room -= len(source)
		p.modules = append(p.modules, vbaModule{name: m.name, source: email.ReadCodePage(source, page), cache: at})
	}
	// Streams that no module names: a broken directory, or one that was made to hide them.
	for i := range c.entries {
		e := &c.entries[i]
		if e.kind != oleStream || len(e.path) <= len(prefix) || !strings.EqualFold(e.path[:len(prefix)], prefix) || len(p.modules) >= maxModules || room <= 0 {
			continue
		}
		low := strings.ToLower(e.path[len(prefix):])
		if done[low] || low == "dir" || low == "_vba_project" || strings.HasPrefix(low, "__srp_") {
			continue
		}
		if source, at := findVBASource(c.read(e, maxVBAStreams), room); source != nil {
			room -= len(source)
			p.modules = append(p.modules, vbaModule{name: e.name, source: email.ReadCodePage(source, page), cache: at})
		}
	}
	return p
}

// vbaEntry is a module as the dir stream tells of it.
type vbaEntry struct {
	name, stream string
	offset       uint32
}

// readVBADir reads the records of the dir stream ([MS-OVBA] section 2.3.4.2): id, size, content.
func readVBADir(b []byte) (modules []vbaEntry, codePage int) {
	le := binary.LittleEndian
	codePage = 1252
	for len(b) >= 6 {
		id, size := le.Uint16(b), uint64(le.Uint32(b[2:]))
		if id == 0x0009 { // PROJECTVERSION says 4 and has 6
			size = 6
		}
		b = b[6:]
		if size > uint64(len(b)) {
			break
		}
		v := b[:size]
		b = b[size:]
		last := len(modules) - 1
		switch {
		case id == 0x0003 && len(v) >= 2:
			codePage = int(le.Uint16(v))
		case id == 0x0019:
			if len(modules) >= maxModules {
				return modules, codePage
			}
			modules = append(modules, vbaEntry{name: email.ReadCodePage(v, codePage)})
		case id == 0x001A && last >= 0:
			modules[last].stream = email.ReadCodePage(v, codePage)
		case id == 0x0032 && last >= 0: // the stream's name once more, in UTF-16
			if s := utf16Text(v); s != "" {
				modules[last].stream = s
			}
		case id == 0x0031 && last >= 0 && len(v) >= 4:
			modules[last].offset = le.Uint32(v)
		}
	}
	return modules, codePage
}

// decompressVBA undoes the compression of [MS-OVBA] section 2.4.1, at most limit octets. Whatever could be read is returned; ok is
// false when the data ended before its end, or was more than limit.
func decompressVBA(b []byte, limit int) (out []byte, ok bool) {
	if len(b) < 3 || b[0] != 1 {
		return nil, false
	}
	b = b[1:]
	for len(b) >= 2 {
		header := binary.LittleEndian.Uint16(b)
		size := int(header&0x0FFF) + 3 // with the header
		if header>>12&7 != 3 {
			return out, len(out) > 0 // what follows the container is not part of it
		}
		chunk := b[2:min(size, len(b))]
		cut := size > len(b)
		b = b[min(size, len(b)):]
		if header&0x8000 == 0 {
			out = append(out, chunk[:min(len(chunk), 4096)]...)
		} else {
			var whole bool
			if out, whole = decompressChunk(out, chunk); !whole {
				return out, false
			}
		}
		if cut || len(out) > limit {
			return out[:min(len(out), max(limit, 0))], false
		}
	}
	return out, true
}

// decompressChunk adds one chunk, at most 4096 octets. Copies reach back to the start of the chunk only.
func decompressChunk(out, chunk []byte) ([]byte, bool) {
	start := len(out)
	for len(chunk) > 0 {
		flags := chunk[0]
		chunk = chunk[1:]
		for bit := 0; bit < 8 && len(chunk) > 0; bit++ {
			if flags>>bit&1 == 0 {
				out = append(out, chunk[0])
				chunk = chunk[1:]
			} else {
				if len(chunk) < 2 {
					return out, false
				}
				token := binary.LittleEndian.Uint16(chunk)
				chunk = chunk[2:]
				have := len(out) - start
				bits := 4 // of the offset
				for 1<<bits < have {
					bits++
				}
				length := int(token&(0xFFFF>>bits)) + 3
				offset := int(token>>(16-bits)) + 1
				if offset > have {
					return out, false
				}
				for ; length > 0 && len(out)-start < 4096; length-- {
					out = append(out, out[len(out)-offset])
				}
			}
			if len(out)-start > 4096 {
				return out[:start+4096], false
			}
		}
	}
	return out, true
}

// findVBASource looks for a compressed source in a module's stream: every one begins with "Attribut", which compression leaves as it is
// behind a flag byte of zero.
func findVBASource(b []byte, limit int) (source []byte, at int) {
	mark := []byte("\x00Attribut")
	for from, tries := 0, 0; tries < 16; tries++ {
		i := bytes.Index(b[from:], mark)
		if i < 0 {
			return nil, 0
		}
		i += from
		from = i + len(mark)
		if i < 3 || b[i-3] != 1 {
			continue
		}
		if source, _ = decompressVBA(b[i-3:], limit); len(source) > 0 {
			return source, i - 3
		}
	}
	return nil, 0
}

// utf16Text reads little-endian UTF-16 up to the first NUL.
func utf16Text(b []byte) string {
	var out strings.Builder
	for len(b) >= 2 {
		u := rune(binary.LittleEndian.Uint16(b))
		b = b[2:]
		if u == 0 {
			break
		}
		if u >= 0xD800 && u < 0xDC00 && len(b) >= 2 {
			if low := rune(binary.LittleEndian.Uint16(b)); low >= 0xDC00 && low < 0xE000 {
				u = (u-0xD800)<<10 + (low - 0xDC00) + 0x10000
				b = b[2:]
			}
		}
		out.WriteRune(u)
	}
	return out.String()
}
