package demo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// draft is a message before it is written down.
type draft struct {
	from        mail.Address
	to, cc      []mail.Address
	replyTo     string
	returnPath  string
	subject     string
	date        time.Time
	id          string
	inReplyTo   string
	references  []string
	text, html  string
	attachments []attached
	headers     []string // further fields, whole
	auth        string   // value of Authentication-Results after the authserv-id; "" for mail inside
	client      string   // name of the client that the MX saw
	clientIP    string   // "" for mail inside
	tls         bool
}

type attached struct {
	name, mediaType, cid string
	content              []byte
}

// raw writes the message as the organisation's mail server stored it.
func (d *draft) raw(r *rand.Rand) ([]byte, error) {
	var b bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	field("Return-Path", "<"+d.returnPath+">")
	if d.clientIP != "" {
		field("Authentication-Results", AuthServer+";\r\n\t"+d.auth)
	}
	b.WriteString(d.received(r))
	field("From", d.from.String())
	field("To", list(d.to))
	field("Cc", list(d.cc))
	field("Reply-To", d.replyTo)
	field("Subject", mime.QEncoding.Encode("utf-8", d.subject))
	field("Date", d.date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	field("Message-ID", d.id)
	field("In-Reply-To", d.inReplyTo)
	field("References", strings.Join(d.references, "\r\n "))
	for _, h := range d.headers {
		b.WriteString(h + "\r\n")
	}
	field("MIME-Version", "1.0")
	err := d.body(&b, r)
	return b.Bytes(), err
}

func list(as []mail.Address) string {
	var out []string
	for _, a := range as {
		out = append(out, a.String())
	}
	return strings.Join(out, ",\r\n ")
}

// received is the path: inside the organisation one hop, from outside the MX and the store behind it.
func (d *draft) received(r *rand.Rand) string {
	stamp := func(at time.Time) string { return at.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000") }
	queue := func() string { return fmt.Sprintf("4%09X", r.Uint32()) }
	if d.clientIP == "" {
		return fmt.Sprintf("Received: from desk.%s (desk.%s [10.20.%d.%d])\r\n\tby store1.%s with ESMTPSA (TLSv1.3) id %s;\r\n\t%s\r\n",
			Domain, Domain, 1+r.IntN(30), 2+r.IntN(250), Domain, queue(), stamp(d.date.Add(time.Second)))
	}
	with := "ESMTP"
	cipher := ""
	if d.tls {
		with, cipher = "ESMTPS", "\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))"
	}
	at := d.date.Add(time.Duration(1+r.IntN(5)) * time.Second)
	return fmt.Sprintf("Received: from %s (%s [%s])\r\n\tby store1.%s with LMTP id %s;\r\n\t%s\r\n", AuthServer, AuthServer, mxAddress, Domain, queue(), stamp(at.Add(time.Second))) +
		fmt.Sprintf("Received: from %s (%s [%s])%s\r\n\tby %s with %s id %s;\r\n\t%s\r\n", d.client, d.client, d.clientIP, cipher, AuthServer, with, queue(), stamp(at))
}

// body nests what there is: alternative inside related inside mixed.
func (d *draft) body(b *bytes.Buffer, r *rand.Rand) error {
	text := node{mediaType: "text/plain; charset=utf-8", text: d.text}
	body := text
	switch {
	case d.html != "" && d.text != "":
		body = node{mediaType: "multipart/alternative", children: []node{text, {mediaType: "text/html; charset=utf-8", text: d.html}}}
	case d.html != "":
		body = node{mediaType: "text/html; charset=utf-8", text: d.html}
	}
	related, mixed := []node{body}, []node{}
	for _, a := range d.attachments {
		n := node{mediaType: a.mediaType, name: a.name, cid: a.cid, content: a.content}
		if a.cid != "" {
			related = append(related, n)
		} else {
			mixed = append(mixed, n)
		}
	}
	if len(related) > 1 {
		body = node{mediaType: "multipart/related", children: related}
	}
	if len(mixed) > 0 {
		body = node{mediaType: "multipart/mixed", children: append([]node{body}, mixed...)}
	}
	return body.write(b, r)
}

type node struct {
	mediaType, name, cid string
	text                 string
	content              []byte
	children             []node
}

func (n node) write(b *bytes.Buffer, r *rand.Rand) error {
	switch {
	case len(n.children) > 0:
		boundary := fmt.Sprintf("=_%016x", r.Uint64())
		fmt.Fprintf(b, "Content-Type: %s; boundary=\"%s\"\r\n\r\n", n.mediaType, boundary)
		for _, c := range n.children {
			fmt.Fprintf(b, "--%s\r\n", boundary)
			if err := c.write(b, r); err != nil {
				return err
			}
			b.WriteString("\r\n")
		}
		fmt.Fprintf(b, "--%s--\r\n", boundary)
	case n.content != nil:
		disposition := "attachment"
		if n.cid != "" {
			disposition = "inline"
			fmt.Fprintf(b, "Content-ID: <%s>\r\n", n.cid)
		}
		fmt.Fprintf(b, "Content-Type: %s; name=\"%s\"\r\nContent-Disposition: %s; filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
			n.mediaType, n.name, disposition, n.name)
		const width = 76
		for s := base64.StdEncoding.EncodeToString(n.content); s != ""; {
			k := min(width, len(s))
			b.WriteString(s[:k] + "\r\n")
			s = s[k:]
		}
	default:
		fmt.Fprintf(b, "Content-Type: %s\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", n.mediaType)
		w := quotedprintable.NewWriter(b)
		if _, err := w.Write([]byte(strings.ReplaceAll(n.text, "\n", "\r\n"))); err != nil {
			return err
		}
		return w.Close()
	}
	return nil
}
