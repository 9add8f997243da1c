package submission

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
)

// Inline is a message that somebody forwarded by quoting it.
type Inline struct {
	Above    string // what stands above the quoted head
	From     string // address, lower case; "" when only a name is quoted
	FromName string
	To       []string // addresses
	Subject  string
	Date     time.Time // zero when it cannot be told
	Zoned    bool
	Body     string // below the head, without quote marks, cut
}

// Bounds of reading a text.
const (
	maxInlineText  = 512 << 10
	maxInlineLines = 10_000
	maxHeadLines   = 40 // from the first label to the last
	maxLine        = 4096
)

// ReadInline finds the first quoted head in a text: lines with labels in one of many languages (From/Sent/To/Subject, Von/Gesendet/An/Betreff,
// De/Envoyé/À/Objet, ...), of which a sender, and a subject or a date, must be there. Lines may be quoted ("> From:"), bold ("*From:*"), wrapped,
// and have empty lines between them, as some programs write them. What was reported is the first head: those below it are older.
func ReadInline(text string) (Inline, bool) {
	if len(text) > maxInlineText {
		text = text[:maxInlineText]
	}
	lines := strings.SplitN(strings.ReplaceAll(text, "\r\n", "\n"), "\n", maxInlineLines+1)
	if len(lines) > maxInlineLines {
		lines = lines[:maxInlineLines]
	}
	for i := 0; i < len(lines); i++ {
		l, _ := labelled(lines[i])
		if l == noLabel || l == labelCc || l == labelTo {
			continue
		}
		h, end := readHead(lines, i)
		if h[labelFrom] == "" || h[labelSubject] == "" && h[labelDate] == "" {
			if end > i+1 {
				i = end - 1 // these lines were looked at; none of them begins a head
			}
			continue
		}
		return inlineOf(h, lines, i, end), true
	}
	return Inline{}, false
}

// readHead collects the labelled lines from line i on. end is the line behind the head.
func readHead(lines []string, i int) (h map[label]string, end int) {
	h = map[label]string{}
	last, blank := noLabel, 0
	end = i
	for n := i; n < len(lines) && n < i+maxHeadLines; n++ {
		line := plainLine(lines[n])
		if line == "" {
			// One empty line may stand between fields, none before what cannot be one.
			if blank++; blank > 1 {
				break
			}
			continue
		}
		l, value := labelled(lines[n])
		switch {
		case l != noLabel:
			if _, twice := h[l]; twice && l != labelOther && l != labelCc {
				return h, end // the head of an older message
			}
			h[l], last = value, l
		case blank > 0 || last == noLabel:
			return h, end
		case len(h[last]) < maxLine: // a wrapped value
			h[last] += " " + line
		}
		blank, end = 0, n+1
	}
	return h, end
}

// labelled cuts a line at its colon when what stands before it is a label.
func labelled(line string) (label, string) {
	line = plainLine(line)
	i := strings.IndexAny(line, ":：")
	if i <= 0 || i > 60 {
		return noLabel, ""
	}
	name := strings.ToLower(strings.Trim(line[:i], "*_ \u00a0\u202f\t"))
	l := labels[name]
	if l == noLabel {
		return noLabel, ""
	}
	value := strings.TrimPrefix(strings.TrimPrefix(line[i:], ":"), "：")
	return l, strings.Trim(value, "*_ \u00a0\u202f\t")
}

// plainLine is a line without quote marks and space around it.
func plainLine(s string) string {
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "")
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return r == '>' || r == '|' || r == '\ufeff' || r == '\u200e' || r == '\u200f' || unicode.IsSpace(r)
	})
}

func inlineOf(h map[label]string, lines []string, from, end int) Inline {
	q := Inline{Subject: cut(h[labelSubject], MaxSubject)}
	q.From, q.FromName = person(h[labelFrom])
	q.Date, q.Zoned = quotedDate(h[labelDate])
	for item := range strings.SplitSeq(cut(h[labelTo], maxLine), ",") {
		if a, _ := person(item); a != "" && len(q.To) < 50 {
			q.To = append(q.To, a)
		}
	}
	above := lines[:from]
	for n := len(above) - 1; n >= 0 && n > len(above)-4; n-- {
		if line := strings.ToLower(plainLine(above[n])); line == "" || strings.Trim(line, "-_*= ") == "" || hasForwardWord(line) {
			above = above[:n]
			continue
		}
		break
	}
	q.Above = cut(strings.TrimSpace(strings.Join(above, "\n")), MaxComment)
	var b strings.Builder
	for _, line := range lines[min(end, len(lines)):] {
		if b.Len() > MaxQuoted {
			break
		}
		b.WriteString(strings.TrimPrefix(strings.TrimPrefix(cut(line, maxLine), ">"), " "))
		b.WriteByte('\n')
	}
	q.Body = cut(strings.TrimSpace(b.String()), MaxQuoted)
	return q
}

func hasForwardWord(line string) bool {
	for _, w := range forwardWords {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}

// person reads "Name <a@x.example>", "a@x.example", "Name [mailto:a@x.example]", "Name (a@x.example)" or a name alone.
func person(s string) (address, name string) {
	s = strings.TrimSpace(cut(s, 2*maxName))
	if a, err := mail.ParseAddress(s); err == nil {
		return strings.ToLower(a.Address), a.Name
	}
	flat := strings.NewReplacer("[mailto:", "<", "<mailto:", "<", "mailto:", "").Replace(s)
	for word := range strings.FieldsFuncSeq(flat, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>[]();,\"'", r) }) {
		local, domain, ok := strings.Cut(word, "@")
		if ok && local != "" && strings.Contains(domain, ".") && !strings.Contains(domain, "@") {
			name, _, _ = strings.Cut(flat, word)
			return strings.ToLower(word), strings.Trim(name, "<>[]()\"'*, \t")
		}
	}
	return "", strings.Trim(s, "<>[]()\"'*, \t")
}

func (q Inline) original() Original {
	return Original{Form: Quoted, From: cut(q.From, maxName), FromName: cut(q.FromName, maxName), Subject: q.Subject, Date: q.Date, Zoned: q.Zoned, Quoted: q.Body}
}
