package demo

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strings"
	"time"
)

// eicar is the industry's harmless test file (eicar.org), put together at run time so that no scanner takes this program for one.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}` + `$EICAR-` + `STANDARD-ANTIVIRUS-` + `TEST-FILE!$H+H*`)
}

// file makes the content of an attachment. Every "dangerous" one is a stand-in: right in type, harmless in content.
func file(kind, name string, r *rand.Rand, at time.Time) (mediaType string, content []byte, err error) {
	kind, family, _ := strings.Cut(kind, ":")
	switch kind {
	case "pdf":
		return "application/pdf", pdf(name, r), nil
	case "png":
		content, err = picture(r)
		return "image/png", content, err
	case "ics":
		return "text/calendar; method=REQUEST; charset=utf-8", invitation(name, r, at), nil
	case "eicar":
		return "application/octet-stream", eicar(), nil
	case "eicar-zip":
		content, err = archive(at, "invoice.com", eicar())
		return "application/zip", content, err
	case "exe-zip":
		content, err = archive(packed, "Scan_2026.pdf.exe", executable(family))
		return "application/zip", content, err
	case "exe":
		return "application/pdf", executable(family), nil // declared as what it is not
	case "docx":
		content, err = archive(at, "[Content_Types].xml", []byte(`<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`),
			"word/document.xml", []byte(`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>`))
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document", content, err
	case "docm":
		content, err = archive(at, "[Content_Types].xml", []byte(`<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`),
			"word/document.xml", []byte(`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>`),
			"word/vbaProject.bin", []byte("Attribute VB_Name = \"Demo\"\r\nSub AutoOpen()\r\n' nothing happens here\r\nEnd Sub\r\n"))
		return "application/vnd.ms-word.document.macroEnabled.12", content, err
	case "html":
		return "text/html", []byte(`<!doctype html><title>Voice message</title><script>var p=atob("bm90aGluZyBoYXBwZW5z");</script>` +
			`<form action="https://voice-portal.example/login" method="post"><input name="mail"><input type="password" name="pw"><button>Listen</button></form>`), nil
	case "iso":
		content = make([]byte, 17*2048)
		copy(content[16*2048:], "\x01CD001\x01\x00"+family)
		return "application/x-iso9660-image", content, nil
	case "lnk":
		content = append([]byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F"), make([]byte, 56)...)
		return "application/octet-stream", append(content, family...), nil
	case "csv":
		return "text/csv", []byte("berth;vessel;from;until\r\n4;Ellida;06:00;18:30\r\n7;Stella Maris;11:15;23:00\r\n"), nil
	}
	return "", nil, fmt.Errorf("attachment %s: unknown kind %q", name, kind)
}

// executable starts as a Windows program does and then says what it is.
func executable(family string) []byte {
	return append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), []byte("This is a stand-in for a program of the kind "+family+". It holds no code.")...)
}

// packed is when the archives of the attackers were made: a kit packs once and sends the same file to everybody.
var packed = time.Date(2026, 1, 12, 3, 14, 0, 0, time.UTC)

// known are links and domains of the mail that somebody outside has seen before.
var known = []string{"url,https://voice-portal.example/login", "domain,m365-accountcheck.example"}

// Indicators lists the files, links and domains that somebody outside has seen and named, as a feed would: CSV with the columns type, value, threat, source.
func Indicators() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("type,value,threat,source\n")
	recipes, err := load(shipped)
	if err != nil {
		return nil, err
	}
	for _, rc := range recipes {
		for _, a := range rc.Attach {
			_, family, named := strings.Cut(a.Kind, ":")
			if !named {
				continue
			}
			_, content, err := file(a.Kind, "", nil, packed)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "sha256,%x,%s,Harbour CERT\n", sha256.Sum256(content), family)
		}
	}
	for _, value := range known {
		fmt.Fprintf(&b, "%s,Credential phishing,Harbour CERT\n", value)
	}
	return b.Bytes(), nil
}

// archive zips pairs of name and content.
func archive(at time.Time, pairs ...any) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i+1 < len(pairs); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: pairs[i].(string), Method: zip.Deflate, Modified: at.UTC()})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(pairs[i+1].([]byte)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

func pdf(name string, r *rand.Rand) []byte {
	return fmt.Appendf(nil, "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"+
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n%% %s %08x\ntrailer<</Root 1 0 R>>\n%%%%EOF\n", name, r.Uint32())
}

func invitation(title string, r *rand.Rand, at time.Time) []byte {
	start := at.Truncate(time.Hour).Add(time.Duration(24+r.IntN(72)) * time.Hour).UTC()
	const form = "20060102T150405Z"
	return fmt.Appendf(nil, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kestrel Quay//Calendar//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:%016x@%s\r\n"+
		"DTSTAMP:%s\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:%s\r\nLOCATION:Quay room 2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		r.Uint64(), Domain, at.UTC().Format(form), start.Format(form), start.Add(time.Hour).Format(form), title)
}

// picture is a pattern of squares, as a code that a phone would read looks from afar. It holds no data.
func picture(r *rand.Rand) ([]byte, error) {
	const cells, size = 25, 6
	img := image.NewGray(image.Rect(0, 0, cells*size, cells*size))
	for y := range cells {
		for x := range cells {
			c := color.Gray{Y: 255}
			if r.IntN(2) == 0 {
				c.Y = 0
			}
			for dy := range size {
				for dx := range size {
					img.SetGray(x*size+dx, y*size+dy, c)
				}
			}
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}
