package preview

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"

	"tocsin/internal/email"
)

func encoded(t testing.TB, format string, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.White, color.Black})
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "gif":
		err = gif.Encode(&b, img, nil)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claimed is a PNG whose header says that it is so large; nothing of the area is there.
func claimed(t testing.TB, w, h uint32) []byte {
	t.Helper()
	b := encoded(t, "png", 1, 1)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func webp(kind string, w, h int) []byte {
	b := make([]byte, 40)
	copy(b, "RIFF\x20\x00\x00\x00WEBP"+kind)
	switch kind {
	case "VP8 ":
		copy(b[23:], "\x9d\x01\x2a")
		binary.LittleEndian.PutUint16(b[26:], uint16(w))
		binary.LittleEndian.PutUint16(b[28:], uint16(h))
	case "VP8L":
		b[20] = 0x2F
		binary.LittleEndian.PutUint32(b[21:], uint32(w-1)|uint32(h-1)<<14)
	case "VP8X":
		binary.LittleEndian.PutUint32(b[24:], uint32(w-1))
		b[27], b[28], b[29] = byte(h-1), byte((h-1)>>8), byte((h-1)>>16)
	}
	return b
}

func TestInlinePictures(t *testing.T) {
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(rand.N(256))
	}
	tests := []struct {
		name    string
		content []byte
		want    string // media type, or what the box says
	}{
		{"png", encoded(t, "png", 20, 10), "image/png"},
		{"gif", encoded(t, "gif", 20, 10), "image/gif"},
		{"jpeg", encoded(t, "jpeg", 20, 10), "image/jpeg"},
		{"webp lossy", webp("VP8 ", 20, 10), "image/webp"},
		{"webp lossless", webp("VP8L", 20, 10), "image/webp"},
		{"webp extended", webp("VP8X", 20, 10), "image/webp"},
		{"webp of another kind", webp("VP9 ", 20, 10), "too large an area"},
		{"webp bomb", webp("VP8X", 1<<24, 1<<24), "too large an area"},
		{"png bomb", claimed(t, 60_000, 60_000), "too large an area"},
		{"png wide", claimed(t, 100_000, 1), "too large an area"},
		{"png of no area", claimed(t, 0, 10), "not a picture"},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "not a picture"},
		{"svg behind a byte order mark", []byte("\xef\xbb\xbf<?xml version='1.0'?><svg/>"), "not a picture"},
		{"html", []byte("<script>alert(1)</script>"), "not a picture"},
		{"bmp", append([]byte("BM"), noise[:100]...), "not a picture"},
		{"tiff", append([]byte("II*\x00"), noise[:100]...), "not a picture"},
		{"png cut short", encoded(t, "png", 20, 10)[:20], "not a picture"},
		{"empty", nil, "not a picture"},
		{"oversize", append(encoded(t, "png", 20, 10), noise...), "too large"},
	}
	o := Options{MaxImage: 4000}
	for _, tc := range tests {
		for _, way := range [...]string{"cid", "data"} {
			t.Run(tc.name+" "+way, func(t *testing.T) {
				m := &email.Message{HTML: `<img alt="A" src="cid:Part%201@X">`, Parts: []*email.Part{{ContentID: "part 1@x", Content: tc.content}}}
				if way == "data" {
					m.HTML = `<img alt="A" src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(tc.content) + `">`
				}
				p := Render(m, o)
				checkPreview(t, p, o)
				checkSecondFilter(t, m, o)
				if strings.HasPrefix(tc.want, "image/") {
					if !strings.Contains(p.HTML, `src="data:`+tc.want+`;base64,`+base64.StdEncoding.EncodeToString(tc.content)+`"`) || p.Removed != (Removed{}) {
						t.Errorf("not shown: %s", bodyOf(p))
					}
				} else if !strings.Contains(shownText(p), "("+tc.want+") A") || p.Removed != (Removed{InlineImages: 1}) {
					t.Errorf("want a box that says %q: %s, removed %s", tc.want, bodyOf(p), removedOf(p))
				}
			})
		}
	}
}

// TestPictureRoom repeats one small part until it would fill the document, and one large area until it would fill memory.
func TestPictureRoom(t *testing.T) {
	big := append(encoded(t, "png", 20, 10), make([]byte, 300<<10)...)
	flat := claimed(t, 4000, 5000)
	m := &email.Message{
		HTML:  strings.Repeat(`<img src="cid:a">`, 50) + "<p>behind them</p>",
		Parts: []*email.Part{{ContentID: "a", Content: big}},
	}
	p := Render(m, Options{})
	checkPreview(t, p, Options{})
	if n := strings.Count(p.HTML, "<img"); n < 1 || n > 3 || p.Removed.InlineImages != 50-n || p.Truncated || !strings.Contains(p.HTML, "behind them") {
		t.Errorf("%d pictures shown, removed %s", n, removedOf(p))
	}
	m.Parts[0].Content = flat
	p = Render(m, Options{})
	checkPreview(t, p, Options{})
	if n := strings.Count(p.HTML, "<img"); n != maxAllPixels/20_000_000 {
		t.Errorf("%d pictures of 20 million pixels shown", n)
	}
}
