package scan

import (
	"image"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/email"
)

const (
	workPixels = 3_000_000 // larger pictures are looked at in a smaller size
	photoSide  = 800       // pixels of a photograph that is looked at by the light around each
	maxPayload = 4096      // octets of a code; the largest holds 2,953
)

// codesIn finds the QR codes of a picture. Pictures without three corner marks, nearly all, cost one look at their tones and rows.
func (s *session) codesIn(f *file, img image.Image) {
	if b := img.Bounds(); b.Dx() < minSide || b.Dy() < minSide {
		return
	}
	for _, text := range s.readCodes(img) {
		s.code(f, text)
	}
}

func (s *session) readCodes(img image.Image) []string {
	g := grayOf(img, luma)
	if texts := s.readGray(g); len(texts) > 0 {
		return texts
	}
	if c, ok := contrast(img); ok && !s.over() {
		if texts := s.readGray(grayOf(img, c)); len(texts) > 0 {
			return texts
		}
	}
	if isTransparent(img) && !s.over() {
		black := luma
		black.under = 0
		return s.readGray(grayOf(img, black))
	}
	return nil
}

// readGray looks at one rendering of a picture: in its size, small ones enlarged; at half size, where noise is averaged out; and, smaller
// still, by the light around each pixel, which only photographs of codes need.
func (s *session) readGray(g *gray) []string {
	side := max(g.w, g.h)
	work := g
	switch {
	case side <= 250:
		work = g.grow(3)
	case side <= 500:
		work = g.grow(2)
	default:
		work = g.shrink(int(math.Ceil(math.Sqrt(float64(g.w*g.h) / workPixels))))
	}
	sizes := []*gray{work}
	if max(work.w, work.h) > 600 && side > 500 {
		sizes = append(sizes, work.shrink(2))
	}
	for _, size := range sizes {
		plain, ok := size.otsu()
		if !ok {
			return nil // one tone
		}
		if texts := plain.codes(s.over); len(texts) > 0 {
			return texts
		}
	}
	if side <= 350 {
		g = g.grow(2)
	} else {
		g = g.shrink((side + photoSide - 1) / photoSide)
	}
	return g.adaptive().codes(s.over)
}

// code takes in what a QR code says: an address becomes a link, anything else a fact.
func (s *session) code(f *file, text string) {
	text = strings.TrimSpace(strings.ToValidUTF8(text[:min(len(text), maxPayload)], "\uFFFD"))
	if text == "" {
		return
	}
	if u := codeLink(text); u != "" {
		target := email.Unwrap(u)
		s.link(f, email.InQRCode, email.Link{URL: u, Target: target, Host: email.HostOf(target), Tag: "a"})
		s.fact(f, "qr-code", u)
		return
	}
	s.fact(f, "qr-text", oneLine(text))
	for _, l := range email.ReadText(text, f.way, email.Limits{Links: 20}) {
		if l.Tag == "text" && strings.Contains(l.URL, "://") { // "Open https://..." : phones offer the address
			s.link(f, email.InQRCode, l)
		}
	}
}

// codeLink returns the address that a phone would offer to open for the text of a code, "" when it is none: Wi-Fi, a contact, a payment,
// a ticket number.
func codeLink(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) || strings.Contains(text, " ") && !strings.HasPrefix(strings.ToLower(text), "http") {
		return ""
	}
	scheme, rest, ok := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case !ok || strings.ContainsAny(scheme, "./?#"):
		if email.HostOf(text) != "" && !strings.Contains(text, "@") && !strings.HasPrefix(text, "//") {
			return text
		}
		return ""
	case scheme == "http" || scheme == "https":
		return scheme + ":" + rest
	case scheme == "urlto", scheme == "url": // an old form of DoCoMo phones
		return strings.TrimPrefix(rest, ":")
	case scheme == "javascript" || scheme == "data" || scheme == "intent" || scheme == "file" || scheme == "ftp":
		return text
	}
	return ""
}

// oneLine makes text fit for a fact's detail.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	const most = 200
	if len(text) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return text
}
