package submission

import (
	"testing"
	"unicode/utf16"

	"tocsin/internal/scan/scantest"
)

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// TestSavedByOutlook: a .msg has no bytes to prove, but says which message it was.
func TestSavedByOutlook(t *testing.T) {
	t.Parallel()
	props := scantest.Stream{Path: "__properties_version1.0", Data: make([]byte, 32)}
	prop := func(id, value string) scantest.Stream {
		return scantest.Stream{Path: "__substg1.0_" + id + "001F", Data: wide(value)}
	}
	sent := scantest.OLE(props, prop("0037", "Your parcel"), prop("1000", "Pay here"), prop("007D", "Received: from x\r\nFrom: Parcel <billing@parcel-fee.example>\r\nSubject: Your parcel\r\nMessage-ID: <p1@parcel-fee.example>\r\nDate: Tue, 03 Nov 2026 10:15:00 +0000\r\n"))
	r := read(report("", said, base64Part("application/octet-stream", "Your parcel.msg", string(sent))))
	if len(r.Originals) != 1 {
		t.Fatalf("%+v", r)
	}
	if o := r.Originals[0]; o.MessageID != "<p1@parcel-fee.example>" || o.From != "billing@parcel-fee.example" || o.Raw != nil || o.Digest != "" || o.Quoted != "Pay here" {
		t.Errorf("%+v", o)
	}
	local := scantest.OLE(props, prop("0037", "Hello"), prop("0C1A", "Jon"), prop("5D01", "Jon@northwind.example"))
	if r := read(report("", said, base64Part("application/vnd.ms-outlook", "x.msg", string(local)))); len(r.Originals) != 1 || r.Originals[0].From != "jon@northwind.example" || r.Originals[0].Subject != "Hello" {
		t.Errorf("%+v", r.Originals)
	}
}
