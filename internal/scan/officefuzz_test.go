package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/scan/scantest"
)

// tryOpener runs an opener on its own, without what catches its panics, and holds the bounds.
func tryOpener(t *testing.T, o opener, name string, content []byte) *session {
	t.Helper()
	m := &email.Message{}
	s := newSession(context.Background(), m, Limits{Time: 10 * time.Second})
	f := &file{Attachment: email.NewAttachment(name, "", "", content), content: content, way: name}
	start := time.Now()
	o(s, f)
	if d := time.Since(start); d > 8*time.Second {
		t.Errorf("%s with %d octets took %v", name, len(content), d)
	}
	if len(m.Links) > maxLinks || len(s.report.Facts) > maxFacts || s.text.Len() > s.lim.Text+8<<10 {
		t.Errorf("%d links, %d facts, %d octets of text", len(m.Links), len(s.report.Facts), s.text.Len())
	}
	return s
}

func fuzzOpener(f *testing.F, o opener, name string, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 1<<20 {
			tryOpener(t, o, name, b)
		}
	})
}

const sampleMacro = "Sub AutoOpen()\r\na = \"po\" & Chr(119) & StrReverse(\"llehsre\") _\r\n & x\r\nShell a\r\nEnd Sub\r\n"

func FuzzOLE(f *testing.F) {
	doc := append(scantest.VBA("Macros/", []string{"AutoOpen"}, scantest.Module{Name: "M", Source: sampleMacro}), scantest.Stream{Path: "WordDocument", Data: make([]byte, 600)},
		scantest.Stream{Path: "ObjectPool/_1/\x01Ole10Native", Data: scantest.Native("a.exe", []byte("MZ"))})
	fuzzOpener(f, openOLE, "a.doc", scantest.OLE(doc...), scantest.XLS(scantest.Record(0x0809, 0, 6, 5, 0), scantest.Record(0x0085, 0, 0, 0, 0, 2, 1, 1, 0, 'A'), scantest.Record(0x0006, make([]byte, 40)...)),
		scantest.OLE(scantest.Stream{Path: "PowerPoint Document", Data: []byte{0, 0, 0xA0, 0x0F, 2, 0, 0, 0, 'a', 0, 0x10, 0, 0x11, 0x10, 9, 0, 0, 0, 1, 0, 0, 0, 0x78, 0x9C, 3, 0, 0}}), scantest.Encrypt([]byte("PK"), "a", 1),
		scantest.LockXLS(excelPassword, scantest.Record(0x0809, 0, 6, 5, 0), scantest.Record(0x0085, 0, 0, 0, 0, 2, 1, 1, 0, 'A')))
}

func FuzzVBA(f *testing.F) {
	f.Add(scantest.Compress([]byte(sampleMacro)), sampleMacro)
	f.Add([]byte("\x01\x19\xB0\x00abc"), "x = \"a\": x = x & x")
	f.Fuzz(func(t *testing.T, packed []byte, source string) {
		if out, _ := decompressVBA(packed, 1<<20); len(out) > 1<<20 {
			t.Errorf("%d octets", len(out))
		}
		findVBASource(packed, 1<<16)
		readVBADir(packed)
		m := readMacros(vbaProject{modules: []vbaModule{{name: "M", source: source}}, names: packed}, nil)
		if len(m.starts) > maxNoted || len(m.hides) > maxNoted {
			t.Errorf("%+v", m)
		}
		if out, ok := decompressVBA(scantest.Compress([]byte(source)), 1<<20); len(source) < 1<<20 && source != "" && (!ok || string(out) != source) {
			t.Errorf("%q came back as %q", source, out)
		}
	})
}

