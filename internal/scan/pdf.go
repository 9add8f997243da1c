package scan

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
)

// Bounds of one PDF, beside those of the session.
const (
	maxPDFObjects = 250_000 // places where an object may begin
	maxPDFStreams = 2_000   // streams that are unpacked
	maxPDFCache   = 4_000   // objects kept
	maxPDFSteps   = 400_000 // references followed
)

// pdfPlace is where an object stands: in the file, or in an unpacked object stream.
type pdfPlace struct {
	in   []byte // nil for the file itself
	at   int    // of the value
	end  int    // where the next object begins
	gen  int
	bare bool // in an object stream: its strings are not encrypted by themselves
}

// pdfObject is one object: its value, and the octets of its stream as they stand in the file.
type pdfObject struct {
	num, gen int
	value    any
	stream   []byte
	isStream bool
}

// pdf is one document while it is read. Objects are found by looking for "obj", because a cross-reference table says what its author
// likes, and readers rebuild a broken one in the same way. Where a number stands several times the last one counts for references;
// all of them are looked at.
type pdf struct {
	s       *session
	f       *file
	b       []byte
	places  map[int]pdfPlace
	order   []pdfSpot // of everything that was found, in file order
	cache   map[int]*pdfObject
	crypt   *pdfCrypt
	streams int
	steps   int

	pages, words int
	script       string
	links        int
	pictures     int
	drawn        int    // pages that were looked at as drawings
	whole        string // address of a link that covers a page
}

type pdfSpot struct {
	num   int
	place pdfPlace
}

// openPDF looks into a PDF document.
func openPDF(s *session, f *file) {
	p := &pdf{s: s, f: f, b: f.content, places: map[int]pdfPlace{}, cache: map[int]*pdfObject{}}
	p.index()
	if len(p.order) == 0 {
		s.defect("file-pdf-broken", f.way)
		return
	}
	if !p.unlock() {
		return
	}
	p.objectStreams()
	p.examine()
	p.readPages()
	p.report()
}

// index finds the objects of the file.
func (p *pdf) index() {
	for at := 0; len(p.order) < maxPDFObjects; {
		i := bytes.Index(p.b[at:], []byte("obj"))
		if i < 0 {
			return
		}
		i += at
		at = i + 3
		num, gen, ok := objectNumber(p.b[max(0, i-30):i])
		if !ok {
			continue
		}
		place := pdfPlace{at: at, end: len(p.b), gen: gen}
		if n := len(p.order); n > 0 {
			p.order[n-1].place.end = i
		}
		p.places[num] = place
		p.order = append(p.order, pdfSpot{num, place})
	}
	p.s.defect("file-limit-pages", p.f.way)
}

// objectNumber reads "12 0 " from the end of head.
func objectNumber(head []byte) (num, gen int, ok bool) {
	i := len(head)
	back := func() (int, bool) {
		for i > 0 && isPDFSpace(head[i-1]) {
			i--
		}
		end := i
		for i > 0 && head[i-1] >= '0' && head[i-1] <= '9' {
			i--
		}
		n, err := strconv.Atoi(string(head[i:end]))
		return n, err == nil && end-i < 10
	}
	if gen, ok = back(); !ok || gen > 65535 {
		return 0, 0, false
	}
	if i == 0 || !isPDFSpace(head[i-1]) {
		return 0, 0, false
	}
	num, ok = back()
	return num, gen, ok
}

// load reads the object at a place.
func (p *pdf) load(spot pdfSpot) *pdfObject {
	b := p.b
	if spot.place.in != nil {
		b = spot.place.in
	}
	l := pdfLexer{b: b, at: spot.place.at}
	v, _ := l.value(0)
	o := &pdfObject{num: spot.num, gen: spot.place.gen, value: v}
	if w, ok := v.(pdfWord); ok && w == "endobj" {
		o.value = nil
	}
	d, isDict := v.(pdfDict)
	if isDict && spot.place.in == nil {
		l.skipSpace()
		if bytes.HasPrefix(l.b[l.at:], []byte("stream")) {
			o.isStream = true
			o.stream = p.streamAt(d, l.at+6)
		}
	}
	if !spot.place.bare {
		o.value = p.crypt.undoAll(spot.num, spot.place.gen, o.value)
	}
	return o
}

