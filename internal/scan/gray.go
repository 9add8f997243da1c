package scan

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// gray is a picture as one octet a pixel, 0 dark.
type gray struct {
	w, h int
	pix  []byte
}

// colours of a picture: how its pixels become gray.
type shade struct {
	under   uint32 // what stands behind transparent pixels: 255 white, 0 black
	r, g, b int32  // weights in 1/1024
	add     int32  // in 1/1024
}

// luma is the brightness of ITU-R BT.601, on white paper.
var luma = shade{255, 306, 601, 117, 0}

func (s shade) of(r, g, b, a uint32) byte { // 8-bit channels, not premultiplied
	if a != 255 {
		back := s.under * (255 - a)
		r, g, b = (r*a+back)/255, (g*a+back)/255, (b*a+back)/255
	}
	v := (s.r*int32(r) + s.g*int32(g) + s.b*int32(b) + s.add) >> 10
	return byte(max(0, min(255, v)))
}

// grayOf turns img to gray. The result may share the octets of img: nobody changes them.
func grayOf(img image.Image, s shade) *gray {
	b := img.Bounds()
	if p, ok := img.(*image.Gray); ok && p.Stride == b.Dx() {
		return &gray{b.Dx(), b.Dy(), p.Pix[:b.Dx()*b.Dy()]}
	}
	g := &gray{b.Dx(), b.Dy(), make([]byte, b.Dx()*b.Dy())}
	switch p := img.(type) {
	case *image.YCbCr:
		if s == luma {
			for y := range g.h {
				at := p.YOffset(b.Min.X, b.Min.Y+y)
				copy(g.pix[y*g.w:(y+1)*g.w], p.Y[at:at+g.w])
			}
			return g
		}
		for y := range g.h {
			for x := range g.w {
				yi, ci := p.YOffset(b.Min.X+x, b.Min.Y+y), p.COffset(b.Min.X+x, b.Min.Y+y)
				r, gr, bl := color.YCbCrToRGB(p.Y[yi], p.Cb[ci], p.Cr[ci])
				g.pix[y*g.w+x] = s.of(uint32(r), uint32(gr), uint32(bl), 255)
			}
		}
	case *image.Gray:
		for y := range g.h {
			at := p.PixOffset(b.Min.X, b.Min.Y+y)
			copy(g.pix[y*g.w:(y+1)*g.w], p.Pix[at:at+g.w])
		}
	case *image.Paletted:
		var table [256]byte
		for i, c := range p.Palette[:min(256, len(p.Palette))] {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			table[i] = s.of(uint32(n.R), uint32(n.G), uint32(n.B), uint32(n.A))
		}
		for y := range g.h {
			at := p.PixOffset(b.Min.X, b.Min.Y+y)
			for x := range g.w {
				g.pix[y*g.w+x] = table[p.Pix[at+x]]
			}
		}
	case *image.NRGBA:
		for y := range g.h {
			s.row(g.pix[y*g.w:(y+1)*g.w], p.Pix[p.PixOffset(b.Min.X, b.Min.Y+y):], false)
		}
	case *image.RGBA:
		for y := range g.h {
			s.row(g.pix[y*g.w:(y+1)*g.w], p.Pix[p.PixOffset(b.Min.X, b.Min.Y+y):], true)
		}
	default:
		for y := range g.h {
			for x := range g.w {
				n := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
				g.pix[y*g.w+x] = s.of(uint32(n.R), uint32(n.G), uint32(n.B), uint32(n.A))
			}
		}
	}
	return g
}

// row turns pixels of four octets to gray; pre says that they are premultiplied. Drawings and screens are runs of one colour, so a pixel
// like the one before it costs next to nothing.
func (s shade) row(out, pix []byte, pre bool) {
	last := ^binary.LittleEndian.Uint32(pix)
	var v byte
	for x := range out {
		q := pix[4*x : 4*x+4 : 4*x+4]
		if n := binary.LittleEndian.Uint32(q); n != last {
			last = n
			if pre {
				back := s.under * uint32(255-q[3]) / 255
				v = s.of(min(255, uint32(q[0])+back), min(255, uint32(q[1])+back), min(255, uint32(q[2])+back), 255)
			} else {
				v = s.of(uint32(q[0]), uint32(q[1]), uint32(q[2]), uint32(q[3]))
			}
		}
		out[x] = v
	}
}

