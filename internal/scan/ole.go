package scan

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// An OLE2 compound file ([MS-CFB]) is a small file system in one file: sectors, a table (FAT) that chains them, a directory of storages
// and streams, and a second, finer grid of sectors inside one stream for what is short (mini stream). Old Office files, Outlook
// messages, macro projects and installers are compound files.
//
// This reader is for damaged and hostile ones: it takes what it can get, a chain may end early, and every loop is bounded by the size of
// the file. Whoever asks for streams pays from an allowance, so that a thousand names for the same sectors cost no more than a few.

const (
	oleMagic      = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	maxOLEEntries = 20_000
	maxOLEDepth   = 64 // storages in storages

	oleStorage = 1
	oleStream  = 2
	oleRoot    = 5

	lastRegularSector = 0xFFFFFFFA
)

// compound is an open compound file.
type compound struct {
	data    []byte
	shift   uint // sectors are 1<<shift octets
	fat     []uint32
	miniFAT []uint32
	mini    []byte
	cutoff  int64 // streams below it are in the mini stream
	entries []oleEntry
	room    int64 // octets of streams that may still be read
	broken  bool  // something was not as it must be
}

// oleEntry is one storage or stream.
type oleEntry struct {
	name              string
	path              string // names from the root, "/" between them; the bare name of one that hangs nowhere
	kind              byte
	clsid             [16]byte
	start             uint32
	size              int64
	left, right, down uint32
}

// openCompound reads tables and directory. It is nil when b is no compound file at all.
func openCompound(b []byte) *compound {
	if len(b) < 512 || string(b[:8]) != oleMagic {
		return nil
	}
	le := binary.LittleEndian
	c := &compound{data: b, shift: uint(le.Uint16(b[30:])), cutoff: int64(le.Uint32(b[56:])), room: 4*int64(len(b)) + 1<<20}
	if c.shift != 9 && c.shift != 12 {
		c.shift, c.broken = 9, true
	}
	if c.cutoff != 4096 {
		c.cutoff, c.broken = 4096, true
	}
	c.readFAT()
	c.readDirectory(le.Uint32(b[48:]))
	if len(c.entries) == 0 {
		return c
	}
	for _, v := range c.chain(le.Uint32(b[60:]), int64(len(b))) {
		c.miniFAT = appendTable(c.miniFAT, v)
	}
	root := &c.entries[0]
	for _, v := range c.chain(root.start, min(root.size, int64(len(b)))) {
		c.mini = append(c.mini, v...)
	}
	c.name()
	return c
}

// sectors is how many sectors the file has room for; no chain is longer.
func (c *compound) sectors() int { return len(c.data)>>c.shift + 1 }

// sector returns the octets of one sector, cut at the end of the file; nil when it lies outside.
func (c *compound) sector(n uint32) []byte {
	at := (int64(n) + 1) << c.shift
	if n >= lastRegularSector || at >= int64(len(c.data)) {
		return nil
	}
	return c.data[at:min(at+1<<c.shift, int64(len(c.data)))]
}

func appendTable(t []uint32, sector []byte) []uint32 {
	for ; len(sector) >= 4; sector = sector[4:] {
		t = append(t, binary.LittleEndian.Uint32(sector))
	}
	return t
}

// readFAT follows the list of FAT sectors: 109 in the header, the others in a chain of their own ([MS-CFB] section 2.5).
func (c *compound) readFAT() {
	most := c.sectors()
	add := func(list []byte) {
		for ; len(list) >= 4 && len(c.fat) < most; list = list[4:] {
			if s := c.sector(binary.LittleEndian.Uint32(list)); s != nil {
				c.fat = appendTable(c.fat, s)
			}
		}
	}
	add(c.data[76:512])
	next := binary.LittleEndian.Uint32(c.data[68:])
	for range most {
		s := c.sector(next)
		if len(s) < 8 || len(c.fat) >= most {
			return
		}
		add(s[:len(s)-4])
		next = binary.LittleEndian.Uint32(s[len(s)-4:])
	}
}

