package scantest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"strings"
)

// PDF writes a document object by object. Object 1 is the catalog, 2 the list of pages; Add gives the others their numbers.
type PDF struct {
	Catalog string // more of the catalog: "/OpenAction 5 0 R"
	Packed  bool   // objects without stream go into an object stream, compressed
	Plain   bool   // contents of pages are not compressed
	objects []pdfObject
	pages   []int
}

type pdfObject struct {
	dict   string
	stream []byte
}

// Add adds an object and returns its number. With a stream, dict is the inside of its dictionary, without /Length.
func (p *PDF) Add(dict string, stream []byte) int {
	p.objects = append(p.objects, pdfObject{dict, stream})
	return len(p.objects) + 2
}

// Page adds a page with lines of text; more goes into its dictionary: "/Annots [7 0 R]".
func (p *PDF) Page(more string, lines ...string) int {
	var b strings.Builder
	b.WriteString("BT /F1 12 Tf 72 720 Td 14 TL\n")
	for _, l := range lines {
		b.WriteString("(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l) + ") Tj T*\n")
	}
	b.WriteString("ET\n")
	return p.PageOf(more, "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>", b.String())
}

// PageOf adds a page with operators of its own.
func (p *PDF) PageOf(more, resources, operators string) int {
	var content int
	if p.Plain {
		content = p.Add("", []byte(operators))
	} else {
		content = p.Add("/Filter /FlateDecode", Deflate([]byte(operators)))
	}
	n := p.Add(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources << %s >> %s >>", content, resources, more), nil)
	p.pages = append(p.pages, n)
	return n
}

// Link adds a link annotation and returns its number.
func (p *PDF) Link(url string, left, bottom, right, top int) int {
	return p.Add(fmt.Sprintf("<< /Type /Annot /Subtype /Link /Rect [%d %d %d %d] /A << /S /URI /URI (%s) >> >>", left, bottom, right, top, url), nil)
}

// Picture adds a picture: how is "gray", "deep" (16 bits), "rgb", "bits", "jpeg", "hex" or "palette", or the name of a filter
// under which it is not packed.
func (p *PDF) Picture(img image.Image, how string) int {
	b := img.Bounds()
	head := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d ", b.Dx(), b.Dy())
	var raw []byte
	for y := b.Min.Y; y < b.Max.Y; y++ {
		var bits byte
		for x := b.Min.X; x < b.Max.X; x++ {
			g := color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y
			switch how {
			case "rgb":
				n := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
				raw = append(raw, n.R, n.G, n.B)
			case "bits", "palette":
				if bit := (x - b.Min.X) % 8; g >= 128 {
					bits |= 0x80 >> bit
				}
				if (x-b.Min.X)%8 == 7 || x == b.Max.X-1 {
					raw = append(raw, bits)
					bits = 0
				}
			case "deep":
				raw = append(raw, g, 0x5A)
			default:
				raw = append(raw, g)
			}
		}
	}
	switch how {
	case "jpeg":
		return p.Add(head+"/BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /DCTDecode", JPEG(img))
	case "rgb":
		return p.Add(head+"/BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode", Deflate(raw))
	case "bits":
		return p.Add(head+"/BitsPerComponent 1 /ColorSpace /DeviceGray /Filter [/FlateDecode]", Deflate(raw))
	case "palette":
		return p.Add(head+"/BitsPerComponent 1 /ColorSpace [/Indexed /DeviceRGB 1 <101030FFFFF0>] /Filter [/FlateDecode]", Deflate(raw))
	case "JPXDecode", "JBIG2Decode":
		return p.Add(head+"/BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /"+how, raw)
	case "deep":
		return p.Add(head+"/BitsPerComponent 16 /ColorSpace /DeviceGray /Filter /FlateDecode", Deflate(raw))
	case "hex":
		return p.Add(head+"/BitsPerComponent 8 /ColorSpace /DeviceGray /Filter [/ASCIIHexDecode /FlateDecode]", fmt.Appendf(nil, "%x>", Deflate(raw)))
	}
	return p.Add(head+"/BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /FlateDecode", Deflate(raw))
}

// Bytes writes the document.
func (p *PDF) Bytes() []byte {
	kids := ""
	for _, n := range p.pages {
		kids += fmt.Sprintf("%d 0 R ", n)
	}
	all := append([]pdfObject{{dict: "<< /Type /Catalog /Pages 2 0 R " + p.Catalog + " >>"}, {dict: fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids, len(p.pages))}}, p.objects...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var index, packed bytes.Buffer
	for i, o := range all {
		switch {
		case o.stream != nil:
			fmt.Fprintf(&b, "%d 0 obj\n<< /Length %d %s >>\nstream\n%s\nendstream\nendobj\n", i+1, len(o.stream), o.dict, o.stream)
		case p.Packed:
			fmt.Fprintf(&index, "%d %d ", i+1, packed.Len())
			packed.WriteString(o.dict + "\n")
		default:
			fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o.dict)
		}
	}
	if p.Packed {
		z := Deflate(append(index.Bytes(), packed.Bytes()...))
		fmt.Fprintf(&b, "%d 0 obj\n<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n", len(all)+1, len(all), index.Len(), len(z), z)
	}
	b.WriteString("trailer\n<< /Root 1 0 R >>\n%%EOF\n")
	return b.Bytes()
}

// Deflate compresses as FlateDecode undoes.
func Deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, err := z.Write(b)
	must(err)
	must(z.Close())
	return out.Bytes()
}