// shrink averages n by n pixels.
func (g *gray) shrink(n int) *gray {
	if n <= 1 || g.w/n < 1 || g.h/n < 1 {
		return g
	}
	out := &gray{g.w / n, g.h / n, make([]byte, (g.w/n)*(g.h/n))}
	if n == 2 {
		for y := range out.h {
			halve(out.pix[y*out.w:(y+1)*out.w], g.pix[2*y*g.w:(2*y+1)*g.w], g.pix[(2*y+1)*g.w:(2*y+2)*g.w])
		}
		return out
	}
	sums := make([]uint32, g.w)
	for y := range out.h {
		clear(sums)
		for dy := range n {
			row := g.pix[(y*n+dy)*g.w:][:len(sums)]
			for x, v := range row {
				sums[x] += uint32(v)
			}
		}
		row := out.pix[y*out.w : (y+1)*out.w]
		for x := range row {
			sum := uint32(0)
			for _, v := range sums[x*n : x*n+n] {
				sum += v
			}
			row[x] = byte(sum / uint32(n*n))
		}
	}
	return out
}

// halve averages two by two pixels of the rows a and b, four results at a time: each pair of octets is added up in 16 bits of its own.
func halve(out, a, b []byte) {
	const low = 0x00FF00FF00FF00FF
	x := 0
	for ; x+4 <= len(out); x += 4 {
		p, q := binary.LittleEndian.Uint64(a[2*x:]), binary.LittleEndian.Uint64(b[2*x:])
		sum := (p&low + p>>8&low + q&low + q>>8&low) >> 2 & low
		out[x], out[x+1], out[x+2], out[x+3] = byte(sum), byte(sum>>16), byte(sum>>32), byte(sum>>48)
	}
	for ; x < len(out); x++ {
		out[x] = byte((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1])) / 4)
	}
}

// grow repeats each pixel n by n times.
func (g *gray) grow(n int) *gray {
	if n <= 1 {
		return g
	}
	out := &gray{g.w * n, g.h * n, make([]byte, g.w*n*g.h*n)}
	for y := range g.h {
		first := out.pix[y*n*out.w : (y*n+1)*out.w]
		for x := range g.w {
			v := g.pix[y*g.w+x]
			for d := range n {
				first[x*n+d] = v
			}
		}
		for d := 1; d < n; d++ {
			copy(out.pix[(y*n+d)*out.w:(y*n+d+1)*out.w], first)
		}
	}
	return out
}

// mask is a picture in two tones, 1 dark.
type mask struct {
	w, h int
	bits []byte
}

// otsu splits the tones where both sides vary least (Otsu 1979). ok is false for a picture of one tone.
func (g *gray) otsu() (m *mask, ok bool) {
	hist := g.tones()
	total, sum := len(g.pix), 0
	for v, n := range hist {
		sum += v * n
	}
	best, at, low, lowSum := 0.0, 0, 0, 0
	for v, n := range hist {
		low += n
		lowSum += v * n
		if low == 0 || low == total {
			continue
		}
		d := float64(lowSum)/float64(low) - float64(sum-lowSum)/float64(total-low)
		if between := float64(low) * float64(total-low) * d * d; between > best {
			best, at = between, v
		}
	}
	if best == 0 {
		return nil, false
	}
	// The middle of the empty tones above the split keeps soft edges where they are.
	up := at + 1
	for up < 255 && hist[up] == 0 {
		up++
	}
	at = (at + up) / 2
	var table [256]byte
	for v := 0; v <= at && v < 255; v++ {
		table[v] = 1
	}
	m = &mask{g.w, g.h, make([]byte, len(g.pix))}
	for i, v := range g.pix {
		m.bits[i] = table[v]
	}
	return m, true
}

// tones counts the pixels of each tone. Four counts side by side, because neighbours are often of one tone, and adding to the same place
// again and again is slow.
func (g *gray) tones() (hist [256]int) {
	var part [4][256]uint32
	rest := g.pix
	for ; len(rest) >= 8; rest = rest[8:] {
		n := binary.LittleEndian.Uint64(rest)
		part[0][byte(n)]++
		part[1][byte(n>>8)]++
		part[2][byte(n>>16)]++
		part[3][byte(n>>24)]++
		part[0][byte(n>>32)]++
		part[1][byte(n>>40)]++
		part[2][byte(n>>48)]++
		part[3][byte(n>>56)]++
	}
	for _, v := range rest {
		part[0][v]++
	}
	for i := range hist {
		hist[i] = int(part[0][i]) + int(part[1][i]) + int(part[2][i]) + int(part[3][i])
	}
	return hist
}

