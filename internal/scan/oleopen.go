package scan

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"tocsin/internal/email"
)

// openOLE looks into a compound file of any kind: macros, packed objects, and what its application keeps of its own.
func openOLE(s *session, f *file) {
	c := openCompound(f.content)
	if c == nil {
		s.defect("file-office-broken", f.way)
		return
	}
	if f.Kind == "msi" || c.find("EncryptedPackage") == nil && c.find("\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824") != nil {
		return // an installer: a program, whatever its tables say
	}
	switch {
	case c.find("EncryptedPackage") != nil || c.find("EncryptionInfo") != nil:
		openEncrypted(s, f, c)
	case c.find("__properties_version1.0") != nil:
		openMSG(s, f, c)
	default:
		openOLEDocument(s, f, c)
	}
	if c.broken {
		s.defect("file-office-broken", f.way)
	}
}

func openOLEDocument(s *session, f *file, c *compound) {
	s.macros(f, s.oleProjects(f, c), nil)
	locked := false
	if c.find("WordDocument") != nil {
		locked = openWord(s, f, c)
	}
	for _, name := range [...]string{"Workbook", "Book"} {
		if e := c.find(name); e != nil {
			locked = openBIFF(s, f, c.read(e, s.lim.File)) || locked
		}
	}
	if c.find("PowerPoint Document") != nil {
		openPowerPoint(s, f, c)
	}
	if locked {
		s.lockedDocument(f)
	}
	s.oleObjects(f, c)
}

// oleProjects reads the macro projects of a compound file.
func (s *session) oleProjects(f *file, c *compound) []vbaProject {
	var out []vbaProject
	for _, prefix := range c.vbaStorages() {
		if s.over() {
			break
		}
		out = append(out, c.readVBA(prefix))
	}
	if len(out) == 0 && (c.find("_VBA_PROJECT") != nil || c.find("VBA/_VBA_PROJECT") != nil || c.find("Macros/VBA/_VBA_PROJECT") != nil || c.find("_VBA_PROJECT_CUR/VBA/_VBA_PROJECT") != nil) {
		s.defect("file-macro-broken", f.way)
	}
	return out
}

// class ids of objects, as they stand in a file (the first three fields are little-endian).
var (
	classEquation   = [16]byte{0x02, 0xCE, 0x02, 0x00, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46} // Microsoft Equation 3.0
	classURLMoniker = []byte{0xE0, 0xC9, 0xEA, 0x79, 0xF9, 0xBA, 0xCE, 0x11, 0x8C, 0x82, 0x00, 0xAA, 0x00, 0x4B, 0xA9, 0x0B}
	classScript     = []byte{0x13, 0xD2, 0xBD, 0xEC, 0x7F, 0xC4, 0xD0, 0x11, 0x9A, 0xD7, 0x00, 0xC0, 0x4F, 0xD9, 0x1A, 0xEB} // scriptlet moniker
)

// oleObjects takes packed files out of a compound file and looks at what its objects point to.
func (s *session) oleObjects(f *file, c *compound) {
	for i := range c.entries {
		e := &c.entries[i]
		if s.over() {
			return
		}
		if e.kind != oleStream {
			if e.clsid == classEquation {
				s.equation(f, c, e)
			}
			continue
		}
		switch low := strings.ToLower(e.name); {
		case low == "\x01ole10native":
			s.native(f, c.read(e, s.lim.File))
		case low == "\x01ole":
			s.moniker(f, c.read(e, 1<<20))
		case low == "package" || low == "contents" && strings.Contains(e.path, "/"), low == "embeddedodf":
			if b := c.read(e, s.lim.File); len(b) > 0 && s.take(f, int64(len(b))) {
				s.child(f, e.name, b)
			}
		case low == "equation native" && !strings.Contains(e.path, "/"):
			s.equationData(f, c.read(e, 64<<10))
		}
	}
}

