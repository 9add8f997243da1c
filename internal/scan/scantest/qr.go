// Package scantest builds the files that tests of scanning look into: QR codes as pictures, text and tables, and PDF documents. Everything
// is made in code, so that a test shows what is in its file.
package scantest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"strings"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// QR is the modules of a code, true dark, without its quiet zone. Errors are corrected up to 30%.
type QR [][]bool

// NewQR encodes text. It panics when the text does not fit: tests know what they write.
func NewQR(text string) QR {
	code, err := encoder.Encoder_encode(text, decoder.ErrorCorrectionLevel_H, nil)
	if err != nil {
		panic(err)
	}
	m := code.GetMatrix()
	q := make(QR, m.GetHeight())
	for y := range q {
		q[y] = make([]bool, m.GetWidth())
		for x := range q[y] {
			q[y][x] = m.Get(x, y) == 1
		}
	}
	return q
}

// At tells the module at (x, y); outside the code is light.
func (q QR) At(x, y int) bool { return y >= 0 && y < len(q) && x >= 0 && x < len(q) && q[y][x] }

// Picture says how to draw a code. Zero fields: 4 pixels a module, 4 modules of quiet zone, black on white, upright.
type Picture struct {
	Scale, Quiet int
	Dark, Light  color.Color
	Turn         float64 // degrees
	Logo         bool    // a red disc in the middle
	Noise        bool    // on every pixel
}

// Draw draws the code.
func (q QR) Draw(p Picture) *image.NRGBA {
	if p.Scale == 0 {
		p.Scale = 4
	}
	if p.Quiet == 0 {
		p.Quiet = 4
	}
	if p.Dark == nil {
		p.Dark = color.Black
	}
	if p.Light == nil {
		p.Light = color.White
	}
	n := (len(q) + 2*p.Quiet) * p.Scale
	side := n
	if p.Turn != 0 {
		side = n * 3 / 2
	}
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	sin, cos := math.Sincos(p.Turn * math.Pi / 180)
	half := float64(side) / 2
	seed := uint32(1)
	for y := range side {
		for x := range side {
			dx, dy := float64(x)+0.5-half, float64(y)+0.5-half
			u, v := cos*dx+sin*dy+float64(n)/2, -sin*dx+cos*dy+float64(n)/2
			c := p.Light
			if q.At(int(math.Floor(u/float64(p.Scale)))-p.Quiet, int(math.Floor(v/float64(p.Scale)))-p.Quiet) {
				c = p.Dark
			}
			if p.Logo && math.Hypot(dx, dy) < float64(len(q)*p.Scale)/9 {
				c = color.NRGBA{200, 30, 30, 255}
			}
			out := color.NRGBAModel.Convert(c).(color.NRGBA)
			if p.Noise {
				seed = seed*1664525 + 1013904223
				d := int(seed>>24)%61 - 30
				out.R, out.G, out.B = shift(out.R, d), shift(out.G, d), shift(out.B, d)
			}
			img.SetNRGBA(x, y, out)
		}
	}
	return img
}

func shift(v uint8, d int) uint8 { return uint8(max(0, min(255, int(v)+d))) }

// PNG, JPEG and GIF encode img.
func PNG(img image.Image) []byte {
	var b bytes.Buffer
	must(png.Encode(&b, img))
	return b.Bytes()
}

func JPEG(img image.Image) []byte {
	var b bytes.Buffer
	must(jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}))
	return b.Bytes()
}

func GIF(img image.Image) []byte {
	var b bytes.Buffer
	must(gif.Encode(&b, img, nil))
	return b.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Text draws the code with two characters a module, quiet zone included: Text("██", "  ").
func (q QR) Text(dark, light string) string {
	var b strings.Builder
	for y := -2; y < len(q)+2; y++ {
		for x := -2; x < len(q)+2; x++ {
			if q.At(x, y) {
				b.WriteString(dark)
			} else {
				b.WriteString(light)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// HalfBlocks draws two rows in one line. With inverted it is what terminals show: light modules are drawn.
func (q QR) HalfBlocks(inverted bool) string {
	var b strings.Builder
	signs := [4]string{" ", "▀", "▄", "█"}
	for y := -2; y < len(q)+2; y += 2 {
		for x := -2; x < len(q)+2; x++ {
			i := 0
			if q.At(x, y) != inverted {
				i |= 1
			}
			if q.At(x, y+1) != inverted {
				i |= 2
			}
			b.WriteString(signs[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Quadrants draws two by two modules in one character.
func (q QR) Quadrants() string {
	signs := []rune(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█") // bit 0 upper left, 1 upper right, 2 lower left, 3 lower right
	var b strings.Builder
	for y := -2; y < len(q)+2; y += 2 {
		for x := -2; x < len(q)+2; x += 2 {
			i := 0
			for bit := range 4 {
				if q.At(x+bit%2, y+bit/2) {
					i |= 1 << bit
				}
			}
			b.WriteRune(signs[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Table draws the code as an HTML table: how is "bgcolor", "style", "class" or "spans" (neighbours of one colour share a cell).
func (q QR) Table(how string) string {
	var b strings.Builder
	if how == "class" {
		b.WriteString("<style>.d{width:4px;height:4px;background-color:#000}.l{background:#fff}</style>")
	}
	b.WriteString(`<table cellspacing="0" cellpadding="0" bgcolor="#ffffff">`)
	for y := -2; y < len(q)+2; y++ {
		b.WriteString("<tr>")
		for x := -2; x < len(q)+2; {
			dark, n := q.At(x, y), 1
			for how == "spans" && x+n < len(q)+2 && q.At(x+n, y) == dark {
				n++
			}
			b.WriteString(cell(how, dark, n))
			x += n
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>")
	return b.String()
}

func cell(how string, dark bool, n int) string {
	switch {
	case how == "spans" && dark:
		return fmt.Sprintf(`<td colspan="%d" bgcolor="black"></td>`, n)
	case how == "spans":
		return fmt.Sprintf(`<td colspan="%d"></td>`, n)
	case how == "style" && dark:
		return `<td style="width:4px;height:4px;background-color: rgb(10, 10, 20)"></td>`
	case how == "style":
		return `<td style="width:4px;height:4px"></td>`
	case how == "class" && dark:
		return `<td class="d"></td>`
	case how == "class":
		return `<td class="l"></td>`
	case dark:
		return `<td width=4 height=4 bgcolor="#000000">&nbsp;</td>`
	}
	return `<td width=4 height=4 bgcolor="#FFFFFF">&nbsp;</td>`
}

// Divs draws the code with elements beside each other; with placed they stand at fixed places and light modules are left out.
func (q QR) Divs(placed bool) string {
	var b strings.Builder
	b.WriteString(`<div style="position:relative">`)
	for y := range q {
		if !placed {
			b.WriteString(`<div style="height:5px">`)
		}
		for x := range q {
			switch {
			case placed && q[y][x]:
				fmt.Fprintf(&b, `<div style="position:absolute;left:%dpx;top:%dpx;width:5px;height:5px;background:#111"></div>`, 20+5*x, 10+5*y)
			case placed:
			case q[y][x]:
				b.WriteString(`<span style="display:inline-block;width:5px;height:5px;background:#000"></span>`)
			default:
				b.WriteString(`<span style="display:inline-block;width:5px;height:5px;background:#fff"></span>`)
			}
		}
		if !placed {
			b.WriteString("</div>")
		}
		b.WriteByte('\n')
	}
	b.WriteString("</div>")
	return b.String()
}