func FuzzOOXML(f *testing.F) {
	parts := []string{"word/document.xml", "word/_rels/document.xml.rels", "xl/workbook.xml", "xl/macrosheets/sheet1.xml", "ppt/slides/slide1.xml", "xl/workbook.bin", "xl/macrosheets/a.bin"}
	f.Add(byte(0), []byte(`<w:p><w:r><w:t>a&amp;b</w:t></w:r></w:p>`))
	f.Add(byte(1), []byte(`<Relationship Id="a" Type="x/oleObject" Target="http://a.example/" TargetMode="External"/>`))
	f.Add(byte(2), []byte(`<sheet name="a" state="veryHidden" r:id="b"/>`))
	f.Add(byte(5), []byte{0x9C, 1, 4, 0, 0, 0, 0})
	f.Add(byte(100), []byte("<w:binData>QWN0aXZlTWltZQAAAAAAAAAAAAAAAAAAeJwAAA==</w:binData>"))
	f.Add(byte(100), []byte("ActiveMime\x00\x00\x78\x9c\x03\x00\x00"))
	f.Add(byte(100), scantest.DOCX(scantest.Field("DDE", "AUTO cmd")))
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		if int(which) >= len(parts) { // the zip itself
			tryOpener(t, openOOXML, "a.docx", b)
			tryOpener(t, openODF, "a.odt", b)
			tryOpener(t, openXMLFile, "a.xml", b)
			tryOpener(t, openActiveMime, "a.mso", b)
			return
		}
		packed := scantest.Zip(scantest.Entry{Name: parts[which], Data: string(b)})
		tryOpener(t, openOOXML, "a.docx", packed)
		tryOpener(t, openODF, "a.odt", scantest.Zip(scantest.Entry{Name: "content.xml", Data: string(b)}))
	})
}

func FuzzRTF(f *testing.F) {
	fuzzOpener(f, openRTF, "a.rtf", scantest.RTF("a", scantest.OLE1("Package", scantest.Package("a.exe", []byte("MZ"))), `\objupdate`, "{\\*\\x 1}"),
		[]byte(`{\rtf1{\*\template \u104?ttp\'3a//a.example/}{\field{\*\fldinst HYPERLINK "http://b.example"}}\bin3 abc}`))
}

func FuzzOneNote(f *testing.F) {
	fuzzOpener(f, openOneNote, "a.one", scantest.OneNote(scantest.Entry{Name: "a.hta", Data: "x"}, scantest.Entry{Name: "b.pdf", Data: "%PDF-"}))
}

func FuzzMSG(f *testing.F) {
	fuzzOpener(f, openOLE, "a.msg", scantest.MSG(scantest.Saved{Subject: "a", Body: "http://a.example", HTML: "<a href='http://b.example'>b</a>", Files: []scantest.Entry{{Name: "a.txt", Data: "x"}}, Messages: []scantest.Saved{{Subject: "b"}}}))
}

// TestDecompress holds the examples of [MS-OVBA] section 3.2.
func TestDecompress(t *testing.T) {
	for _, c := range [][2]string{
		{"\x01\x19\xB0\x00abcdefgh\x00ijklmnop\x00qrstuv.", "abcdefghijklmnopqrstuv."},
		{"\x01\x2F\xB0\x00#aaabcde\x82f\x00paghij\x018\x08akl\x000mnop\x06q\x02p\x04\x10rstuv\x10wxyz\x00<", "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"},
		{"\x01\x03\xB0\x02aE\x00", strings.Repeat("a", 73)},
	} {
		if out, ok := decompressVBA([]byte(c[0]), 1<<20); string(out) != c[1] || !ok {
			t.Errorf("%q gave %q, %v", c[0], out, ok)
		}
	}
}

type hostile struct {
	open    opener
	content []byte
	whole   bool // it can be read in full
}

