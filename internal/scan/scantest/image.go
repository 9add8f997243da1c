package scantest

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// ISO writes a disk image (ECMA-119, ISO 9660) whose root folder holds the files, with their names as Windows shows them (Joliet).
func ISO(files ...Entry) []byte {
	const sector = 2048
	const first = 16 + 3 // system area, then three descriptors
	root := first + 2    // path tables are not needed by a reader that walks folders
	data := root + 2     // one sector a folder: primary, Joliet
	var content bytes.Buffer
	short, long := folder{at: root}, folder{at: root + 1}
	short.add(1, "\x00", root, sector, 2)
	short.add(1, "\x01", root, sector, 2)
	long.add(1, "\x00", root+1, sector, 2)
	long.add(1, "\x01", root+1, sector, 2)
	for i, f := range files {
		at := data + content.Len()/sector
		content.WriteString(f.Data)
		content.Write(make([]byte, (sector-len(f.Data)%sector)%sector))
		short.add(0, "FILE"+string(rune('A'+i))+".BIN;1", at, len(f.Data), 0)
		long.add(0, utf16be(f.Name), at, len(f.Data), 0)
	}
	out := make([]byte, data*sector, data*sector+content.Len())
	descriptor := func(at int, kind byte, escape string, f folder) {
		d := out[at*sector:]
		d[0] = kind
		copy(d[1:], "CD001\x01")
		copy(d[40:], strings.Repeat(" ", 32))
		both32(d[80:], data+content.Len()/sector)
		copy(d[88:], escape)
		both16(d[120:], 1)
		both16(d[124:], 1)
		both16(d[128:], sector)
		copy(d[156:], record(2, "\x00", f.at, sector))
		d[881] = 1
	}
	descriptor(16, 1, "", short)
	descriptor(17, 2, "%/E", long)
	end := out[18*sector:]
	end[0] = 255
	copy(end[1:], "CD001\x01")
	copy(out[short.at*sector:], short.b)
	copy(out[long.at*sector:], long.b)
	return append(out, content.Bytes()...)
}

type folder struct {
	at int
	b  []byte
}

func (f *folder) add(_ int, name string, at, size int, flags byte) {
	f.b = append(f.b, record(flags, name, at, size)...)
}

// record is a directory record (ECMA-119 section 9.1).
func record(flags byte, name string, at, size int) []byte {
	n := 33 + len(name)
	n += n % 2
	r := make([]byte, n)
	r[0] = byte(n)
	both32(r[2:], at)
	both32(r[10:], size)
	copy(r[18:], []byte{126, 11, 20, 9, 0, 0, 0})
	r[25] = flags
	both16(r[28:], 1)
	r[32] = byte(len(name))
	copy(r[33:], name)
	return r
}

func both32(b []byte, v int) {
	binary.LittleEndian.PutUint32(b, uint32(v))
	binary.BigEndian.PutUint32(b[4:], uint32(v))
}

func both16(b []byte, v int) {
	binary.LittleEndian.PutUint16(b, uint16(v))
	binary.BigEndian.PutUint16(b[2:], uint16(v))
}

func utf16be(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r>>8), byte(r))
	}
	return string(b)
}

// LNK writes a shortcut ([MS-SHLLINK]) that starts target with arguments and shows icon; icon may be "".
func LNK(target, arguments, icon string) []byte {
	const hasRelativePath, hasArguments, hasIcon, isUnicode = 0x8, 0x20, 0x40, 0x80
	flags := uint32(hasRelativePath | isUnicode)
	if arguments != "" {
		flags |= hasArguments
	}
	if icon != "" {
		flags |= hasIcon
	}
	b := make([]byte, 76)
	copy(b, "\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")
	binary.LittleEndian.PutUint32(b[20:], flags)
	binary.LittleEndian.PutUint32(b[60:], 7) // shown minimised
	text := func(s string) {
		b = binary.LittleEndian.AppendUint16(b, uint16(len([]rune(s))))
		for _, r := range s {
			b = binary.LittleEndian.AppendUint16(b, uint16(r))
		}
	}
	text(`..\..\Windows\System32\` + target)
	if arguments != "" {
		text(arguments)
	}
	if icon != "" {
		text(icon)
	}
	return append(b, 0, 0, 0, 0)
}
