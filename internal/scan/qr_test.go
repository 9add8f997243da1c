package scan_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

const address = "https://login.harbour-papers.example/a?id=7730"

// mail builds a message of one body and files; a name with "inline:" is shown by the body.
func mail(bodyType, body string, files ...scantest.File) *email.Message {
	return email.Parse(scantest.Mail(bodyType, body, files...), email.Limits{})
}

func codesOf(m *email.Message) []string {
	var out []string
	for _, l := range m.Links {
		if l.Where == email.InQRCode {
			out = append(out, l.URL)
		}
	}
	return out
}

func TestCodesInPictures(t *testing.T) {
	q := scantest.NewQR(address)
	blue, sand := color.NRGBA{30, 40, 160, 255}, color.NRGBA{250, 235, 200, 255}
	page := image.NewNRGBA(image.Rect(0, 0, 1400, 1900))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(page, image.Rect(700, 900, 1100, 1300), q.Draw(scantest.Picture{Scale: 3}), image.Point{}, draw.Src)
	for y := 100; y < 1800; y += 14 { // lines of something like text
		for x := 60; x < 640; x++ {
			if (x*7+y*13)%11 < 4 {
				page.Set(x, y, color.Black)
				page.Set(x, y+1, color.Black)
			}
		}
	}
	for name, b := range map[string][]byte{
		"plain.png":       scantest.PNG(q.Draw(scantest.Picture{})),
		"photo.jpg":       scantest.JPEG(q.Draw(scantest.Picture{Noise: true, Scale: 6})),
		"small.jpg":       scantest.JPEG(q.Draw(scantest.Picture{Scale: 3})),
		"plain.gif":       scantest.GIF(q.Draw(scantest.Picture{})),
		"one-pixel.png":   scantest.PNG(q.Draw(scantest.Picture{Scale: 1})),
		"large.png":       scantest.PNG(q.Draw(scantest.Picture{Scale: 40})),
		"inverted.png":    scantest.PNG(q.Draw(scantest.Picture{Dark: color.White, Light: color.Black})),
		"coloured.png":    scantest.PNG(q.Draw(scantest.Picture{Dark: blue, Light: sand})),
		"red-green.png":   scantest.PNG(q.Draw(scantest.Picture{Dark: color.NRGBA{220, 40, 40, 255}, Light: color.NRGBA{60, 128, 60, 255}})),
		"transparent.png": scantest.PNG(q.Draw(scantest.Picture{Light: color.NRGBA{}})),
		"white-ink.png":   scantest.PNG(q.Draw(scantest.Picture{Dark: color.White, Light: color.NRGBA{}})),
		"logo.png":        scantest.PNG(q.Draw(scantest.Picture{Logo: true, Scale: 6})),
		"turned-13.png":   scantest.PNG(q.Draw(scantest.Picture{Turn: 13, Scale: 6})),
		"turned-45.jpg":   scantest.JPEG(q.Draw(scantest.Picture{Turn: 45, Scale: 8})),
		"turned-90.png":   scantest.PNG(q.Draw(scantest.Picture{Turn: 90})),
		"turned-200.gif":  scantest.GIF(q.Draw(scantest.Picture{Turn: 200, Scale: 7})),
		"tight.png":       scantest.PNG(q.Draw(scantest.Picture{Quiet: 1})),
		"page.png":        scantest.PNG(page),
	} {
		m := mail("text/plain", "See the picture.", scantest.File{Name: name, Content: b})
		start := time.Now()
		r := scan.Open(context.Background(), m, patient)
		if got := codesOf(m); len(got) != 1 || got[0] != address {
			t.Errorf("%s: codes %q, facts %v, defects %v", name, got, r.Facts, m.Defects)
		}
		t.Logf("%s: %v", name, time.Since(start))
	}
}

