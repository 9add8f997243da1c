package detect

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// detectContent looks at how the body is made: what it hides, and what stands in for words.
func detectContent(f *Facts, raise Raise) {
	m := f.Message
	if m.HTML == "" {
		return
	}
	if (f.htmlOnly || f.otherText) && !f.list {
		if n := letters(m.Hidden, 400); n >= 80 {
			raise("hidden-text", say("at least %d hidden letters: %q", n, strings.TrimSpace(m.Hidden)))
		}
		seen := letters(m.Visible, 400)
		clickable := 0
		for _, l := range f.web {
			if strings.TrimSpace(l.Text) == "" && l.Tag != "form" {
				clickable++
			}
		}
		if len(f.web) > 0 && seen < 60 {
			raise("little-text", say("%d letters, %d links, %d pictures", seen, len(f.web), f.images))
		}
		if clickable > 0 && f.images > 0 && seen < 200 {
			raise("image-as-text", say("%d pictures, %d links without text, %d letters", f.images, clickable, seen))
		}
	}
	if w := splitWord(cut(m.HTML, 4*maxBody)); w != "" {
		raise("split-words", say("%q reads %q", w, intel.Fold(blanks.Replace(w))))
	}
	if w := intel.MixedWord(cut(m.Visible, maxBody)); w != "" {
		raise("mixed-script-text", say("%q mixes %s", w, intel.Scripts(w)))
	}
	for i := range f.links {
		l := &f.links[i]
		if l.Tag != "form" || l.org == f.fromOrg || l.Where != email.InBody {
			continue
		}
		html := strings.ToLower(cut(m.HTML, maxScript))
		switch {
		case strings.Contains(html, `type="password"`), strings.Contains(html, "type=password"), strings.Contains(html, "type='password'"):
			raise("form-asks-password", say("input goes to %s", l.URL))
		case strings.Contains(html, "post"): // a form that only looks something up sends GET
			raise("form-in-mail", say("input goes to %s", l.URL))
		}
		break
	}
}

// letters counts letters and digits of s, up to max.
func letters(s string, max int) int {
	n := 0
	for _, r := range s {
		if (unicode.IsLetter(r) || unicode.IsDigit(r)) && !intel.Invisible(r) {
			if n++; n == max {
				break
			}
		}
	}
	return n
}

// blanks are the ways HTML writes characters that are not drawn.
var blanks = strings.NewReplacer("&zwnj;", "\u200c", "&zwj;", "\u200d", "&#8203;", "\u200b", "&#8204;", "\u200c", "&#8205;", "\u200d", "&#8288;", "\u2060",
	"&#65279;", "\ufeff", "&#x200b;", "\u200b", "&#x200B;", "\u200b", "&#x200c;", "\u200c", "&#x200C;", "\u200c", "&#x200d;", "\u200d", "&#x200D;", "\u200d",
	"&NoBreak;", "\u2060", "&ZeroWidthSpace;", "\u200b")

// hasBlank says that an entity of blanks may stand in html; most pages hold many others.
func hasBlank(html string) bool {
	for {
		i := strings.IndexByte(html, '&')
		if i < 0 || i+3 > len(html) {
			return false
		}
		switch html = html[i+1:]; html[:2] {
		case "zw", "#8", "#6", "#x", "No", "Ze":
			return true
		}
	}
}

// splitWord returns the first word of Latin letters with invisible characters between them, written out or as entities; soft hyphens,
// which newsletters use for line breaks, do not count. Scripts that need joiners are not Latin.
func splitWord(html string) string {
	if hasBlank(html) {
		html = blanks.Replace(html)
	}
	for i := 0; i < len(html); {
		if i+8 <= len(html) && binary.LittleEndian.Uint64([]byte(html[i:i+8]))&0x8080808080808080 == 0 { // all ASCII
			i += 8
			continue
		}
		if html[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(html[i:])
		if r != 0xad && intel.Invisible(r) && (r < 0xfe00 || r > 0xfe0f) && i > 0 && isASCIILetter(html[i-1]) {
			j := i + size
			for j < len(html) {
				next, n := utf8.DecodeRuneInString(html[j:])
				if !intel.Invisible(next) {
					break
				}
				j += n
			}
			if j < len(html) && isASCIILetter(html[j]) {
				return wordAround(html, i)
			}
		}
		i += size
	}
	return ""
}

func isASCIILetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func wordAround(s string, at int) string {
	start := strings.LastIndexAny(s[:at], " \t\r\n<>") + 1
	end := len(s)
	if i := strings.IndexAny(s[at:], " \t\r\n<>"); i >= 0 {
		end = at + i
	}
	return s[start:end]
}

// hiding are the defects through which one program reads other content than the next; the rest are carelessness.
var hiding = map[string]bool{"multipart-reopened": true, "header-conflict": true, "filename-conflict": true, "filename-nul": true,
	"param-conflict": true, "address-two-angles": true, "from-several": true, "message-encoded": true, "multipart-wrong-boundary": true, "nul-byte": true}

// detectDefects reads the places where the message broke a rule in a way that hides something.
func detectDefects(f *Facts, raise Raise) {
	if f.list {
		return
	}
	for _, d := range f.Message.Defects {
		if hiding[d.ID] {
			raise("hidden-by-defect", say("%s in %s", d.ID, d.Where))
			return
		}
	}
}
