// Package email reads one message as it arrived: hostile, broken or whole.
//
// A mail message is a block of header fields (RFC 5322) followed by a body that is one part or a tree of
// parts (MIME, RFC 2045 to 2049). Attackers live in the differences between how programs read that tree, so
// Parse reads as leniently as the most forgiving mail client does, in one pass over the bytes, and writes down
// every place where the message broke a rule or where a limit cut something off. Such a place is a Defect;
// judgement reads defects as signals. Parse never fails and never panics: any input yields a Message.
package email

import (
	"net/netip"
	"time"
)

// Message is everything Tocsin knows from the bytes of one message alone. No field depends on the clock, the network or a store.
// Text fields are valid UTF-8; Header.Raw and Part.Content are bytes as sent.
type Message struct {
	Size    int      // octets of the raw message
	Headers []Header // in the order they stood, top first

	From    []Address // every mailbox of every From field; more than one field is a defect
	Sender  Address
	ReplyTo []Address
	To      []Address
	Cc      []Address
	Bcc     []Address // only in copies that kept it
	// ReturnPath is the address of the topmost Return-Path field without angle brackets, "" for the null path or none.
	ReturnPath string
	Subject    string    // decoded (RFC 2047), unfolded
	Date       time.Time // of the Date field, UTC; zero when absent or unreadable
	MessageID  string    // with angle brackets, as sent; "" when absent
	InReplyTo  []string
	References []string

	Hops []Hop // one a Received field, newest (top) first

	Root  *Part   // the whole message; never nil
	Parts []*Part // every part, depth first in document order, Root first

	Text    string // all inline text/plain, decoded, LF line ends
	HTML    string // all inline text/html, decoded, as sent
	Visible string // what a reader would see: from HTML when there is one, else Text; hidden text left out
	Hidden  string // text in the HTML that a reader would not see (zero font, display:none, colour on same colour, ...)

	Links       []Link       // in order of appearance, repeats kept once per (URL, Where, Text)
	Attachments []Attachment // everything a reader could save or open, embedded messages' included; uuencoded and TNEF contents too
	Language    string       // ISO 639-1 of Visible, "" when too short to tell
	Defects     []Defect
}

// Header is one field as sent.
type Header struct {
	Name  string // as written
	Key   string // canonical form for comparing: "Message-Id"
	Value string // unfolded and decoded (RFC 2047), control characters kept
	Raw   []byte // name, colon, value and line ends as sent
}

// Address is one mailbox (RFC 5322 section 3.4).
type Address struct {
	Name   string // display name, decoded; "" when none
	Addr   string // local@domain as written, domain lower-cased; "" when unreadable
	Domain string // lower case, A-labels as sent; "" when none
}

// Hop is one Received field (RFC 5321 section 4.4), as claimed by who wrote it.
type Hop struct {
	From     string     // name the client gave (HELO)
	FromName string     // reverse name the server saw, "" when not written
	FromIP   netip.Addr // invalid when not written
	By       string
	With     string // protocol: ESMTPS, LMTP, ...
	TLS      string // "TLSv1.3", "TLS" when only the protocol says so, "" when none was claimed
	ID       string
	For      string
	Time     time.Time     // zero when unreadable
	Delay    time.Duration // since the hop before it in time (the next one in the slice); 0 when unknown; negative when clocks disagree
	Raw      string        // unfolded
}

// Part is one node of the tree.
type Part struct {
	Path        string // IMAP-like place: "1.2"; the root is "" ; embedded messages go on counting: "2.1"
	Parent      *Part  // nil for the root
	Children    []*Part
	Depth       int
	Headers     []Header
	Type        string // lower case media type: "text/plain"; the default of RFC 2045 when absent
	Params      map[string]string
	Charset     string // as declared, lower case; "" when none
	Encoding    string // content transfer encoding, lower case, comments removed
	Disposition string // "inline", "attachment", ""
	Filename    string // decoded (RFC 2231, RFC 2047), path removed; "" when none
	ContentID   string // without angle brackets
	Content     []byte // decoded octets of a leaf; nil for multipart; for message/rfc822 the embedded raw message
	Embedded    bool   // stands inside a message/rfc822, TNEF or uuencoded container
	Truncated   bool   // a limit cut Content
}

// Where a link stood.
type Where string

const (
	InBody       Where = "Body"
	InSubject    Where = "Subject"
	InHeader     Where = "Header"
	InAttachment Where = "Attachment"
	InQRCode     Where = "QRCode"
)

// Link is one address that a reader could follow.
type Link struct {
	URL    string // as written, entities decoded, white space trimmed; not changed otherwise
	Target string // after unwrapping known rewriters (Safe Links, URL Defense, ...); equals URL when not wrapped
	Host   string // host of Target: lower case, A-labels; "" when unreadable
	Text   string // what the reader sees on it; "" for bare links in text
	Where  Where
	Tag    string // "a", "area", "img", "form", "iframe", "css", "text", ...: who holds it. Only those a reader can follow are in Links with a, area, form, text; remote loads are in with their tag
	Part   string // Part.Path
}

// Attachment is one file.
type Attachment struct {
	Name      string // "" when none was given
	Declared  string // media type as declared
	Type      string // detected media type, from content
	Kind      string // short detected type as analysts write it: "pdf", "docx", "zip", "html", "png", "exe"
	Extension string // of Name, lower case without dot; characters that hide the end of a name do not count
	Size      int    // decoded octets
	MD5       string // lower-case hex
	SHA1      string
	SHA256    string
	Within    string // name or Path of the containing message or file, "" when directly in the message
	Way       string // names from the message down to the file, " > " between them; "" for files of the message itself
	Part      *Part
	Inline    bool // shown by the HTML (related image) rather than offered as a file
}

// Defect is a broken rule or a limit that was reached, with its place.
type Defect struct {
	ID    string // stable, kebab case: "base64-illegal-byte", "limit-parts"; the list is in defects.go
	Where string // part path, header name or "header"; with a line or offset where that helps
}

// Limits bound what Parse does for one message, whatever it holds. Zero fields mean the default.
type Limits struct {
	Depth        int           // nested multiparts and messages together; default 32
	Parts        int           // default 1000
	HeaderBytes  int           // of one header block; default 256 KiB
	HeaderLines  int           // default 2000
	Nesting      int           // messages in messages; default 8
	DecodedBytes int           // of all parts together; default 256 MiB
	Links        int           // default 2000
	Time         time.Duration // wall clock; default 5 s; what is left unread is a defect
}

// Lookup returns the decoded value of the topmost field with the canonical key, and whether there is one.
func (m *Message) Lookup(key string) (string, bool) {
	for i := range m.Headers {
		if m.Headers[i].Key == key {
			return m.Headers[i].Value, true
		}
	}
	return "", false
}
