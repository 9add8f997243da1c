package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/email"
)

// Excel's own macros (Excel 4, "XLM") are formulas on sheets of their own. This reads the records of old workbooks ([MS-XLS]) far enough
// to know the sheets, the names that start by themselves, and which functions formulas call; ooxmlsheet.go does so for the binary parts of xlsb.

// xlmFunctions are the numbers of functions ([MS-XLS] section 2.5.198.17) that reach beyond the workbook.
var xlmFunctions = map[uint16]string{17: "RUN", 96: "FORMULA", 110: "EXEC", 132: "FOPEN", 136: "FWRITE", 137: "FWRITELN", 149: "REGISTER",
	150: "CALL", 186: "GET.WORKSPACE", 107: "SEND.KEYS", 108: "INITIATE", 109: "REQUEST"}

// xlmNames are the same in order.
var xlmNames = slices.Sorted(maps.Values(xlmFunctions))

var xlmReaches = map[string]bool{"EXEC": true, "CALL": true, "REGISTER": true}

// workbook gathers what sheets, names and formulas tell.
type workbook struct {
	macroSheets []string
	hidden      []string // macro sheets that are out of sight
	starts      []string
	calls       []string // names of xlmFunctions
	texts       []string // of formulas
	records     int
}

const maxRecords = 2_000_000

// sheet notes a sheet. state is 0 in sight, 1 hidden, 2 hidden so that only a program can show it.
func (w *workbook) sheet(name string, macro bool, state byte) {
	if !macro {
		return
	}
	note(&w.macroSheets, name)
	if state&3 > 0 {
		note(&w.hidden, name)
	}
}

// named notes a defined name.
func (w *workbook) named(name string) {
	low := strings.ToLower(strings.TrimPrefix(strings.ToLower(name), "_xlnm."))
	for _, p := range [...]string{"auto_open", "auto_close", "auto_activate", "auto_deactivate"} {
		if strings.HasPrefix(low, p) {
			note(&w.starts, p)
		}
	}
}

// workbook reports what was gathered.
func (s *session) workbook(f *file, w *workbook) {
	var reaches []string
	for _, c := range w.calls {
		if xlmReaches[c] {
			note(&reaches, c)
		}
	}
	s.textLinks(f, "macro", w.texts)
	for _, t := range w.texts {
		low := strings.ToLower(t)
		for _, word := range reachTexts {
			if strings.Contains(low, word) && len(reaches) > 0 {
				note(&reaches, strings.TrimSpace(word))
			}
		}
	}
	if len(w.macroSheets) == 0 && len(reaches) == 0 {
		return
	}
	s.fact(f, "old-excel-macro", strings.Join(w.macroSheets, ", "))
	if len(w.hidden) > 0 {
		s.fact(f, "hidden-macro-sheet", strings.Join(w.hidden, ", "))
	}
	switch {
	case len(w.starts) > 0 && len(reaches) > 0:
		s.fact(f, "macro-attack", strings.Join(w.starts, ", ")+"; "+strings.Join(reaches, ", "))
	case len(reaches) > 0:
		s.fact(f, "macro-reaches-out", strings.Join(reaches, ", "))
	}
	if len(w.starts) > 0 {
		s.fact(f, "macro-starts-alone", strings.Join(w.starts, ", "))
	}
}

// openBIFF reads the stream of an old workbook. locked says that it is encrypted and no password at hand opens it.
func openBIFF(s *session, f *file, b []byte) (locked bool) {
	le := binary.LittleEndian
	var w workbook
	whole, unlocked := b, false
	var version uint16
	macro := false // the part that is read is a macro sheet
	defer func() { s.workbook(f, &w) }()
	for len(b) >= 4 && w.records < maxRecords {
		if w.records++; w.records%4096 == 0 && s.over() {
			return locked
		}
		kind, size := le.Uint16(b), int(le.Uint16(b[2:]))
		v := b[4:min(4+size, len(b))]
		b = b[4+len(v):]
		switch kind {
		case 0x0809: // BOF
			if len(v) >= 4 {
				if version == 0 {
					version = le.Uint16(v)
				}
				macro = le.Uint16(v[2:]) == 0x0040
			}
		case 0x002F: // FILEPASS
			if unlocked {
				continue
			}
			key := s.unlockBIFF(f, v)
			if key == nil {
				return true
			}
			at := len(whole) - len(b)
			whole, unlocked = decryptBIFF(whole, key), true
			b = whole[at:]
		case 0x0085: // BOUNDSHEET
			if len(v) >= 8 {
				w.sheet(biffName(v[6:], version), v[5] == 1, v[4])
			}
		case 0x0018: // NAME
			w.name(v, version)
		case 0x0006: // FORMULA
			if version == 0x0600 && len(v) >= 22 {
				w.formula(slice(v, 22, uint32(le.Uint16(v[20:]))), biffSizes, macro)
			}
		case 0x01B8: // HLINK
			if i := bytes.Index(v, classURLMoniker); i >= 0 && len(v) > i+20 {
				s.hyperlink(f, utf16Text(v[i+20:]), "")
			}
		case 0x01AE: // SUPBOOK
			s.supBook(f, v)
		case 0x00FC: // SST
			s.sharedStrings(v)
		}
	}
	return false
}

// unlockBIFF tries the passwords at hand on a workbook; nil when none fits.
func (s *session) unlockBIFF(f *file, filePass []byte) biffKey {
	for i, password := range append([]string{excelPassword}, s.officePasswords()...) {
		key := biffPassword(filePass, password)
		switch {
		case key == nil:
			continue
		case i == 0:
			s.fact(f, "document-default-password", "")
		default:
			s.fact(f, "document-unlocked", strconv.Quote(password))
		}
		return key
	}
	return nil
}

