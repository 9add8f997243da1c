package ingest

import (
	"bytes"
	"net/netip"
	"strings"

	"tocsin/internal/email"
)

// Kinds of what a journal listener gets.
const (
	KindReport = "report" // a journal report: envelope as text, original attached
	KindPlain  = "plain"  // the message itself (always_bcc, routing copies)
)

// Unwrap takes the original message and its envelope out of a journal report.
//
// Exchange and Microsoft 365 send a multipart message whose text part lists the envelope, one field a line, Bcc and
// expanded lists included, and whose second part is the original as message/rfc822 (Microsoft Learn, "Journaling in
// Exchange Online", section "Journal reports"; the field X-MS-Journal-Report marks it). Google Workspace's journal
// format has the same shape. A message that is no report is returned as it is, with kind "plain". ok is false when it claims to be a
// report and can't be read; raw and env are then unchanged.
//
// The connection's client, TLS and sender belong to the journal's transport, not to the original: they are cleared.
func Unwrap(m *email.Message, raw []byte, env Envelope) (inner []byte, out Envelope, kind string, ok bool) {
	_, marked := m.Lookup("X-Ms-Journal-Report")
	text, original := reportParts(m)
	if original == nil || text == nil {
		if marked {
			return raw, env, KindReport, false
		}
		return raw, env, KindPlain, true
	}
	r := readReport(text.Content)
	switch {
	case !r.whole && !marked:
		// A text and an attached message: somebody forwarded a mail as attachment.
		return raw, env, KindPlain, true
	case !r.whole, original.Truncated, len(original.Content) == 0:
		return raw, env, KindReport, false
	}
	out = env
	out.ClientIP, out.OwnClient, out.Helo, out.TLS = netip.Addr{}, false, "", ""
	// "Sender" is the address of the From or Sender field, not the path that bounces go to.
	out.MailFrom, out.MailFromKnown = r.sender, false
	out.Recipients, out.Lists, out.Forwards = r.recipients, r.lists, r.forwards
	return original.Content, out, KindReport, true
}

// looksWrapped is a cheap test of the raw bytes: false means that Unwrap would find a plain message.
func looksWrapped(raw []byte) bool {
	for name := range topFields(raw) {
		if strings.EqualFold(name, "X-MS-Journal-Report") {
			return true
		}
	}
	// Reports are short before the attached original; its part header is near the top.
	return bytes.Contains(bytes.ToLower(raw[:min(len(raw), maxHeaderScan)]), []byte("message/rfc822"))
}

// reportParts returns the text and the attached original of a multipart message: the first of each that stand directly
// under the root (the text may be one level deeper, in a multipart/alternative).
func reportParts(m *email.Message) (text, original *email.Part) {
	if m.Root == nil || !strings.HasPrefix(m.Root.Type, "multipart/") {
		return nil, nil
	}
	for _, p := range m.Root.Children {
		switch {
		case p.Type == "message/rfc822" && original == nil:
			original = p
		case p.Type == "text/plain" && text == nil:
			text = p
		case p.Type == "multipart/alternative" && text == nil:
			for _, q := range p.Children {
				if q.Type == "text/plain" && text == nil {
					text = q
				}
			}
		}
	}
	return text, original
}

type report struct {
	whole           bool // has a sender line and at least one other field of a report
	sender          string
	recipients      []string
	lists, forwards map[string]string
}

const (
	maxReportBytes      = 8 << 20
	maxReportRecipients = 10_000
)

// readReport reads the envelope text. Lines that are no known field are passed over: newer servers add some.
func readReport(text []byte) report {
	r := report{lists: map[string]string{}, forwards: map[string]string{}}
	text = text[:min(len(text), maxReportBytes)]
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	hasSender, others := false, 0
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		label, value, found := strings.Cut(string(bytes.TrimSpace(line)), ":")
		if !found {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(label)) {
		case "sender":
			if !hasSender {
				hasSender = true
				r.sender = address(value)
			}
		case "to", "cc", "bcc", "recipient", "recipients":
			others++
			r.addRecipients(value)
		case "message-id", "subject", "on-behalf-of":
			others++
		}
	}
	r.whole = hasSender && others > 0
	return r
}

// addRecipients reads "a@x.test, Expanded: list@x.test" or "a@x.test, Forwarded: b@x.test": the first address got the
// message, because of the second. Several addresses in one line are several recipients.
func (r *report) addRecipients(value string) {
	last := ""
	for item := range strings.SplitSeq(value, ",") {
		if len(r.recipients) >= maxReportRecipients {
			return
		}
		label, rest, labelled := strings.Cut(strings.TrimSpace(item), ":")
		switch {
		case labelled && strings.EqualFold(label, "Expanded") && last != "":
			r.lists[last] = address(rest)
		case labelled && strings.EqualFold(label, "Forwarded") && last != "":
			r.forwards[last] = address(rest)
		default:
			a := address(item)
			// Exchange writes objects without an SMTP address as directory names; nobody can be found by those.
			if strings.Contains(a, "@") {
				last = a
				r.recipients = append(r.recipients, a)
			}
		}
	}
}

// address takes the address out of "Name <a@x.test>", "<a@x.test>", "SMTP:a@x.test" or "a@x.test", lower case.
func address(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = s[i+1:]
		if j := strings.IndexByte(s, '>'); j >= 0 {
			s = s[:j]
		}
	}
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "smtp:")
	return strings.Trim(s, "\"' ")
}