// adaptive calls a pixel dark when it is darker than its surroundings (Bradley and Roth 2007): for photographs with uneven light.
func (g *gray) adaptive() *mask {
	m := &mask{g.w, g.h, make([]byte, len(g.pix))}
	half := max(8, max(g.w, g.h)/16)
	columns := make([]uint32, g.w) // sum of each column over the window's rows
	for y := range min(half, g.h) {
		for x, v := range g.pix[y*g.w : (y+1)*g.w] {
			columns[x] += uint32(v)
		}
	}
	for y := range g.h {
		if in := y + half; in < g.h {
			for x, v := range g.pix[in*g.w : (in+1)*g.w] {
				columns[x] += uint32(v)
			}
		}
		if out := y - half - 1; out >= 0 {
			for x, v := range g.pix[out*g.w : (out+1)*g.w] {
				columns[x] -= uint32(v)
			}
		}
		rows := uint64(min(g.h-1, y+half) - max(0, y-half) + 1)
		sum, row := uint64(0), g.pix[y*g.w:(y+1)*g.w]
		for x := range min(half, g.w) {
			sum += uint64(columns[x])
		}
		for x, v := range row {
			if in := x + half; in < g.w {
				sum += uint64(columns[in])
			}
			if out := x - half - 1; out >= 0 {
				sum -= uint64(columns[out])
			}
			area := rows * uint64(min(g.w-1, x+half)-max(0, x-half)+1)
			if uint64(v)*area*100 < sum*92 {
				m.bits[y*g.w+x] = 1
			}
		}
	}
	return m
}

// contrast finds the direction in which the colours of a picture differ most, when brightness says little about it: a red code on green.
// It looks at a sample of the pixels.
func contrast(img image.Image) (s shade, ok bool) {
	b := img.Bounds()
	step := max(1, int(math.Sqrt(float64(b.Dx())*float64(b.Dy())/4_000)))
	var n float64
	var mean [3]float64
	var cov [3][3]float64
	for y := b.Min.Y; y < b.Max.Y; y += step {
		for x := b.Min.X; x < b.Max.X; x += step {
			r, g, bl, _ := img.At(x, y).RGBA()
			v := [3]float64{float64(r >> 8), float64(g >> 8), float64(bl >> 8)}
			n++
			for i := range 3 {
				mean[i] += v[i]
				for j := range 3 {
					cov[i][j] += v[i] * v[j]
				}
			}
		}
	}
	for i := range 3 {
		for j := range 3 {
			cov[i][j] = cov[i][j]/n - mean[i]*mean[j]/n/n
		}
	}
	axis := [3]float64{1, 0.3, -0.7}
	for range 24 {
		axis = direction(cov, axis)
	}
	along := variance(cov, axis)
	bright := variance(cov, [3]float64{0.299, 0.587, 0.114})
	if along < 400 || bright*6 > along {
		return s, false
	}
	mid := (axis[0]*mean[0] + axis[1]*mean[1] + axis[2]*mean[2]) / n
	gain := 50 / math.Sqrt(along)
	s.under = 255
	s.r, s.g, s.b = int32(1024*gain*axis[0]), int32(1024*gain*axis[1]), int32(1024*gain*axis[2])
	s.add = int32(1024 * (128 - gain*mid))
	return s, true
}

// direction is one step of power iteration.
func direction(m [3][3]float64, v [3]float64) [3]float64 {
	var out [3]float64
	for i := range 3 {
		out[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
	}
	length := math.Sqrt(out[0]*out[0] + out[1]*out[1] + out[2]*out[2])
	if length == 0 {
		return v
	}
	return [3]float64{out[0] / length, out[1] / length, out[2] / length}
}

func variance(m [3][3]float64, v [3]float64) float64 {
	sum := 0.0
	for i := range 3 {
		for j := range 3 {
			sum += v[i] * m[i][j] * v[j]
		}
	}
	return sum
}

// isTransparent says that pixels of img let through what is behind.
func isTransparent(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && !o.Opaque()
}
