// Package campaign tells which messages belong together, and why.
//
// A campaign is one mailing by one hand: the same text with other names in it, the same page behind other links, the
// same file under other names, from many senders to many people. A Print is what such a mailing keeps while it
// changes the rest: a sketch of the words, the skeleton of the page, the shape of the links, the files, the subject. Two
// prints are compared feature by feature (Compare), so that every likeness can be explained; an Index finds the
// like ones among many. Everything here is a function of the messages; the clock and the stores are the caller's.
package campaign

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

const (
	bins        = 32   // of the sketch of the words
	maxWords    = 3000 // of a text that are looked at
	leastWords  = 12   // a shorter text has no sketch: everybody writes "please see attached"
	maxSet      = 8    // hashes kept of link shapes, of hosts and of files
	maxTags     = 600  // of a page's skeleton
	leastTags   = 12   // a smaller page has no skeleton worth comparing
	maxPathPart = 40
)

// Print is the fingerprint of one message. The zero Print is like nothing.
type Print struct {
	Words   [bins]uint32 // the smallest hash of each bin over runs of three words; zero when the text is short
	Page    uint64       // skeleton of the HTML and tree of the parts; 0 without HTML
	Subject uint64       // words of the subject without numbers and the reader's names; 0 when none is left
	Name    uint64       // folded display name of the sender; 0 when there is none
	Shapes  []uint32     // site and path shape of each link, sorted
	Hosts   []uint32     // registrable domains the links lead to, sorted; not those that anybody can use
	Files   []uint64     // contents of the files offered, sorted
}

// New makes the print of m. recipients are those of the envelope: their names are left out of the text.
func New(m *email.Message, recipients []string) Print {
	var p Print
	named := recipientWords(m, recipients)
	if words := wordsOf(m.Visible, 2, named, maxWords); len(words) >= leastWords {
		p.Words = sketch(words)
	}
	if words := wordsOf(subjectCore(m.Subject), 2, named, 50); len(words) >= 2 {
		p.Subject = hash(strings.Join(words, " "))
	}
	if len(m.From) > 0 {
		if name := intel.Fold(m.From[0].Name); len(name) >= 4 {
			p.Name = hash(name)
		}
	}
	p.Page = page(m)
	p.readLinks(m)
	for i := range m.Attachments {
		if a := &m.Attachments[i]; !a.Inline && a.Size >= 512 && a.Within == "" && a.Kind != "p7s" && a.Kind != "asc" && a.Kind != "pgp-signature" && len(p.Files) < maxSet {
			p.Files = append(p.Files, hash(a.SHA256))
		}
	}
	slices.Sort(p.Files)
	p.Files = slices.Compact(p.Files)
	return p
}

// Empty reports whether nothing was found to go by.
func (p *Print) Empty() bool {
	return p.Words == [bins]uint32{} && p.Page == 0 && p.Subject == 0 && len(p.Shapes) == 0 && len(p.Files) == 0
}

func hash(s string) uint64 { return xxhash.Sum64String(s) }

// sketch is one-permutation MinHash: each run of three words falls into one bin, which keeps the smallest hash. A bin that stays empty
// borrows from the next one that is not, so that texts of unlike length compare fairly.
func sketch(words []string) [bins]uint32 {
	var out [bins]uint32
	var d xxhash.Digest
	for i := range len(words) - 2 {
		d.Reset()
		for _, w := range words[i : i+3] {
			_, _ = d.WriteString(w)
			_, _ = d.WriteString(" ")
		}
		h := d.Sum64()
		bin, v := h%bins, uint32(h>>32)|1
		if out[bin] == 0 || v < out[bin] {
			out[bin] = v
		}
	}
	full := out
	for i := range out {
		for k := 1; out[i] == 0 && k < bins; k++ {
			if v := full[(i+k)%bins]; v != 0 {
				out[i] = v*2654435761 + uint32(k) | 1
			}
		}
	}
	return out
}

// page hashes the tree of the parts and the sequence of the HTML's elements, with repeats of one counted once: a list of three offers and
// one of seven are the same page.
func page(m *email.Message) uint64 {
	if m.HTML == "" {
		return 0
	}
	h := fnv.New64a()
	for _, p := range m.Parts[:min(len(m.Parts), 30)] {
		if !p.Embedded && !strings.HasPrefix(p.Type, "image/") {
			_, _ = h.Write([]byte(p.Type + ";"))
		}
	}
	n, last, html := 0, "", m.HTML
	for n < maxTags {
		i := strings.IndexByte(html, '<')
		if i < 0 {
			break
		}
		html = html[i+1:]
		end := 0
		for end < len(html) && end < 12 && (html[end] >= 'a' && html[end] <= 'z' || html[end] >= 'A' && html[end] <= 'Z' || html[end] >= '0' && html[end] <= '9') {
			end++
		}
		if end == 0 {
			continue
		}
		tag := strings.ToLower(html[:end])
		if tag == last || tag == "br" || tag == "o" || tag == "wbr" {
			continue
		}
		last = tag
		_, _ = h.Write([]byte(tag + ","))
		n++
	}
	if n < leastTags {
		return 0
	}
	return h.Sum64()
}

