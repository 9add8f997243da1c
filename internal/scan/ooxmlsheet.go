package scan

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// workbookXML reads the sheets and names of a workbook.
func (d *ooxml) workbookXML(p *part) {
	macro, b := d.macroSheets(p), d.read(p, maxPart)
	x := newXML(b)
	for n := 0; x.next() && n < maxRecords; n++ {
		if x.kind != xmlStart {
			continue
		}
		switch x.name {
		case "sheet":
			state := byte(0)
			switch x.attr("state") {
			case "hidden":
				state = 1
			case "veryHidden":
				state = 2
			}
			d.book.sheet(x.attr("name"), macro[x.attr("id")], state)
		case "definedName":
			d.book.named(x.attr("name"))
		}
	}
}

// macroSheets are the relations of a workbook that lead to macro sheets.
func (d *ooxml) macroSheets(p *part) map[string]bool {
	macro := map[string]bool{}
	for i := range d.relations {
		r := &d.relations[i]
		if r.from == p.low && (strings.EqualFold(r.kind, "xlMacrosheet") || strings.EqualFold(r.kind, "xlIntlMacrosheet") || strings.Contains(strings.ToLower(r.target), "macrosheets/")) {
			macro[r.id] = true
		}
	}
	return macro
}

// macroSheet reads the formulas of a macro sheet.
func (d *ooxml) macroSheet(b []byte) {
	x := newXML(b)
	in := false
	for n := 0; x.next(); n++ {
		if n%4096 == 4095 && d.s.over() {
			return
		}
		switch {
		case x.kind == xmlStart:
			in = x.name == "f" && !x.empty
		case x.kind == xmlEnd:
			in = false
		case in:
			d.book.written(unescapeXML(x.text))
		}
	}
}

// written looks at a formula as it is written.
func (w *workbook) written(formula string) {
	up := strings.ToUpper(formula)
	for _, name := range xlmNames {
		for at := 0; ; {
			i := strings.Index(up[at:], name+"(")
			if i < 0 {
				break
			}
			i += at
			if i == 0 || !nameByte(up[i-1]) && up[i-1] != '.' {
				note(&w.calls, name)
				break
			}
			at = i + len(name)
		}
	}
	if len(w.texts) < 200 && strings.Contains(formula, `"`) {
		w.texts = append(w.texts, strings.ReplaceAll(formula, `"&"`, ""))
	}
}

// worksheet looks for addresses in the formulas of a sheet.
func (d *ooxml) worksheet(b []byte) {
	for n := 0; n < maxLinks; n++ {
		i := bytes.Index(b, []byte("HYPERLINK("))
		if i < 0 {
			return
		}
		b = b[i+len("HYPERLINK("):]
		end := bytes.IndexByte(b, '<')
		if end < 0 {
			return
		}
		formula := unescapeXML(b[:min(end, 4096)])
		if strings.HasPrefix(formula, `"`) {
			url, _, _ := strings.Cut(formula[1:], `"`)
			d.s.hyperlink(d.f, url, "")
		}
	}
}

// externalLink looks for DDE in a link to another workbook.
func (d *ooxml) externalLink(b []byte) {
	x := newXML(b)
	for n := 0; x.next() && n < 10_000; n++ {
		if x.kind == xmlStart && x.name == "ddeLink" {
			d.s.dde(d.f, x.attr("ddeService")+"|"+x.attr("ddeTopic"))
		}
	}
}

// connections reads where a workbook takes data from.
func (d *ooxml) connections(b []byte) {
	x := newXML(b)
	for n := 0; x.next() && n < 10_000; n++ {
		if x.kind != xmlStart {
			continue
		}
		switch x.name {
		case "webPr":
			d.s.remote(d.f, "data", x.attr("url"))
		case "dbPr":
			if c := x.attr("connection"); c != "" {
				d.s.fact(d.f, "linked-file", "data: "+c)
			}
		case "connection":
			d.s.remote(d.f, "data", x.attr("sourceFile"))
		}
	}
}

// records12 walks the records of a binary part of xlsb ([MS-XLSB] section 2.1.4): type and size are numbers of seven bits an octet.
func records12(b []byte, each func(kind uint32, v []byte)) {
	for n := 0; len(b) > 0 && n < maxRecords; n++ {
		kind, rest, ok := number7(b, 2)
		if !ok {
			return
		}
		size, rest, ok := number7(rest, 4)
		if !ok {
			return
		}
		v := rest[:min(uint64(size), uint64(len(rest)))]
		each(kind, v)
		b = rest[len(v):]
	}
}

// number7 reads a number; of a record's type the high bits stay as they stand in the file's octets.
func number7(b []byte, most int) (n uint32, rest []byte, ok bool) {
	for i := 0; i < most && i < len(b); i++ {
		n |= uint32(b[i]&0x7F) << (7 * i)
		if b[i]&0x80 == 0 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}

// text12 reads a string with a 32-bit length in characters.
func text12(b []byte) (s string, rest []byte) {
	if len(b) < 4 {
		return "", nil
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n == 0xFFFFFFFF {
		return "", b[4:]
	}
	if b = b[4:]; 2*n > uint64(len(b)) {
		return "", nil
	}
	return utf16Text(b[:2*n]), b[2*n:]
}

// readWorkbook12 reads BrtBundleSh (sheets) and BrtName.
func (w *workbook) readWorkbook12(b []byte, macro map[string]bool) {
	records12(b, func(kind uint32, v []byte) {
		switch kind {
		case 156: // BrtBundleSh
			if len(v) >= 8 {
				id, rest := text12(v[8:])
				name, _ := text12(rest)
				w.sheet(name, macro[id], v[0])
			}
		case 39: // BrtName
			if len(v) >= 9 {
				name, _ := text12(v[9:])
				w.named(name)
			}
		}
	})
}

// readSheet12 reads the formulas of a macro sheet: BrtFmlaString, BrtFmlaNum, BrtFmlaBool, BrtFmlaError.
func (w *workbook) readSheet12(b []byte) {
	if len(w.macroSheets) == 0 {
		note(&w.macroSheets, "a macro sheet")
	}
	records12(b, func(kind uint32, v []byte) {
		if kind < 8 || kind > 11 || len(v) < 8 {
			return
		}
		v = v[8:] // column and style
		switch kind {
		case 8:
			_, v = text12(v)
		case 9:
			v = v[min(8, len(v)):]
		default:
			v = v[min(1, len(v)):]
		}
		if len(v) < 6 {
			return
		}
		w.formula(slice(v, 6, binary.LittleEndian.Uint32(v[2:])), biff12Sizes, true)
	})
}

// strings12 returns the shared strings (BrtSSTItem).
func strings12(b []byte, limit int) string {
	var out strings.Builder
	records12(b, func(kind uint32, v []byte) {
		if kind == 19 && len(v) > 1 && out.Len() < limit {
			t, _ := text12(v[1:])
			out.WriteString(t + "\n")
		}
	})
	return out.String()
}
