package email

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// ber encodes a value with a length of two octets, berOpen one of indefinite length.
func ber(tag byte, parts ...[]byte) []byte {
	v := slices.Concat(parts...)
	return append([]byte{tag, 0x82, byte(len(v) >> 8), byte(len(v))}, v...)
}

func berOpen(tag byte, parts ...[]byte) []byte {
	return slices.Concat([]byte{tag, 0x80}, slices.Concat(parts...), []byte{0, 0})
}

// signedData is CMS SignedData around the encoded OCTET STRING, without any when that is nil.
func signedData(seq func(tag byte, parts ...[]byte) []byte, octets []byte) []byte {
	contentType := ber(berOID, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01})
	inner := seq(berSequence, contentType)
	if octets != nil {
		inner = seq(berSequence, contentType, seq(berContext0, octets))
	}
	return seq(berSequence, ber(berOID, oidSignedData), seq(berContext0, seq(berSequence, ber(berInteger, []byte{1}), ber(berSet), inner, ber(berSet))))
}

func TestSignedContent(t *testing.T) {
	const text = "Content-Type: text/html\r\n\r\n<a href=https://a.example/>x</a>"
	whole := ber(berOctets, []byte(text))
	pieces := berOpen(berPieces, ber(berOctets, []byte(text[:10])), berOpen(berPieces, ber(berOctets, []byte(text[10:20]))), ber(berPieces, ber(berOctets, []byte(text[20:]))))
	plain := signedData(ber, whole)
	for _, c := range []struct {
		name           string
		data           []byte
		want           string
		signed, broken bool
	}{
		{"DER", plain, text, true, false},
		{"indefinite lengths", signedData(berOpen, whole), text, true, false},
		{"pieces in pieces", signedData(berOpen, pieces), text, true, false},
		{"definite pieces", signedData(ber, ber(berPieces, whole)), text, true, false},
		{"certificates only", signedData(ber, nil), "", true, false},
		{"certificates only, indefinite", signedData(berOpen, nil), "", true, false},
		{"cut in the content", plain[:len(plain)-4-10], text[:len(text)-10], true, true},
		{"cut in the head", plain[:20], "", true, true},
		{"cut pieces", signedData(ber, ber(berPieces, ber(berOctets, []byte("ab")), []byte{berOctets, 9, 'c'})), "abc", true, true},
		{"a piece that is none", signedData(ber, ber(berPieces, ber(berOctets, []byte("ab")), ber(berInteger, []byte("c")))), "ab", true, true},
		{"pieces without end", signedData(ber, bytes.Repeat([]byte{berPieces, 0x80}, 50)), "", true, true},
		{"length of four octets", append([]byte{berSequence, 0x84, 0xff, 0xff, 0xff, 0xff}, plain[4:]...), text, true, true},
		{"enveloped data", bytes.Replace(plain, oidSignedData, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}, 1), "", false, false},
		{"nothing", nil, "", false, false},
		{"text", []byte(text), "", false, false},
	} {
		content, signed, broken := signedContent(c.data)
		if string(content) != c.want || signed != c.signed || broken != c.broken {
			t.Errorf("%s: %q, signed %v, broken %v", c.name, content, signed, broken)
		}
	}
}

// TestOpaqueSigned checks where signed content is looked for, and that it counts as the text of the message it stands in.
func TestOpaqueSigned(t *testing.T) {
	code := base64.StdEncoding.EncodeToString(signedData(ber, ber(berOctets, []byte("Content-Type: text/plain\r\n\r\nsee https://a.example/"))))
	for head, where := range map[string]Where{
		"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m":     InBody,
		"Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data":                InBody, // a lie
		"Content-Type: application/octet-stream; name=\"SMIME.P7M\"":                       InBody,
		"Content-Type: message/rfc822\n\nContent-Type: application/pkcs7-mime; name=x.p7m": InAttachment,
	} {
		m := Parse([]byte("From: a@b.example\nDate: 2 Mar 2026 10:00:00 +0000\n"+strings.Replace(head, "\n\n", "\n\nFrom: b@b.example\n", 1)+
			"\nContent-Transfer-Encoding: base64\n\n"+code), Limits{})
		if len(m.Links) != 1 || m.Links[0].Where != where || (m.Text != "") != (where == InBody) {
			t.Errorf("%s: links %v, text %q, defects %v", head, m.Links, m.Text, m.Defects)
		}
		checkMessage(t, m, m.Size)
	}
}

func FuzzSigned(f *testing.F) {
	f.Add(signedData(ber, ber(berOctets, []byte("Subject: a\n\nb"))))
	f.Add(signedData(berOpen, berOpen(berPieces, ber(berOctets, []byte("Subject:")), berOpen(berPieces, ber(berOctets, []byte(" a\n\nb"))))))
	f.Add(signedData(berOpen, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		content, signed, broken := signedContent(b)
		if len(content) > len(b) || content != nil && !signed || broken && !signed {
			t.Errorf("%d octets from %d, signed %v, broken %v", len(content), len(b), signed, broken)
		}
	})
}