func TestSeveralCodes(t *testing.T) {
	wide := image.NewNRGBA(image.Rect(0, 0, 900, 400))
	draw.Draw(wide, wide.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range 3 {
		code := scantest.NewQR(fmt.Sprintf("https://number-%d.example/", i)).Draw(scantest.Picture{Scale: 5})
		draw.Draw(wide, code.Bounds().Add(image.Pt(i*300, 40)), code, image.Point{}, draw.Src)
	}
	m := mail("text/plain", "", scantest.File{Name: "three.png", Content: scantest.PNG(wide)})
	scan.Open(context.Background(), m, patient)
	if got := codesOf(m); len(got) != 3 {
		t.Errorf("codes %q", got)
	}
}

func TestCodesInText(t *testing.T) {
	q := scantest.NewQR(address)
	escaped := strings.NewReplacer("█", "&#9608;", "▀", "&#x2580;", "▄", "&#9604;", "\n", "<br>", " ", "&nbsp;").Replace(q.HalfBlocks(false))
	data := "<p>Scan</p><img src=\"data:image/png;base64," + base64.StdEncoding.EncodeToString(scantest.PNG(q.Draw(scantest.Picture{}))) + "\">"
	for name, body := range map[string][2]string{
		"full blocks":      {"text/plain", "Scan this:\n\n" + q.Text("██", "  ") + "\nThank you"},
		"half blocks":      {"text/plain", "Scan this:\n" + q.HalfBlocks(false) + "Thank you"},
		"terminal":         {"text/plain", "Scan this:\n" + q.HalfBlocks(true) + "\nThank you"},
		"quadrants":        {"text/plain", "Scan this:\n" + q.Quadrants()},
		"hashes":           {"text/plain", q.Text("##", "  ")},
		"digits":           {"text/plain", q.Text("1", "0")},
		"squares":          {"text/plain", q.Text("\u2b1b", "\u2b1c")},
		"quoted":           {"text/plain", "> " + strings.ReplaceAll(q.Text("██", "  "), "\n", "\n> ")},
		"pre":              {"text/html", "<p>Scan</p><pre style=\"line-height:1\">" + q.HalfBlocks(false) + "</pre>"},
		"references":       {"text/html", "<p>Scan</p><p>" + escaped + "</p>"},
		"table bgcolor":    {"text/html", "<p>Scan</p>" + q.Table("bgcolor")},
		"table style":      {"text/html", "<p>Scan</p>" + q.Table("style")},
		"table class":      {"text/html", "<p>Scan</p>" + q.Table("class")},
		"table with spans": {"text/html", "<p>Scan</p>" + q.Table("spans")},
		"boxes in rows":    {"text/html", "<p>Scan</p>" + q.Divs(false)},
		"boxes in places":  {"text/html", "<p>Scan</p>" + q.Divs(true)},
		"data address":     {"text/html", data},
	} {
		m := mail(body[0], body[1])
		start := time.Now()
		r := scan.Open(context.Background(), m, patient)
		if got := codesOf(m); len(got) != 1 || got[0] != address {
			t.Errorf("%s: codes %q, facts %v, defects %v", name, got, r.Facts, m.Defects)
		}
		t.Logf("%s: %v", name, time.Since(start))
	}
}

// TestPayloads tells addresses from what phones do not open as one.
func TestPayloads(t *testing.T) {
	for text, link := range map[string]string{
		"HTTPS://PAPERS.EXAMPLE/A":                  "https://PAPERS.EXAMPLE/A",
		"www.papers.example/x":                      "www.papers.example/x",
		"papers.com/x":                              "papers.com/x",
		"Open https://papers.example/x":             "https://papers.example/x",
		"WIFI:S:Harbour;T:WPA;P:seagull7;;":         "",
		"BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD": "",
		"BCD\n002\n1\nSCT\n\nA GmbH\nDE00\nEUR1":    "",
		"bitcoin:bc1qexample?amount=1":              "",
		"4006381333931":                             "",
	} {
		m := mail("text/plain", "", scantest.File{Name: "a.png", Content: scantest.PNG(scantest.NewQR(text).Draw(scantest.Picture{}))})
		r := scan.Open(context.Background(), m, patient)
		got := strings.Join(codesOf(m), " ")
		if got != link {
			t.Errorf("%q: link %q, want %q", text, got, link)
		}
		if _, ok := r.Has("qr-text"); link == "" && !ok {
			t.Errorf("%q: no fact: %v", text, r.Facts)
		}
	}
}

// TestHugePicture refuses a picture of 100 megapixels by its header.
func TestHugePicture(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.Black, color.White})
	b := scantest.PNG(img)
	copy(b[16:], []byte{0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10}) // 10,000 by 10,000 in IHDR
	scantest.FixPNG(b)
	m := mail("text/plain", "", scantest.File{Name: "huge.png", Content: b})
	start := time.Now()
	scan.Open(context.Background(), m, patient)
	if len(m.Defects) != 1 || m.Defects[0].ID != "file-limit-pixels" || time.Since(start) > tooLong {
		t.Errorf("defects %v after %v", m.Defects, time.Since(start))
	}
}