// hostileOffice are files that ask for much. Each must end soon and within bounds.
func hostileOffice() map[string]hostile {
	le := binary.LittleEndian
	out := map[string]hostile{}
	cyclic := scantest.OLE(scantest.Stream{Path: "WordDocument", Data: bytes.Repeat([]byte("x"), 1<<20)}, scantest.Stream{Path: "VBA/dir", Data: bytes.Repeat([]byte("y"), 5000)})
	fat := len(cyclic)
	for fat > 512 && le.Uint32(cyclic[fat-512:]) != 1 { // the first FAT sector begins with "next is 1"
		fat -= 512
	}
	for at := fat - 512; at+4 <= len(cyclic); at += 4 {
		le.PutUint32(cyclic[at:], 5)
	}
	out["every sector leads to one"] = hostile{openOLE, cyclic, false}
	counts := scantest.OLE(scantest.Stream{Path: "WordDocument", Data: make([]byte, 600)})
	for _, at := range []int{40, 44, 64, 72} {
		le.PutUint32(counts[at:], 0xFFFFFFF0)
	}
	le.PutUint32(counts[68:], 0)
	out["counts of billions"] = hostile{openOLE, counts, true}
	many := make([]scantest.Stream, 0, 15_000)
	many = append(many, scantest.Stream{Path: "big", Data: bytes.Repeat([]byte("z"), 8<<20)})
	for i := range cap(many) - 1 {
		many = append(many, scantest.Stream{Path: fmt.Sprintf("s%d/\x01Ole10Native", i), Data: []byte("1")})
	}
	shared := scantest.OLE(many...)
	for at := 512; at+128 <= len(shared); at += 128 { // all names share the big stream
		if shared[at+66] == 2 && shared[at+64] == 28 {
			le.PutUint32(shared[at+116:], 0)
			le.PutUint32(shared[at+120:], 8<<20)
		}
	}
	out["15,000 names for one stream"] = hostile{openOLE, shared, false}
	bomb := []byte{1}
	for len(bomb) < 4<<20 {
		bomb = append(bomb, 4, 0xB0, 2, 'a', 0xFF, 0x0F, 0)
	}
	out["macro bomb"] = hostile{openOLE, scantest.OLE(scantest.Stream{Path: "VBA/dir", Data: bomb}, scantest.Stream{Path: "VBA/M", Data: append([]byte{1, 9, 0xB0, 0}, append([]byte("Attribut"), bomb...)...)}), false}
	out["macro that grows"] = hostile{openOOXML, scantest.DOCM(nil, scantest.Module{Name: "M", Source: "Sub AutoOpen()\nx = \"abcd\"\n" + strings.Repeat("x = x & x & \"e\"\n", 60_000) + "y = " + strings.Repeat("StrReverse(", 100_000) + "\n" + strings.Repeat("\"a\" & ", 200_000)}), true}
	var rels strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&rels, `<Relationship Id="r%d" Type="x/hyperlink" Target="https://h%d.example/" TargetMode="External"/>`, i, i)
	}
	out["100,000 relations"] = hostile{openOOXML, scantest.DOCX("", scantest.Entry{Name: "word/_rels/document.xml.rels", Data: rels.String()}), false}
	out["deep XML"] = hostile{openOOXML, scantest.DOCX(strings.Repeat("<w:p>", 1_000_000) + strings.Repeat(`<w:fldChar w:fldCharType="begin"/>`, 20_000)), true}
	out["part of 64 MiB"] = hostile{openOOXML, scantest.DOCX(strings.Repeat(" ", 64<<20)), false}
	parts := make([]scantest.Entry, 30_000)
	for i := range parts {
		parts[i] = scantest.Entry{Name: fmt.Sprintf("word/media/image%d.png", i), Data: "\x89PNG\r\n\x1a\n" + fmt.Sprint(i)}
	}
	out["30,000 pictures"] = hostile{openOOXML, scantest.DOCX("", parts...), false}
	out["no list of parts"] = hostile{openOOXML, scantest.DOCX(scantest.Paragraph("x"))[:300], false}
	out["deep RTF"] = hostile{openRTF, []byte(`{\rtf1` + strings.Repeat("{", 4<<20)), false}
	out["RTF of digits"] = hostile{openRTF, []byte(`{\rtf1{\object{\*\objdata ` + strings.Repeat("01", 12<<20) + "}}"), true}
	out["many RTF objects"] = hostile{openRTF, []byte(`{\rtf1` + strings.Repeat(`{\object{\*\objdata 0105000002000000080000005061636b616765000000000000000000040000004d5a0000}}`, 100_000)), false}
	notes := bytes.Repeat(append(append([]byte{}, fileDataStore...), make([]byte, 24)...), 100_000)
	out["100,000 notes"] = hostile{openOneNote, notes, true}
	random := make([]byte, 16<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.UintN(3))
	}
	out["notes at random"] = hostile{openOneNote, random, true}
	deep := scantest.Saved{Subject: "x"}
	for range 30 {
		deep = scantest.Saved{Subject: "y", Messages: []scantest.Saved{deep}}
	}
	out["message in message"] = hostile{openOLE, scantest.MSG(deep), false}
	out["a million rounds"] = hostile{openOLE, scantest.Encrypt([]byte("PK"), "a", 900_000), true}
	return out
}

func TestHostileOffice(t *testing.T) {
	if testing.Short() {
		t.Skip("builds large files")
	}
	for name, c := range hostileOffice() {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			s := tryOpener(t, c.open, "a.bin", c.content)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			t.Logf("%d octets in %v, %d MB allocated, %d defects, %d facts", len(c.content), took, (after.TotalAlloc-before.TotalAlloc)>>20, len(s.m.Defects), len(s.report.Facts))
			if took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if len(s.m.Defects) == 0 && !c.whole {
				t.Errorf("no defect says that it was not read in full")
			}
		})
	}
}