func (p *Print) readLinks(m *email.Message) {
	for i := range m.Links {
		l := &m.Links[i]
		if l.Host == "" || len(p.Shapes) >= 4*maxSet {
			continue
		}
		switch l.Tag {
		case "a", "area", "form", "text", "button", "":
		default:
			continue
		}
		org := intel.OrgDomain(l.Host)
		p.Shapes = append(p.Shapes, uint32(hash(org+shape(l.Target))))
		if !intel.ShippedHosts().Shared(l.Host) {
			p.Hosts = append(p.Hosts, uint32(hash(org)))
		}
	}
	p.Shapes, p.Hosts = set(p.Shapes), set(p.Hosts)
}

// set sorts and shortens to the smallest maxSet values: which ones are kept depends on the values alone, not on their order.
func set(v []uint32) []uint32 {
	slices.Sort(v)
	v = slices.Compact(v)
	return v[:min(len(v), maxSet)]
}

// shape is a URL's path and the names in its query, with letters and digits told apart but not kept: "/a9/a?a=&a=". What a mailing
// changes from copy to copy is lost in it.
func shape(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		return ""
	}
	var b strings.Builder
	var last byte
	for _, c := range []byte(rest[i:min(len(rest), i+400)]) {
		k := c
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '%', c == '+', c >= 0x80:
			k = 'a'
		}
		if k != last || k != 'a' {
			b.WriteByte(k)
		}
		if last = k; b.Len() >= maxPathPart {
			break
		}
	}
	return b.String()
}

// wordsOf splits text into lower-case words of at least least letters and drops what is personal: words with digits, addresses,
// links, names of recipients.
func wordsOf(text string, least int, named map[string]bool, limit int) []string {
	var out []string
	for field := range strings.FieldsSeq(text) {
		if strings.ContainsAny(field, "@/0123456789") {
			continue
		}
		w := strings.ToLower(strings.TrimFunc(field, func(r rune) bool { return !unicode.IsLetter(r) }))
		if utf8.RuneCountInString(w) < least || len(w) > 60 || named[w] {
			continue
		}
		if out = append(out, w); len(out) == limit {
			break
		}
	}
	return out
}

// subjectCore is the subject without the prefixes of replies and forwards.
func subjectCore(s string) string {
	for {
		s = strings.TrimSpace(s)
		head, rest, ok := strings.Cut(s, ":")
		switch strings.ToLower(strings.TrimSpace(head)) {
		case "re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "tr", "rif", "odp", "pd", "res", "enc":
		default:
			return s
		}
		if !ok {
			return s
		}
		s = rest
	}
}

// maxNamed bounds whose names are left out of a text.
const maxNamed = 500

// recipientWords are the words by which the message may address its reader.
func recipientWords(m *email.Message, recipients []string) map[string]bool {
	named := map[string]bool{}
	add := func(s string) {
		for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
			named[w] = true
		}
	}
	for _, r := range recipients[:min(len(recipients), maxNamed)] {
		local, _, _ := strings.Cut(r, "@")
		add(local)
	}
	for _, list := range [][]email.Address{m.To, m.Cc} {
		for _, a := range list[:min(len(list), maxNamed)] {
			local, _, _ := strings.Cut(a.Addr, "@")
			add(local)
			add(a.Name)
		}
	}
	return named
}

// AppendBinary appends p in the form that UnmarshalBinary reads: a version, the fixed fields, then each set with its length; numbers are
// little endian.
func (p *Print) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, 1)
	for _, w := range p.Words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	for _, v := range [...]uint64{p.Page, p.Subject, p.Name} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return p.appendSets(b), nil
}

// appendSets appends shapes, hosts and files, each with its length before it; numbers are little endian.
func (p *Print) appendSets(b []byte) []byte {
	for _, s := range [...][]uint32{p.Shapes, p.Hosts} {
		b = append(b, byte(len(s)))
		for _, v := range s {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	b = append(b, byte(len(p.Files)))
	for _, v := range p.Files {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

var errPrint = errors.New("campaign: not a print")

// UnmarshalBinary reads what AppendBinary wrote.
func (p *Print) UnmarshalBinary(b []byte) error {
	const fixed = 1 + 4*bins + 3*8
	if len(b) < fixed+3 || b[0] != 1 {
		return errPrint
	}
	*p = Print{}
	b = b[1:]
	for i := range p.Words {
		p.Words[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	b = b[4*bins:]
	for i, v := range [...]*uint64{&p.Page, &p.Subject, &p.Name} {
		*v = binary.LittleEndian.Uint64(b[8*i:])
	}
	b = b[24:]
	for _, s := range [...]*[]uint32{&p.Shapes, &p.Hosts} {
		if len(b) == 0 || b[0] > maxSet || len(b) < 1+4*int(b[0]) {
			return errPrint
		}
		for i := range int(b[0]) {
			*s = append(*s, binary.LittleEndian.Uint32(b[1+4*i:]))
		}
		b = b[1+4*int(b[0]):]
	}
	if len(b) == 0 || b[0] > maxSet || len(b) != 1+8*int(b[0]) {
		return errPrint
	}
	for i := range int(b[0]) {
		p.Files = append(p.Files, binary.LittleEndian.Uint64(b[1+8*i:]))
	}
	return nil
}
