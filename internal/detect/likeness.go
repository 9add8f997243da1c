package detect

import (
	"bytes"
	"strconv"
	"strings"

	"tocsin/internal/detect/model"
	"tocsin/internal/intel"
)

// Bounds of the features of likeness. Of all phrases every fourth is kept, by its hash, so that copies keep the same ones.
const (
	maxRuns   = 90
	maxShapes = 90
	keepOneIn = 4
)

// likeness adds what comes back in copies of one mail and hardly anywhere else: runs of three words, runs of three HTML tags with their
// attributes, and the shapes of what a mailer writes by itself.
func (g *features) likeness(f *Facts) {
	g.phrases(f.subject, 2, 12, 1, "subject has the phrase")
	g.phrases(f.body[:min(len(f.body), 2*maxWordText)], 3, maxRuns, keepOneIn, "text has the phrase")
	g.shapes(cut(f.Message.HTML, maxBody))
	const l = model.Shapes
	local, _, _ := strings.Cut(f.from.Addr, "@")
	if strings.ContainsAny(local, "0123456789.-_+=") {
		g.add(l, model.Either, "sender's local part looks like", shape(local))
	}
	if p := f.Message.Root.Params["boundary"]; p != "" {
		g.add(l, model.Either, "boundary looks like", shape(p))
	}
	id, _, _ := strings.Cut(strings.Trim(f.Message.MessageID, "<>"), "@")
	g.add(l, model.Either, "message id looks like", shape(id))
	for i := range f.web {
		if i == 20 {
			break
		}
		k := &f.web[i]
		if k.org == f.fromOrg {
			continue
		}
		_, path, _ := strings.Cut(cut(k.Target, 500), "://")
		_, path, _ = strings.Cut(path, "/")
		if path != "" {
			g.add(l, model.Raises, "link path looks like", shape(path))
		}
		if label, _, ok := strings.Cut(k.host, "."); ok && k.host != k.org {
			g.add(l, model.Raises, "link host begins like", shape(label)+"."+intel.TLD(k.host))
		}
	}
}

// phrases adds runs of n words. Words with digits are all alike, and so are the recipient's own.
func (g *features) phrases(text []byte, n, most, oneIn int, name string) {
	var starts [8]int
	words, count := 0, 0
	var buf []byte
	for i := 0; i < len(text) && count < most; {
		end := bytes.IndexByte(text[i:], ' ')
		if end < 0 {
			end = len(text)
		} else {
			end += i
		}
		w := text[i:end]
		i = end + 1
		if len(w) == 0 {
			continue
		}
		if words++; words > n {
			copy(starts[:], starts[1:n])
			buf = buf[starts[0]:]
			off := starts[0]
			for k := range n - 1 {
				starts[k] -= off
			}
			starts[n-1] = len(buf)
		} else {
			starts[words-1] = len(buf)
		}
		switch {
		case g.isOwn(w):
			buf = append(buf, '@')
		case digitIn(w) || len(w) > 24:
			buf = append(buf, '#')
		default:
			buf = append(buf, w...)
		}
		buf = append(buf, ' ')
		if words < n {
			continue
		}
		p := buf[starts[0] : len(buf)-1]
		x := model.NewFeature(model.Phrases, model.Either, name, p)
		if int(x)%oneIn != 0 {
			continue
		}
		count++
		g.out = append(g.out, x)
		if g.names != nil {
			g.names[x] = name + ` "` + string(p) + `"`
		}
	}
}

// shapes adds runs of three HTML tags, without digits and without what is quoted after "http".
func (g *features) shapes(html string) {
	var last [5]uint32
	n, count := 0, 0
	var num [12]byte
	for count < maxShapes {
		i := strings.IndexByte(html, '<')
		if i < 0 || i+1 == len(html) {
			return
		}
		html = html[i+1:]
		if html[0] == '/' {
			continue
		}
		end := strings.IndexByte(html, '>')
		if end < 0 {
			return
		}
		tag := html[:min(end, 200)]
		html = html[end:]
		h := uint32(2166136261)
		for k := 0; k < len(tag); k++ {
			b := tag[k]
			switch {
			case b >= '0' && b <= '9', b == ' ', b == '\n', b == '\r', b == '"', b == '\'':
				continue
			case b == 'h' && strings.HasPrefix(tag[k:], "http"):
				k = len(tag)
				continue
			case b >= 'A' && b <= 'Z':
				b |= 0x20
			}
			h = (h ^ uint32(b)) * 16777619
		}
		copy(last[:], last[1:])
		last[4] = h
		if n++; n < len(last) {
			continue
		}
		x := model.NewFeature(model.Markup, model.Either, "HTML written like", strconv.AppendUint(num[:0], uint64(mix(last)), 16))
		if x%keepOneIn != 0 {
			continue
		}
		count++
		g.out = append(g.out, x)
		if g.names != nil {
			g.names[x] = "HTML written the same way"
		}
	}
}

// shape writes a string made by a machine as its form: letters "a" or "A", digits "0", each run once, with its length when it is short.
func shape(s string) string {
	var b [64]byte
	out := b[:0]
	var last byte
	run := 0
	flush := func() {
		if last != 0 {
			out = append(out, last)
			if run > 1 {
				out = strconv.AppendInt(out, int64(min(run, 40)), 10)
			}
		}
	}
	for i := 0; i < len(s) && len(out) < 48; i++ {
		k := s[i]
		switch {
		case k >= 'a' && k <= 'z':
			k = 'a'
		case k >= 'A' && k <= 'Z':
			k = 'A'
		case k >= '0' && k <= '9':
			k = '0'
		case k >= 0x80:
			k = '?'
		}
		if k == last {
			run++
			continue
		}
		flush()
		last, run = k, 1
	}
	flush()
	return string(out)
}

func mix(tags [5]uint32) uint32 {
	h := uint32(0)
	for _, t := range tags {
		h = h*0x9e3779b1 ^ t
	}
	return h
}
