package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// readBeyond looks into k for the address of another site, which open redirectors and click counters pass readers on to. That site is
// judged like a link of its own. Whether the redirect works is unknown, so it never speaks for the sender, except behind the known
// counters of mailing services.
func (f *Facts) readBeyond(k *link) {
	target := k.Target
	if target == "" {
		target = k.URL
	}
	if len(f.beyond) == maxBeyond || !mayCarry(target) {
		return
	}
	to, ok := email.RedirectParameter(target)
	if !ok {
		return
	}
	if strings.HasPrefix(to, "//") {
		to = "http:" + to
	}
	to = email.Unwrap(to)
	h := intel.DomainOf(to)
	org := intel.OrgDomain(h)
	if !strings.Contains(h, ".") || org == k.org {
		return
	}
	f.beyond = append(f.beyond, link{Link: &email.Link{URL: k.URL, Target: to, Host: h, Text: k.Text, Where: k.Where, Tag: k.Tag, Part: k.Part},
		scheme: "http", host: h, org: org, by: k.host})
	if f.judge.hosts.Trackers.Match(k.host) != "" {
		f.ownLink = f.ownLink || org == f.fromOrg
	}
}

// mayCarry tells quickly whether an address can hold another one: as it is, percent-encoded, or in base64.
func mayCarry(u string) bool {
	rest := u[min(len(u), 8):]
	for _, sign := range [...]string{"http", "HTTP", "aHR0c", "//", "%2F%2F", "%2f%2f"} {
		if strings.Contains(rest, sign) {
			return true
		}
	}
	return false
}

// isReply says that the message answers another one. A field alone can be written by anybody, and bulk senders do: HTML without a plain
// part must also quote what it answers, as mail programs do.
func isReply(m *email.Message, htmlOnly bool) bool {
	if len(m.InReplyTo) == 0 {
		return false
	}
	if !htmlOnly {
		return true
	}
	for _, mark := range [...]string{"<blockquote", "<BLOCKQUOTE", "gmail_quote", "divRplyFwdMsg", "OLK_SRC_BODY_SECTION", "moz-cite-prefix", "yahoo_quoted", "-----Original"} {
		if strings.Contains(m.HTML, mark) {
			return true
		}
	}
	return false
}

// isReport says that the message is a delivery report as RFC 3464 has it, or a plain text from a mail server's own address.
func isReport(m *email.Message) bool {
	if m.Root.Type == "multipart/report" {
		for _, p := range m.Parts {
			if p.Type == "message/delivery-status" || p.Type == "message/disposition-notification" || p.Type == "message/global-delivery-status" {
				return true
			}
		}
	}
	if m.HTML != "" || len(m.From) > 1 {
		return false
	}
	if len(m.From) == 0 {
		return m.ReturnPath == "" && m.Text != ""
	}
	local, _, _ := strings.Cut(strings.ToLower(m.From[0].Addr), "@")
	return local == "mailer-daemon" || local == "postmaster" || local == "mail-daemon"
}

// phrasedIn says that one of the words stands in text, a result of folding.
func phrasedIn(text []byte, words ...string) bool {
	for _, w := range words {
		if bytes.Contains(text, []byte(w)) {
			return true
		}
	}
	return false
}
