package scantest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// File is one file of a message.
type File struct {
	Name    string
	Type    string // media type, "application/octet-stream" when empty
	Content []byte
}

// Mail writes a message with a body of bodyType and files.
func Mail(bodyType, body string, files ...File) []byte {
	var b bytes.Buffer
	b.WriteString("From: Harbour Papers <office@papers.example>\r\nTo: maren.okafor@northwindharbour.example\r\nSubject: Papers\r\n" +
		"Message-ID: <1@papers.example>\r\nDate: Wed, 18 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=-edge\"\r\n\r\n")
	part := func(head string, content []byte) {
		fmt.Fprintf(&b, "--=-edge\r\n%sContent-Transfer-Encoding: base64\r\n\r\n", head)
		text := base64.StdEncoding.EncodeToString(content)
		for len(text) > 76 {
			b.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		b.WriteString(text + "\r\n")
	}
	part("Content-Type: "+bodyType+"; charset=utf-8\r\n", []byte(body))
	for _, f := range files {
		if f.Type == "" {
			f.Type = "application/octet-stream"
		}
		part(fmt.Sprintf("Content-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\n", f.Type, f.Name, f.Name), f.Content)
	}
	b.WriteString("--=-edge--\r\n")
	return b.Bytes()
}

// FixPNG puts the checksum of a changed header right.
func FixPNG(b []byte) { binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29])) }
