package scan

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// Bounds of the search for codes in one mask. The library's own search is cubic in the marks it finds, and a hostile picture is full of
// them; so the marks are found and put together here, and the library reads the modules.
const (
	maxCandidates = 20_000 // rows through something like a mark
	maxMarks      = 128    // marks kept of one polarity
	maxCorners    = 36     // of them, put together by threes
	maxReads      = 40     // threes that are read
	maxCodes      = 8      // of one picture
)

// mark is what may be one of the three corner marks of a code (ISO/IEC 18004, finder pattern): dark and light run 1:1:3:1:1 through it,
// whatever the angle.
type mark struct {
	x, y, module float64
	seen         int
}

// three corner marks, and how badly they fit.
type three struct {
	a, b, c *mark
	misfit  float64
}

// codes finds and reads the QR codes of m, dark on light and light on dark.
func (m *mask) codes(over func() bool) []string {
	marks := m.marks()
	var texts []string
	for polarity, found := range marks {
		if len(found) < 3 || over() {
			continue
		}
		texts = append(texts, m.read(found, polarity == 1, over)...)
	}
	return texts
}

// marks scans rows for corner marks: [0] dark on light, [1] light on dark.
func (m *mask) marks() (found [2][]*mark) {
	step := 1
	if m.h > 500 {
		step = 2
	}
	left := maxCandidates
	for y := 0; y < m.h && left > 0; y += step {
		row := m.bits[y*m.w : (y+1)*m.w]
		var runs [5]int
		n := 0
		for x := 0; x < m.w; {
			v := row[x]
			end := bytes.IndexByte(row[x:], 1-v)
			if end < 0 {
				end = m.w - x
			}
			runs = [5]int{runs[1], runs[2], runs[3], runs[4], end}
			x += end
			if n++; n < 5 {
				continue
			}
			if total, ok := likeMark(runs); ok {
				left--
				middle := x - runs[4] - runs[3] - (runs[2]+1)/2
				if k, ok := m.confirm(middle, y, v, total); ok {
					i := 1 - int(v)
					found[i] = addMark(found[i], k)
				}
				if left == 0 {
					break
				}
			}
		}
	}
	return found
}

// likeMark says whether five runs are 1:1:3:1:1, each within half a module.
func likeMark(r [5]int) (total int, ok bool) {
	total = r[0] + r[1] + r[2] + r[3] + r[4]
	if total < 7 || 7*r[2] < total || 7*r[2] > 5*total || 7*max(r[0], r[1], r[3], r[4]) > 2*total { // nearly all, without fractions
		return 0, false
	}
	module := float64(total) / 7
	slack := module * 0.55
	near := func(n int, want float64) bool { return math.Abs(float64(n)-want*module) < want*slack }
	return total, near(r[0], 1) && near(r[1], 1) && near(r[2], 3) && near(r[3], 1) && near(r[4], 1)
}

// confirm looks at a candidate up and down, and across again through its middle.
func (m *mask) confirm(x, y int, v byte, total int) (mark, bool) {
	cy, high, ok := m.cross(x, y, v, total, false)
	if !ok || 5*abs(high-total) >= 3*total {
		return mark{}, false
	}
	cx, wide, ok := m.cross(x, int(cy), v, total, true)
	if !ok || 5*abs(wide-total) >= 2*total {
		return mark{}, false
	}
	return mark{cx, cy, float64(wide+high) / 14, 1}, true
}

func abs(n int) int { return max(n, -n) }

// cross counts the five runs through (x, y) along a row or a column; v is the tone in the middle.
func (m *mask) cross(x, y int, v byte, total int, along bool) (centre float64, length int, ok bool) {
	limit := m.h
	at := func(i int) byte { return m.bits[i*m.w+x] }
	start := y
	if along {
		limit = m.w
		at = func(i int) byte { return m.bits[y*m.w+i] }
		start = x
	}
	if start < 0 || start >= limit || at(start) != v {
		return 0, 0, false
	}
	var r [5]int
	most := total
	i := start
	for part := 2; part >= 0; part-- {
		want := v
		if part == 1 {
			want = 1 - v
		}
		for i >= 0 && at(i) == want && r[part] <= most {
			r[part]++
			i--
		}
	}
	i = start + 1
	for part := 2; part < 5; part++ {
		want := v
		if part == 3 {
			want = 1 - v
		}
		for i < limit && at(i) == want && r[part] <= 2*most {
			r[part]++
			i++
		}
	}
	length, ok = likeMark(r)
	return float64(i-r[4]-r[3]) - float64(r[2])/2, length, ok
}

// addMark joins k with the mark it is another row of.
func addMark(all []*mark, k mark) []*mark {
	for _, o := range all {
		if math.Abs(o.x-k.x) <= o.module && math.Abs(o.y-k.y) <= o.module && math.Abs(o.module-k.module) <= max(1, o.module*0.6) {
			n := float64(o.seen)
			o.x, o.y, o.module = (o.x*n+k.x)/(n+1), (o.y*n+k.y)/(n+1), (o.module*n+k.module)/(n+1)
			o.seen++
			return all
		}
	}
	if len(all) < maxMarks {
		all = append(all, &k)
	}
	return all
}

