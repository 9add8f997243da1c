package scan

import (
	"image"
	"math"
)

const (
	maxBoxes    = 60_000 // filled boxes of one page
	minBoxes    = 60     // below, they draw no code
	maxDrawSide = 1_600  // pixels of the drawing
	maxStates   = 64     // saved graphics states
)

// pdfDraw collects the boxes that a page fills: many programs draw a code so, module by module, or run by run.
type pdfDraw struct {
	state pdfState
	saved []pdfState
	path  []pdfBox  // boxes of the path under construction
	line  []float64 // corners of a path of lines: x, y, x, y
	boxes []pdfBox
}

// pdfState is what q saves and Q brings back.
type pdfState struct {
	m     [6]float64 // current transformation
	light bool       // of the fill colour
}

type pdfBox struct {
	x0, y0, x1, y1 float64
	light          bool
}

func newPDFDraw() pdfDraw { return pdfDraw{state: pdfState{m: [6]float64{1, 0, 0, 1, 0, 0}}} }

// numbers are the last n arguments, nil when there are fewer or others.
func numbers(args []any, n int) []float64 {
	if len(args) < n {
		return nil
	}
	out := make([]float64, n)
	for i, a := range args[len(args)-n:] {
		v, ok := a.(float64)
		if !ok {
			return nil
		}
		out[i] = v
	}
	return out
}

// operator takes part in drawing (ISO 32000-1 sections 8.4 and 8.5).
func (d *pdfDraw) operator(op pdfWord, args []any) {
	switch op {
	case "q":
		if len(d.saved) < maxStates {
			d.saved = append(d.saved, d.state)
		}
	case "Q":
		if n := len(d.saved); n > 0 {
			d.state, d.saved = d.saved[n-1], d.saved[:n-1]
		}
	case "cm":
		if n := numbers(args, 6); n != nil {
			m := d.state.m
			d.state.m = [6]float64{n[0]*m[0] + n[1]*m[2], n[0]*m[1] + n[1]*m[3], n[2]*m[0] + n[3]*m[2], n[2]*m[1] + n[3]*m[3],
				n[4]*m[0] + n[5]*m[2] + m[4], n[4]*m[1] + n[5]*m[3] + m[5]}
		}
	case "g", "rg", "k", "sc", "scn":
		d.colour(op, args)
	case "re":
		if n := numbers(args, 4); n != nil {
			d.add(n[0], n[1], n[0]+n[2], n[1]+n[3])
		}
	case "m", "l":
		if op == "m" {
			d.closeLine()
		}
		if n := numbers(args, 2); n != nil && len(d.line) < 20 {
			d.line = append(d.line, n...)
		}
	case "h":
		d.closeLine()
	case "c", "v", "y":
		d.line = append(d.line[:0], make([]float64, 20)...) // no box
	case "f", "F", "f*", "B", "B*", "b", "b*":
		d.closeLine()
		for _, b := range d.path {
			if len(d.boxes) < maxBoxes {
				b.light = d.state.light
				d.boxes = append(d.boxes, b)
			}
		}
		d.path = d.path[:0]
	case "n", "s", "S":
		d.path, d.line = d.path[:0], d.line[:0]
	}
}

// closeLine takes four or five corners as a box.
func (d *pdfDraw) closeLine() {
	if n := len(d.line); n == 8 || n == 10 {
		x0, y0, x1, y1 := d.line[0], d.line[1], d.line[0], d.line[1]
		for i := 2; i < n; i += 2 {
			x0, x1, y0, y1 = min(x0, d.line[i]), max(x1, d.line[i]), min(y0, d.line[i+1]), max(y1, d.line[i+1])
		}
		d.add(x0, y0, x1, y1)
	}
	d.line = d.line[:0]
}

func (d *pdfDraw) add(x0, y0, x1, y1 float64) {
	if len(d.path) >= maxBoxes {
		return
	}
	m := d.state.m
	ax, ay := x0*m[0]+y0*m[2]+m[4], x0*m[1]+y0*m[3]+m[5]
	bx, by := x1*m[0]+y1*m[2]+m[4], x1*m[1]+y1*m[3]+m[5]
	d.path = append(d.path, pdfBox{min(ax, bx), min(ay, by), max(ax, bx), max(ay, by), false})
}

func (d *pdfDraw) colour(op pdfWord, args []any) {
	n := len(args)
	if op == "g" {
		n = 1
	}
	switch v := numbers(args, n); len(v) {
	case 1:
		d.state.light = v[0] > 0.5
	case 3:
		d.state.light = 0.3*v[0]+0.59*v[1]+0.11*v[2] > 0.5
	case 4:
		d.state.light = 1-0.3*v[0]-0.59*v[1]-0.11*v[2]-v[3] > 0.5
	}
}

// picture draws the small boxes, nil when there are too few for a code.
func (d *pdfDraw) picture() image.Image {
	if len(d.boxes) < minBoxes {
		return nil
	}
	x0, y0, x1, y1, unit, dark := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1), math.Inf(1), 0
	for _, b := range d.boxes {
		w, h := b.x1-b.x0, b.y1-b.y0
		if b.light || w > 200 || h > 200 || min(w, h) < 0.2 || w > 60*h && h < 1 { // no rules and backgrounds
			continue
		}
		dark++
		x0, y0, x1, y1, unit = min(x0, b.x0), min(y0, b.y0), max(x1, b.x1), max(y1, b.y1), min(unit, w, h)
	}
	side := max(x1-x0, y1-y0)
	if dark < minBoxes || math.IsInf(side, 0) || math.IsNaN(side) || side > 1e5 {
		return nil
	}
	scale := min(4/unit, (maxDrawSide-40)/side)
	toX := func(v float64) int { return 20 + int(math.Round((max(x0-1, min(x1+1, v))-x0)*scale)) }
	toY := func(v float64) int { return 20 + int(math.Round((y1-max(y0-1, min(y1+1, v)))*scale)) }
	g := image.NewGray(image.Rect(0, 0, int((x1-x0)*scale)+40, int((y1-y0)*scale)+40))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	painted := 0
	for _, b := range d.boxes {
		v := byte(0)
		if b.light {
			v = 255
		}
		r := image.Rect(toX(b.x0), toY(b.y1), toX(b.x1), toY(b.y0)).Intersect(g.Rect)
		if painted += r.Dx() * r.Dy(); painted > 40_000_000 {
			return nil
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			line := g.Pix[y*g.Stride+r.Min.X : y*g.Stride+r.Max.X]
			for x := range line {
				line[x] = v
			}
		}
	}
	return g
}