// native unpacks an Ole10Native stream ([MS-OLEDS] section 2.3.6, and the form that the packager writes into it).
func (s *session) native(f *file, b []byte) {
	if len(b) < 4 {
		return
	}
	size := int64(binary.LittleEndian.Uint32(b))
	b = b[4:]
	b = b[:min(int64(len(b)), max(size, 0))]
	name, data := readPackage(b)
	if data == nil {
		name, data = "object.bin", b
	}
	s.packed(f, name, data)
}

// packed hands on a file that was packed into a document, and says so when it is a program.
func (s *session) packed(f *file, name string, data []byte) {
	if len(data) == 0 || !s.take(f, int64(len(data))) {
		return
	}
	data = bytes.Clone(data) // what is kept must not keep the whole document
	if a := email.NewAttachment(name, "", "", data); runs(a) {
		s.fact(f, "embedded-program", name+" ("+a.Kind+")")
	}
	s.child(f, name, data)
}

// readPackage reads what the packager wrote: label, path, and the file. data is nil when b is something else.
func readPackage(b []byte) (name string, data []byte) {
	le := binary.LittleEndian
	if len(b) < 6 || le.Uint16(b) != 2 {
		return "", nil
	}
	b = b[2:]
	label, b, ok := ansiZ(b)
	if !ok {
		return "", nil
	}
	from, b, ok := ansiZ(b)
	if !ok || len(b) < 8 {
		return "", nil
	}
	b = b[4:] // two numbers: 0 and 3
	if n := uint64(le.Uint32(b)); n <= uint64(len(b)-4) {
		b = b[4+n:] // where it was unpacked to
	} else {
		return "", nil
	}
	if len(b) < 4 {
		return "", nil
	}
	n := min(uint64(le.Uint32(b)), uint64(len(b)-4))
	name = lastName(label)
	if path.Ext(name) == "" {
		if other := lastName(from); path.Ext(other) != "" {
			name = other
		}
	}
	return name, b[4 : 4+n]
}

// lastName is the last part of a Windows path.
func lastName(p string) string {
	if i := strings.LastIndexAny(p, `\/`); i >= 0 {
		p = p[i+1:]
	}
	if p = strings.TrimSpace(p); p == "" {
		return "object"
	}
	return p
}

// ansiZ reads a string up to NUL, at most 1024 octets.
func ansiZ(b []byte) (s string, rest []byte, ok bool) {
	i := bytes.IndexByte(b[:min(len(b), 1024)], 0)
	if i < 0 {
		return "", b, false
	}
	return email.ReadCodePage(b[:i], 1252), b[i+1:], true
}

// runs reports whether opening the file runs it.
func runs(a email.Attachment) bool {
	switch a.Kind {
	case "exe", "dll", "elf", "macho", "msi", "lnk", "jar", "bat", "cmd", "vbs", "vbe", "js", "jse", "hta", "ps1", "wsf", "sct", "chm", "scf", "reg", "application", "settingcontent-ms", "dosexe":
		return true
	}
	switch a.Extension {
	case "exe", "scr", "com", "pif", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "lnk", "msi", "ps1", "jar", "cpl", "dll", "chm", "sct", "inf", "xll", "msc", "url", "application", "appref-ms", "settingcontent-ms":
		return true
	}
	return false
}

// moniker looks where a linked object points to ([MS-OLEDS] section 2.3.3, [MS-OSHARED] section 2.3.7.6: a URL moniker is its class id, a
// length, and the address in UTF-16).
func (s *session) moniker(f *file, b []byte) {
	if bytes.Contains(b, classScript) {
		s.fact(f, "remote-script", "a script moniker")
	}
	for n := 0; n < 16; n++ {
		i := bytes.Index(b, classURLMoniker)
		if i < 0 {
			return
		}
		b = b[i+len(classURLMoniker):]
		if len(b) < 6 {
			return
		}
		s.remote(f, "object", strings.TrimSpace(utf16Text(b[4:min(len(b), 4100)])))
	}
}