// read puts marks together by threes, best fit first, and reads what lies between them.
func (m *mask) read(marks []*mark, inverted bool, over func() bool) []string {
	slices.SortStableFunc(marks, func(a, b *mark) int { return cmp.Compare(b.seen, a.seen) })
	threes := together(marks[:min(len(marks), maxCorners)])
	if len(threes) == 0 {
		return nil
	}
	bits, err := gozxing.NewBitMatrix(m.w, m.h)
	if err != nil {
		return nil
	}
	dark := byte(1)
	if inverted {
		dark = 0
	}
	for y := range m.h {
		row := m.bits[y*m.w : (y+1)*m.w]
		for x, v := range row {
			if v == dark {
				bits.Set(x, y)
			}
		}
	}
	used := map[*mark]bool{}
	var texts []string
	for _, t := range threes[:min(len(threes), maxReads)] {
		if used[t.a] || used[t.b] || used[t.c] {
			continue
		}
		if over() {
			break
		}
		if text, ok := readCode(bits, t); ok {
			used[t.a], used[t.b], used[t.c] = true, true, true
			if texts = append(texts, text); len(texts) == maxCodes {
				break
			}
		}
	}
	return texts
}

// together finds the threes that stand at a right angle with legs of about one length.
func together(marks []*mark) []three {
	var out []three
	for i, a := range marks {
		for j := i + 1; j < len(marks); j++ {
			b := marks[j]
			if apart(a, b) {
				continue
			}
			for _, c := range marks[j+1:] {
				if apart(a, c) || apart(b, c) {
					continue
				}
				if t, ok := fit(a, b, c); ok {
					out = append(out, t)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(s, t three) int { return cmp.Compare(s.misfit, t.misfit) })
	return out
}

// apart says that two marks are too unlike in size, too near or too far to belong to one code (21 to 177 modules).
func apart(a, b *mark) bool {
	small, large := min(a.module, b.module), max(a.module, b.module)
	d := math.Hypot(a.x-b.x, a.y-b.y)
	return large > 1.6*small || d < 10*small || d > 260*large
}

func fit(a, b, c *mark) (three, bool) {
	ab, bc, ca := math.Hypot(a.x-b.x, a.y-b.y), math.Hypot(b.x-c.x, b.y-c.y), math.Hypot(c.x-a.x, c.y-a.y)
	// c shall be the corner, opposite the longest side
	switch {
	case bc >= ab && bc >= ca:
		a, c = c, a
		ab, bc = bc, ab
	case ca >= ab && ca >= bc:
		b, c = c, b
		ab, ca = ca, ab
	}
	legs := min(bc, ca) / max(bc, ca)
	angle := math.Abs(bc*bc+ca*ca-ab*ab) / (ab * ab)
	if legs < 0.7 || angle > 0.3 {
		return three{}, false
	}
	sizes := max(a.module, b.module, c.module)/min(a.module, b.module, c.module) - 1
	misfit := (1 - legs) + angle + sizes/2
	if min(a.seen, b.seen, c.seen) < 2 {
		misfit += 0.2
	}
	return three{a, b, c, misfit}, true
}

// readCode reads the code between three corner marks: as the library finds it, then with the sizes near the one that the marks suggest.
func readCode(bits *gozxing.BitMatrix, t three) (string, bool) {
	p := func(m *mark) gozxing.ResultPoint { return detector.NewFinderPattern(m.x, m.y, m.module, m.seen) }
	bottom, corner, right := gozxing.ResultPoint_OrderBestPatterns(p(t.a), p(t.b), p(t.c))
	bl, tl, tr := bottom.(*detector.FinderPattern), corner.(*detector.FinderPattern), right.(*detector.FinderPattern)
	if r, err := detector.NewDetector(bits).ProcessFinderPatternInfo(detector.NewFinderPatternInfo(bl, tl, tr)); err == nil {
		if text, ok := decodeModules(r.GetBits()); ok {
			return text, true
		}
	}
	module := (t.a.module + t.b.module + t.c.module) / 3
	leg := (math.Hypot(t.a.x-t.c.x, t.a.y-t.c.y) + math.Hypot(t.b.x-t.c.x, t.b.y-t.c.y)) / 2
	version := math.Round((leg/module + 7 - 17) / 4)
	for _, d := range [...]float64{0, 1, -1, 2, -2} {
		v := int(version + d)
		if v < 1 || v > 40 {
			continue
		}
		size := 17 + 4*v
		grid, err := detector.Detector_sampleGrid(bits, detector.Detector_createTransform(tl, tr, bl, nil, size), size)
		if err != nil {
			continue
		}
		if text, ok := decodeModules(grid); ok {
			return text, true
		}
	}
	return "", false
}

// decodeModules reads a code of one bit a module. The library panics on some broken codes.
func decodeModules(bits *gozxing.BitMatrix) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	r, err := decoder.NewDecoder().DecodeWithoutHint(bits)
	if err != nil || r.GetText() == "" {
		return "", false
	}
	return r.GetText(), true
}