// streamAt cuts a stream out: by its length when "endstream" follows there, else up to the next "endstream".
func (p *pdf) streamAt(d pdfDict, at int) []byte {
	if at < len(p.b) && p.b[at] == '\r' {
		at++
	}
	if at < len(p.b) && p.b[at] == '\n' {
		at++
	}
	if at > len(p.b) {
		return nil
	}
	if n, ok := d["Length"].(float64); ok && n >= 0 && n < float64(len(p.b)-at) {
		end := at + int(n)
		if bytes.HasPrefix(bytes.TrimLeft(p.b[end:min(len(p.b), end+20)], "\r\n\t "), []byte("endstream")) {
			return p.b[at:end]
		}
	}
	if end := bytes.Index(p.b[at:], []byte("endstream")); end >= 0 {
		return p.b[at : at+end]
	}
	return p.b[at:]
}

// get finds an object by its number.
func (p *pdf) get(num int) *pdfObject {
	if o, ok := p.cache[num]; ok {
		return o
	}
	place, ok := p.places[num]
	if p.steps++; !ok || p.steps > maxPDFSteps {
		return nil
	}
	o := p.load(pdfSpot{num, place})
	if len(p.cache) < maxPDFCache {
		p.cache[num] = o
	}
	return o
}

// resolve follows references.
func (p *pdf) resolve(v any) any {
	for range 8 {
		r, ok := v.(pdfRef)
		if !ok {
			return v
		}
		o := p.get(r.num)
		if o == nil {
			return nil
		}
		v = o.value
	}
	return nil
}

func (p *pdf) number(v any, or float64) float64 {
	if n, ok := p.resolve(v).(float64); ok {
		return n
	}
	return or
}

// list is an array, or an array of the one value.
func (p *pdf) list(v any) pdfArray {
	switch v := p.resolve(v).(type) {
	case nil:
		return nil
	case pdfArray:
		return v
	default:
		return pdfArray{v}
	}
}

func (p *pdf) first(d pdfDict, keys ...pdfName) any {
	for _, k := range keys {
		if v, ok := d[k]; ok {
			return v
		}
	}
	return nil
}

// data is the unpacked stream of an object; rest as of unfilter.
func (p *pdf) data(o *pdfObject) (out []byte, rest pdfName) {
	d, _ := o.value.(pdfDict)
	if p.streams++; p.streams > maxPDFStreams || d == nil || p.s.over() {
		return nil, "limit"
	}
	raw := o.stream
	if name, _ := d["Type"].(pdfName); name != "XRef" {
		raw = p.crypt.undo(o.num, o.gen, raw)
	}
	return p.unfilter(d, raw)
}

// unlock finds out whether the document is encrypted, and opens it when the empty password does, as readers do without asking.
func (p *pdf) unlock() bool {
	if !bytes.Contains(p.b, []byte("/Encrypt")) {
		return true
	}
	trailer := p.trailer()
	ref, ok := trailer["Encrypt"]
	if !ok {
		return true
	}
	d, _ := p.resolve(ref).(pdfDict)
	var id []byte
	if ids := p.list(trailer["ID"]); len(ids) > 0 {
		id = p.octets(ids[0])
	}
	for _, try := range append([]password{{}}, p.s.candidates()...) {
		if c := p.newPDFCrypt(d, id, try.value); c != nil {
			p.crypt = c
			clear(p.cache)
			if try.mention != "" {
				p.f.sealed = true
				p.s.fact(p.f, "pdf-password-in-text", oneLine(try.mention))
			}
			return true
		}
	}
	p.s.fact(p.f, "pdf-locked", "")
	return false
}