// chain returns the sectors from start on, at most size octets. What a broken table hides is left out, and the file is marked.
func (c *compound) chain(start uint32, size int64) [][]byte {
	var out [][]byte
	for steps := c.sectors(); size > 0 && start < lastRegularSector; steps-- {
		s := c.sector(start)
		if s == nil || steps == 0 {
			c.broken = true
			return out
		}
		if int64(len(s)) > size {
			s = s[:size]
		}
		out = append(out, s)
		size -= int64(len(s))
		if int64(start) >= int64(len(c.fat)) {
			c.broken = c.broken || size > 0
			return out
		}
		start = c.fat[start]
	}
	return out
}

// readDirectory reads the entries, 128 octets each ([MS-CFB] section 2.6.1).
func (c *compound) readDirectory(start uint32) {
	le := binary.LittleEndian
	for _, s := range c.chain(start, maxOLEEntries*128) {
		for ; len(s) >= 128; s = s[128:] {
			n := min(int(le.Uint16(s[64:])), 64)
			units := make([]uint16, 0, 32)
			for i := 0; i+2 < n; i += 2 {
				units = append(units, le.Uint16(s[i:]))
			}
			e := oleEntry{name: string(utf16.Decode(units)), kind: s[66], left: le.Uint32(s[68:]), right: le.Uint32(s[72:]), down: le.Uint32(s[76:]),
				start: le.Uint32(s[116:]), size: int64(le.Uint64(s[120:]))}
			copy(e.clsid[:], s[80:96])
			if c.shift == 9 {
				e.size &= 0xFFFFFFFF
			}
			e.size = max(e.size, 0)
			c.entries = append(c.entries, e)
		}
	}
	c.broken = c.broken || len(c.entries) == 0 || len(c.entries) >= maxOLEEntries
}

// name gives every entry its path, from the root down. An entry is visited once, however often the tree names it.
func (c *compound) name() {
	type step struct {
		entry  uint32
		prefix string
		depth  int
	}
	seen := make([]bool, len(c.entries))
	seen[0] = true
	todo := []step{{c.entries[0].down, "", 0}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if int64(s.entry) >= int64(len(c.entries)) {
			c.broken = c.broken || s.entry != 0xFFFFFFFF
			continue
		}
		if seen[s.entry] {
			c.broken = true
			continue
		}
		seen[s.entry] = true
		e := &c.entries[s.entry]
		e.path = s.prefix + e.name
		todo = append(todo, step{e.left, s.prefix, s.depth}, step{e.right, s.prefix, s.depth})
		if e.kind == oleStorage && s.depth < maxOLEDepth {
			todo = append(todo, step{e.down, e.path + "/", s.depth + 1})
		}
	}
	for i := range c.entries {
		if e := &c.entries[i]; !seen[i] && e.kind == oleStream {
			e.path = e.name
		}
	}
}

// find returns the stream at path, in any case; nil when there is none.
func (c *compound) find(path string) *oleEntry {
	for i := range c.entries {
		if e := &c.entries[i]; e.kind == oleStream && strings.EqualFold(e.path, path) {
			return e
		}
	}
	return nil
}

// storage returns the storage at path.
func (c *compound) storage(path string) *oleEntry {
	for i := range c.entries {
		if e := &c.entries[i]; e.kind == oleStorage && strings.EqualFold(e.path, path) {
			return e
		}
	}
	return nil
}

// read returns a stream, at most limit octets of it. It is a copy. What is missing is left out, and the file is marked.
func (c *compound) read(e *oleEntry, limit int64) []byte {
	if e == nil || e.kind != oleStream {
		return nil
	}
	size := min(e.size, limit, int64(len(c.data)))
	if size > c.room {
		c.broken = true
		return nil
	}
	c.room -= size
	if e.size >= c.cutoff {
		var out []byte
		for _, s := range c.chain(e.start, size) {
			if out == nil {
				out = make([]byte, 0, size)
			}
			out = append(out, s...)
		}
		c.broken = c.broken || int64(len(out)) < size || e.size > int64(len(c.data))
		return out
	}
	out := make([]byte, 0, size)
	at := e.start
	for int64(len(out)) < size {
		from := int64(at) * 64
		if at >= lastRegularSector || from >= int64(len(c.mini)) {
			c.broken = true
			break
		}
		out = append(out, c.mini[from:min(from+64, int64(len(c.mini)), from+size-int64(len(out)))]...)
		if int64(at) >= int64(len(c.miniFAT)) {
			break
		}
		at = c.miniFAT[at]
	}
	return out
}

// readPath is read of find.
func (c *compound) readPath(path string, limit int64) []byte { return c.read(c.find(path), limit) }
