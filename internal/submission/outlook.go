package submission

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/scan"
)

// fromOutlook describes a message that Outlook saved (.msg, [MS-OXMSG]). Its bytes are not those that came, so only what it says of itself is
// there to compare: the header fields that came with it, else sender and subject.
func fromOutlook(b []byte) (o Original, ok bool) {
	defer func() {
		if recover() != nil { // a bug must not cost the report
			o, ok = Original{}, false
		}
	}()
	saved, ok := scan.ReadMSGHead(b)
	if !ok {
		return Original{}, false
	}
	if head := strings.TrimSpace(saved.Headers); head != "" {
		raw := []byte(head + "\r\n\r\n")
		if i := bytes.Index(raw, []byte("Microsoft Mail Internet Headers")); i == 0 { // a line of Outlook's own
			_, raw, _ = bytes.Cut(raw, []byte("\n"))
		}
		o = FromRaw(raw, email.Parse(raw, headLimits))
		o.Raw, o.Digest = nil, ""
	}
	if o.From == "" {
		o.From, o.FromName = strings.ToLower(cut(saved.SenderAddress, maxName)), cut(saved.SenderName, maxName)
	}
	if o.Subject == "" {
		o.Subject = cut(saved.Subject, MaxSubject)
	}
	if o.MessageID == "" {
		o.MessageID = cut(saved.MessageID, 3*maxName)
	}
	o.Form, o.Quoted = Attached, cut(saved.Body, MaxQuoted)
	return o, o.From != "" || o.FromName != "" || o.Subject != ""
}
