package scantest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// Module is one module of a macro project.
type Module struct {
	Name   string
	Source string // without it the module has compiled code only
	Cache  int    // octets of compiled code; 800 when 0
}

// Compress packs octets as [MS-OVBA] section 2.4.1 has it, without saving anything: whole chunks as they are, the last one as literals.
func Compress(b []byte) []byte {
	out := []byte{1}
	for len(b) >= 4096 {
		out = append(out, 0xFF, 0x3F)
		out = append(out, b[:4096]...)
		b = b[4096:]
	}
	for len(b) > 0 {
		n := min(len(b), 3600)
		var chunk []byte
		for i := 0; i < n; i += 8 {
			chunk = append(append(chunk, 0), b[i:min(i+8, n)]...)
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(len(chunk)-1)|0xB000)
		out = append(out, chunk...)
		b = b[n:]
	}
	return out
}

// VBA is a macro project's streams, with prefix before each path ("Macros/", "_VBA_PROJECT_CUR/" or ""). names are identifiers of the compiled code.
func VBA(prefix string, names []string, modules ...Module) []Stream {
	var dir []byte
	record := func(id uint16, v []byte) {
		dir = binary.LittleEndian.AppendUint16(dir, id)
		dir = binary.LittleEndian.AppendUint32(dir, uint32(len(v)))
		dir = append(dir, v...)
	}
	record(0x0001, []byte{1, 0, 0, 0}) // SYSKIND
	record(0x0003, []byte{0xE4, 0x04}) // CODEPAGE 1252
	record(0x0004, []byte("VBAProject"))
	dir = append(dir, 0x09, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0) // VERSION: its size says 4 and is 6
	record(0x000F, []byte{byte(len(modules)), 0})
	streams := []Stream{{Path: prefix + "PROJECT", Data: []byte("ID=\"{}\"\r\n")}}
	project := []byte{0xCC, 0x61, 0xFF, 0xFF, 0, 0, 0}
	for _, n := range names {
		project = append(append(project, n...), 0, 0)
	}
	streams = append(streams, Stream{Path: prefix + "VBA/_VBA_PROJECT", Data: project})
	for _, m := range modules {
		if m.Cache == 0 {
			m.Cache = 800
		}
		record(0x0019, []byte(m.Name))
		record(0x001A, []byte(m.Name))
		record(0x0032, UTF16(m.Name))
		record(0x0031, binary.LittleEndian.AppendUint32(nil, uint32(m.Cache)))
		record(0x0021, nil)
		record(0x002B, nil)
		data := bytes.Repeat([]byte{0xAA}, m.Cache)
		data = append(data, Compress([]byte("Attribute VB_Name = \""+m.Name+"\"\r\n"+m.Source))...)
		streams = append(streams, Stream{Path: prefix + "VBA/" + m.Name, Data: data})
	}
	record(0x0010, nil)
	return append(streams, Stream{Path: prefix + "VBA/dir", Data: Compress(dir)})
}

// Entry is one part of a zip, or a file in something else.
type Entry struct {
	Name string
	Data string
}

// Zip packs files. It panics when it cannot, which in memory it always can.
func Zip(files ...Entry) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate}
		if f.Name == "mimetype" { // of OpenDocument: readable at the start of the file
			h.Method = zip.Store
		}
		p, err := w.CreateHeader(h)
		if err == nil {
			_, err = p.Write([]byte(f.Data))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Relation is one relation of a part.
type Relation struct {
	ID, Kind, Target string
	External         bool
}

// Rels writes the relations of a part ("word/document.xml").
func Rels(part string, relations ...Relation) Entry {
	var out strings.Builder
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, r := range relations {
		if r.ID == "" {
			r.ID = fmt.Sprintf("rId%d", i+1)
		}
		mode := ""
		if r.External {
			mode = ` TargetMode="External"`
		}
		fmt.Fprintf(&out, `<Relationship Id="%s" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"%s/>`, r.ID, r.Kind, escape(r.Target), mode)
	}
	out.WriteString("</Relationships>")
	i := strings.LastIndexByte(part, '/') + 1
	return Entry{part[:i] + "_rels/" + part[i:] + ".rels", out.String()}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(s)
}

// DOCX is a Word document; body is what stands in <w:body>, further are more parts.
func DOCX(body string, further ...Entry) []byte {
	return Zip(append([]Entry{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"word/document.xml", `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="r"><w:body>` + body + `</w:body></w:document>`},
	}, further...)...)
}

// Paragraph is one paragraph of a Word document.
func Paragraph(text string) string {
	return "<w:p><w:r><w:t>" + escape(text) + "</w:t></w:r></w:p>"
}

// Field is a field whose instruction is spread over runs, one a piece.
func Field(pieces ...string) string {
	var out strings.Builder
	out.WriteString(`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>`)
	for _, p := range pieces {
		out.WriteString(`<w:r><w:instrText xml:space="preserve">` + escape(p) + `</w:instrText></w:r>`)
	}
	out.WriteString(`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>!Error</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`)
	return out.String()
}