// TestManyMarks holds the search to its bounds when every part of a picture looks like a corner mark.
func TestManyMarks(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 3000, 3000))
	ring := [7]string{"1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"}
	for y := range 3000 {
		for x := range 3000 {
			v := byte(255)
			if u, w := x/2%9, y/2%9; u < 7 && w < 7 && ring[w][u] == '1' {
				v = 0
			}
			img.Pix[y*3000+x] = v
		}
	}
	m := mail("text/plain", "", scantest.File{Name: "marks.png", Content: scantest.PNG(img)})
	start := time.Now()
	scan.Open(context.Background(), m, patient)
	if d := time.Since(start); d > tooLong {
		t.Errorf("took %v", d)
	} else {
		t.Logf("%v, defects %v", d, m.Defects)
	}
}

func FuzzImage(f *testing.F) {
	q := scantest.NewQR("https://a.example/")
	for _, b := range [][]byte{scantest.PNG(q.Draw(scantest.Picture{})), scantest.JPEG(q.Draw(scantest.Picture{})), scantest.GIF(q.Draw(scantest.Picture{})), []byte("BM"), []byte("RIFF\x00\x00\x00\x00WEBPVP8 ")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := mail("text/plain", "", scantest.File{Name: "a.png", Content: b})
		scan.Open(context.Background(), m, scan.Limits{Pixels: 1_000_000, Time: 2 * time.Second})
		noInternalError(t, m)
	})
}

func FuzzBlockCode(f *testing.F) {
	q := scantest.NewQR("https://a.example/")
	f.Add(q.Text("##", "  "), q.Table("bgcolor"))
	f.Add(q.HalfBlocks(true), q.Divs(true))
	f.Add(q.Text("1", "0"), q.Table("class"))
	f.Fuzz(func(t *testing.T, text, html string) {
		for _, m := range []*email.Message{mail("text/plain", text), mail("text/html", html)} {
			scan.Open(context.Background(), m, scan.Limits{Time: 2 * time.Second})
			noInternalError(t, m)
		}
	})
}

func noInternalError(t *testing.T, m *email.Message) {
	t.Helper()
	for _, d := range m.Defects {
		if d.ID == "file-internal-error" {
			t.Error(d.Where)
		}
	}
}

func BenchmarkPicture(b *testing.B) {
	photo := image.NewNRGBA(image.Rect(0, 0, 1200, 800))
	seed := uint32(7)
	for y := range 800 {
		for x := range 1200 {
			seed = seed*1664525 + 1013904223
			v := byte(128 + 60*((x/37+y/53)%3-1) + int(seed>>27))
			photo.SetNRGBA(x, y, color.NRGBA{v, byte(x / 5), byte(y / 4), 255})
		}
	}
	for name, content := range map[string][]byte{
		"photo-1MP-jpg": scantest.JPEG(photo), "photo-1MP-png": scantest.PNG(photo), "code": scantest.PNG(scantest.NewQR(address).Draw(scantest.Picture{})),
		"icon": scantest.PNG(image.NewGray(image.Rect(0, 0, 16, 16))),
	} {
		raw := scantest.Mail("text/plain", "x", scantest.File{Name: "a.png", Content: content})
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := email.Parse(bytes.Clone(raw), email.Limits{})
				b.StartTimer()
				scan.Open(context.Background(), m, patient)
			}
		})
	}
}