// biffName reads a short string: length, in version 8 a flag for UTF-16, characters.
func biffName(v []byte, version uint16) string {
	if len(v) < 2 {
		return ""
	}
	n := int(v[0])
	if version != 0x0600 {
		return email.ReadCodePage(v[1:min(1+n, len(v))], 1252)
	}
	return biffChars(v[1:], n)
}

// biffChars reads n characters behind a flag byte.
func biffChars(v []byte, n int) string {
	if len(v) < 1 {
		return ""
	}
	if v[0]&1 != 0 {
		return utf16Text(v[1:min(1+2*n, len(v))])
	}
	return email.ReadCodePage(v[1:min(1+n, len(v))], 1252)
}

// name reads a NAME record ([MS-XLS] section 2.4.150): built-in names are one character.
func (w *workbook) name(v []byte, version uint16) {
	if len(v) < 15 {
		return
	}
	flags, n := binary.LittleEndian.Uint16(v), int(v[3])
	var name string
	if version == 0x0600 {
		name = biffChars(v[14:], n)
	} else {
		name = email.ReadCodePage(v[14:min(14+n, len(v))], 1252)
	}
	if flags&0x0020 != 0 && name != "" {
		switch name[0] {
		case 0x01:
			name = "auto_open"
		case 0x02:
			name = "auto_close"
		case 0x0A:
			name = "auto_activate"
		case 0x0B:
			name = "auto_deactivate"
		}
	}
	w.named(name)
}

// supBook looks for DDE: its path has the program, 0x03, and the topic ([MS-XLS] section 2.4.271).
func (s *session) supBook(f *file, v []byte) {
	if len(v) < 6 {
		return
	}
	path := biffChars(v[4:], int(binary.LittleEndian.Uint16(v[2:])))
	if program, topic, ok := strings.Cut(path, "\x03"); ok {
		s.dde(f, fmt.Sprintf("%s|%s", program, topic))
	}
}

// sharedStrings says the texts of cells, as far as the first record goes.
func (s *session) sharedStrings(v []byte) {
	le := binary.LittleEndian
	if len(v) < 8 {
		return
	}
	v = v[8:]
	var out strings.Builder
	for len(v) >= 3 && out.Len() < s.lim.Text {
		n, flags := int(le.Uint16(v)), v[2]
		head, after := 3, 0
		if flags&8 != 0 && len(v) >= head+2 { // formatting runs
			after += 4 * int(le.Uint16(v[head:]))
			head += 2
		}
		if flags&4 != 0 && len(v) >= head+4 { // phonetic text
			after += int(min(le.Uint32(v[head:]), 1<<20))
			head += 4
		}
		size := n
		if flags&1 != 0 {
			size = 2 * n
		}
		if head+size > len(v) {
			break
		}
		if flags&1 != 0 {
			out.WriteString(utf16Text(v[head : head+size]))
		} else {
			out.WriteString(email.ReadCodePage(v[head:head+size], 1252))
		}
		out.WriteByte('\n')
		v = v[min(head+size+after, len(v)):]
	}
	s.say(plainControls(out.String()))
}

// tokenSizes tells how long the operands of formula tokens are ([MS-XLS] section 2.5.198, [MS-XLSB] section 2.5.97); -1 ends the walk.
type tokenSizes struct {
	wide    bool     // texts are 16-bit length and UTF-16
	operand [32]int8 // of the tokens with a class, by their low five bits
}

var (
	biffSizes   = tokenSizes{operand: [32]int8{7, 2, 3, 4, 4, 8, 6, 6, 6, 2, 4, 8, 4, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 6, 6, 10, 6, 10, -1, -1}}
	biff12Sizes = tokenSizes{wide: true, operand: [32]int8{14, 2, 3, 4, 6, 12, 6, 6, 6, 2, 6, 12, 6, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 6, 8, 14, 8, 14, -1, -1}}
)

// formula walks the tokens of one formula for functions and texts.
func (w *workbook) formula(b []byte, sizes tokenSizes, macro bool) {
	le := binary.LittleEndian
	for len(b) > 0 {
		t := b[0]
		b = b[1:]
		n := 0
		switch {
		case t >= 0x20:
			base := t & 0x1F
			if t >= 0x80 {
				return
			}
			n = int(sizes.operand[base])
			switch {
			case n < 0 || n > len(b):
				return
			case base == 1:
				w.called(le.Uint16(b), macro)
			case base == 2:
				w.called(le.Uint16(b[1:])&0x7FFF, macro)
			}
		case t == 0x01 || t == 0x02:
			n = 4
		case t == 0x17:
			var text string
			if sizes.wide {
				if len(b) < 2 {
					return
				}
				n = 2 + 2*int(le.Uint16(b))
				text = utf16Text(b[min(2, len(b)):min(n, len(b))])
			} else {
				if len(b) < 2 {
					return
				}
				if n = 2 + int(b[0]); b[1]&1 != 0 {
					n += int(b[0])
				}
				text = biffChars(b[1:], int(b[0]))
			}
			if len(w.texts) < 200 && len(text) > 3 && (macro || strings.Contains(text, "://")) {
				w.texts = append(w.texts, text)
			}
		case t == 0x18:
			n = 5
		case t == 0x19:
			if n = 3; len(b) >= 3 && b[0]&4 != 0 {
				n += 2 * (int(le.Uint16(b[1:])) + 1)
			}
		case t == 0x1C || t == 0x1D:
			n = 1
		case t == 0x1E:
			n = 2
		case t == 0x1F:
			n = 8
		}
		if n > len(b) {
			return
		}
		b = b[n:]
	}
}

func (w *workbook) called(number uint16, macro bool) {
	if name := xlmFunctions[number]; name != "" && (macro || xlmReaches[name]) {
		note(&w.calls, name)
	}
}