// trailer finds the dictionary with /Encrypt: after "trailer", or of a cross-reference stream.
func (p *pdf) trailer() pdfDict {
	var found pdfDict
	for at, n := 0, 0; n < 100; n++ {
		i := bytes.Index(p.b[at:], []byte("trailer"))
		if i < 0 {
			break
		}
		at += i + 7
		l := pdfLexer{b: p.b, at: at}
		if v, _ := l.value(0); v != nil {
			if d, ok := v.(pdfDict); ok && d["Encrypt"] != nil {
				found = d
			}
		}
	}
	if found != nil {
		return found
	}
	for i := len(p.order) - 1; i >= 0 && i >= len(p.order)-2000 && !p.s.over(); i-- {
		at := p.order[i].place.at
		if !bytes.Contains(p.b[at:min(len(p.b), at+2000)], []byte("/XRef")) {
			continue
		}
		if d, ok := p.load(p.order[i]).value.(pdfDict); ok && d["Encrypt"] != nil {
			return d
		}
	}
	return nil
}

// objectStreams unpacks the streams that hold objects (section 7.5.7).
func (p *pdf) objectStreams() {
	for _, spot := range p.order[:len(p.order):len(p.order)] {
		if p.s.over() {
			return
		}
		if !p.mentions(spot, "ObjStm") {
			continue
		}
		o := p.load(spot)
		d, _ := o.value.(pdfDict)
		if name, _ := p.resolve(d["Type"]).(pdfName); name != "ObjStm" || !o.isStream {
			continue
		}
		b, rest := p.data(o)
		first := int(p.number(d["First"], 0))
		if rest != "" || first <= 0 || first > len(b) {
			continue
		}
		start := len(p.order)
		l := pdfLexer{b: b[:first]}
		for len(p.order) < maxPDFObjects {
			num, ok := l.token(0)
			off, ok2 := l.token(0)
			n, isNumber := num.(float64)
			at, isNumber2 := off.(float64)
			if !ok || !ok2 || !isNumber || !isNumber2 {
				break
			}
			if at < 0 || at >= float64(len(b)-first) || n < 0 || n > 1<<30 {
				continue
			}
			place := pdfPlace{in: b, at: first + int(at), end: len(b), bare: true}
			if have, ok := p.places[int(n)]; !ok || have.in != nil {
				p.places[int(n)] = place
			}
			p.order = append(p.order, pdfSpot{int(n), place})
		}
		inner := p.order[start:]
		slices.SortStableFunc(inner, func(a, b pdfSpot) int { return a.place.at - b.place.at })
		for i := range len(inner) - min(1, len(inner)) {
			inner[i].place.end = inner[i+1].place.at
		}
	}
}

// mentions says whether an object may hold one of the words; "#" may hide letters of a name. A large object is always worth reading.
func (p *pdf) mentions(spot pdfSpot, words ...string) bool {
	b := p.b
	if spot.place.in != nil {
		b = spot.place.in
	}
	region := b[spot.place.at:max(spot.place.at, spot.place.end)]
	if len(region) > 64<<10 {
		return true
	}
	for _, w := range words {
		if bytes.Contains(region, []byte(w)) {
			return true
		}
	}
	return bytes.IndexByte(region, '#') >= 0
}

// report sums up what was seen of the whole document.
func (p *pdf) report() {
	s, f := p.s, p.f
	if p.whole != "" {
		s.fact(f, "pdf-page-link", p.whole)
	}
	if p.links > 0 && p.pages <= 2 && p.words < 60 && p.pictures > 0 {
		s.fact(f, "pdf-picture-link", fmt.Sprintf("%d words, %d pictures, %d links", p.words, p.pictures, p.links))
	}
}

// sortedKeys makes what is found independent of the order of a map.
func sortedKeys(d pdfDict) []pdfName {
	keys := slices.Collect(maps.Keys(d))
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}