// DOCM is a Word document with a macro project.
func DOCM(names []string, modules ...Module) []byte {
	return DOCX(Paragraph("A document."), Entry{"word/vbaProject.bin", string(OLE(VBA("", names, modules...)...))},
		Rels("word/document.xml", Relation{Kind: "vbaProject", Target: "vbaProject.bin"}))
}

// XLSX is a workbook; sheets is what stands in <sheets>, further are more parts.
func XLSX(workbook string, further ...Entry) []byte {
	return Zip(append([]Entry{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types/>`},
		{"xl/workbook.xml", `<workbook xmlns:r="r">` + workbook + `</workbook>`},
		{"xl/worksheets/sheet1.xml", `<worksheet><sheetData/></worksheet>`},
	}, further...)...)
}

// Package is a file as the packager of OLE writes it; in an Ole10Native stream a 32-bit length stands before it (Native).
func Package(name string, data []byte) []byte {
	le := binary.LittleEndian
	out := []byte{2, 0}
	out = append(append(out, name...), 0)
	out = append(append(out, `C:\tmp\`+name...), 0)
	out = append(out, 0, 0, 3, 0)
	temp := `C:\tmp\` + name + "\x00"
	out = le.AppendUint32(out, uint32(len(temp)))
	out = append(out, temp...)
	out = le.AppendUint32(out, uint32(len(data)))
	return append(out, data...)
}

// Native is a stream "\x01Ole10Native".
func Native(name string, data []byte) []byte {
	p := Package(name, data)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(p))), p...)
}

// OLE1 is an embedded object as RTF holds it.
func OLE1(class string, data []byte) []byte {
	le := binary.LittleEndian
	out := le.AppendUint32(nil, 0x501)
	out = le.AppendUint32(out, 2)
	out = le.AppendUint32(out, uint32(len(class)+1))
	out = append(append(out, class...), 0)
	out = append(out, 0, 0, 0, 0, 0, 0, 0, 0)
	out = le.AppendUint32(out, uint32(len(data)))
	return append(out, data...)
}

// RTF is a document with one object. between is put between all pairs of its digits; control words stand before its data.
func RTF(text string, object []byte, words, between string) []byte {
	digits := hex.EncodeToString(object)
	if between != "" {
		var out strings.Builder
		for i := 0; i < len(digits); i += 2 {
			out.WriteString(digits[i:i+2] + between)
		}
		digits = out.String()
	}
	return []byte(`{\rtf1\ansi\ansicpg1252 ` + text + `\par {\object\objemb` + words + `{\*\objdata ` + digits + `}}}`)
}

// OneNote is a section with embedded files; names stand before them.
func OneNote(files ...Entry) []byte {
	out := []byte("\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3")
	out = append(out, make([]byte, 1008)...)
	for _, f := range files {
		name := UTF16(f.Name + "\x00")
		out = binary.LittleEndian.AppendUint32(out, uint32(len(name)))
		out = append(append(out, name...), 0, 0, 0, 0)
	}
	for _, f := range files {
		out = append(out, "\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC"...)
		out = binary.LittleEndian.AppendUint64(out, uint64(len(f.Data)))
		out = append(out, make([]byte, 12)...)
		out = append(out, f.Data...)
		out = append(out, "\x22\xA7\xFB\x71\x79\x0F\x0B\x4A\xBB\x13\x89\x92\x56\x42\x6B\x24"...)
	}
	return out
}

// Saved is a message as Outlook saves it.
type Saved struct {
	Subject, Body, HTML string
	Files               []Entry
	Messages            []Saved
}

// MSG writes it ([MS-OXMSG]).
func MSG(m Saved) []byte { return OLE(m.streams("")...) }

func (m Saved) streams(prefix string) []Stream {
	out := []Stream{
		{Path: prefix + "__properties_version1.0", Data: make([]byte, 32)},
		{Path: prefix + "__substg1.0_0037001F", Data: UTF16(m.Subject)},
		{Path: prefix + "__substg1.0_1000001F", Data: UTF16(m.Body)},
	}
	if m.HTML != "" {
		out = append(out, Stream{Path: prefix + "__substg1.0_10130102", Data: []byte(m.HTML)})
	}
	for i, f := range m.Files {
		at := fmt.Sprintf("%s__attach_version1.0_#%08X/", prefix, i)
		out = append(out, Stream{Path: at + "__substg1.0_37010102", Data: []byte(f.Data)}, Stream{Path: at + "__substg1.0_3707001F", Data: UTF16(f.Name)})
	}
	for i, inner := range m.Messages {
		at := fmt.Sprintf("%s__attach_version1.0_#%08X/__substg1.0_3701000D/", prefix, len(m.Files)+i)
		out = append(out, inner.streams(at)...)
	}
	return out
}

// Record is one record of an old workbook.
func Record(kind uint16, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint16(nil, kind)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(data)))
	return append(out, data...)
}

// XLS is an old workbook made of records.
func XLS(records ...[]byte) []byte {
	return OLE(Stream{Path: "Workbook", Data: bytes.Join(records, nil)})
}