// equation looks at an object of the old equation editor.
func (s *session) equation(f *file, c *compound, e *oleEntry) {
	prefix := ""
	if e.kind == oleStorage {
		prefix = e.path + "/"
	}
	if b := c.readPath(prefix+"Equation Native", 64<<10); b != nil {
		s.equationData(f, b)
	} else if c.find(prefix+"\x01Ole10Native") != nil {
		s.fact(f, "equation-exploit", "equation object without an equation")
	}
}

// equationData looks for a font record that is longer than the editor has room for (CVE-2017-11882; MTEF 3 has font names of at most 31
// characters in it, the editor copies until NUL).
func (s *session) equationData(f *file, b []byte) {
	s.fact(f, "equation-object", "")
	if len(b) < 34 || binary.LittleEndian.Uint16(b) > 64 {
		return
	}
	b = b[min(int(binary.LittleEndian.Uint16(b)), len(b)):]
	if len(b) < 6 {
		return
	}
	b = b[5:]                // MTEF header: version, platform, product, version, subversion
	for n := 0; n < 8; n++ { // first records only
		if len(b) < 4 {
			return
		}
		switch b[0] & 0x0F {
		case 10, 11, 12, 13, 14: // sizes without content
			b = b[1:]
		case 1: // line
			b = b[1:]
		case 8: // font: typeface, style, name
			name := b[3:]
			if i := bytes.IndexByte(name[:min(len(name), 4096)], 0); i > 40 || i < 0 && len(name) > 40 {
				s.fact(f, "equation-exploit", "a font name that runs over its place")
			}
			return
		default:
			return
		}
	}
}

// openPowerPoint reads the records of a presentation ([MS-PPT] section 2.3.1) for what is stored in them: macros and objects are compound
// files of their own, usually deflated.
func openPowerPoint(s *session, f *file, c *compound) {
	b := c.readPath("PowerPoint Document", s.lim.File)
	le := binary.LittleEndian
	for n := 0; len(b) >= 8 && n < 200_000; n++ {
		version, kind, size := le.Uint16(b), le.Uint16(b[2:]), uint64(le.Uint32(b[4:]))
		b = b[8:]
		if version&0x0F == 0x0F { // a container: its records follow
			continue
		}
		v := b[:min(size, uint64(len(b)))]
		b = b[len(v):]
		switch kind {
		case 0x1011: // ExternalOleObjectStg
			if version>>4 == 1 && len(v) > 4 {
				v = s.unzlib(f, v[4:])
			}
			if len(v) > 0 && !s.over() {
				s.pptObject(f, v)
			}
		case 0x0FA0: // TextCharsAtom
			s.say(plainControls(utf16Text(v)))
		case 0x0FA8: // TextBytesAtom
			s.say(plainControls(email.ReadCodePage(v, 1252)))
		case 0x0FBA: // CString: among others the addresses of links
			if t := utf16Text(v); strings.Contains(t[:min(len(t), 20)], "://") {
				s.hyperlink(f, t, "")
			}
		}
	}
}

func (s *session) pptObject(f *file, v []byte) {
	inner := openCompound(v)
	if inner == nil {
		return
	}
	if projects := s.oleProjects(f, inner); len(projects) > 0 {
		s.macros(f, projects, nil)
		return
	}
	if s.take(f, int64(len(v))) {
		s.child(f, "object.bin", v)
	}
}

// unzlib undoes zlib, within what may still be unpacked.
func (s *session) unzlib(f *file, b []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		s.defect("file-office-broken", f.way)
		return nil
	}
	defer r.Close()
	return s.slurp(f, r)
}

// slurp reads to the end, within what may still be unpacked of one file and of all. What came before an error is returned.
func (s *session) slurp(f *file, r io.Reader) []byte {
	limit := min(s.lim.File, s.bytes)
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(out)) > limit {
		s.defect("file-limit-bytes", f.way)
		out = out[:max(limit, 0)]
	} else if err != nil {
		s.defect("file-office-broken", f.way)
	}
	s.bytes -= int64(len(out))
	return out
}
