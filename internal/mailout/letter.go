// Package mailout writes and sends Tocsin's own mail: digests of the quarantine, answers to who reported a message, messages of operators
// to recipients. It is the only way by which Tocsin sends mail.
package mailout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/emersion/go-message/mail"
)

// Purposes of letters.
const (
	QuarantineDigest = "Quarantine digest"
	ReleaseAnswer    = "Answer to a release request"
	SubmissionResult = "Result of a submission"
	IncidentMention  = "Mention in an incident"
	ToRecipients     = "Message to recipients"
	DashboardLetter  = "Letter of the dashboard"
)

// Bounds of a letter.
const (
	maxSubject = 250       // octets
	maxBody    = 512 << 10 // octets of text and of HTML
	maxKey     = 200
)

// ErrOff means that no server for outgoing mail is set.
var ErrOff = errors.New("Tocsin sends no mail: outgoing.server is not set") //nolint:staticcheck // begins with a name

// Letter to one person.
type Letter struct {
	// Key names what the letter is about, such as "digest/2026-05-20/ann@example.com". A second letter with the same key is not sent.
	Key     string
	Purpose string // one of the constants above
	To      string // address
	Subject string
	Text    string // plain text; lines end with \n
	HTML    string // the same as a page; "": none
}

// Queue takes letters that are sent as soon as the mail server has them; it is durable when it returns. ErrOff when
// Tocsin sends no mail.
type Queue interface {
	Queue(ctx context.Context, letters ...Letter) error
}

// Check says what is wrong with a letter.
func (l Letter) Check() error {
	switch a, err := mail.ParseAddress(l.To); {
	case err != nil || a.Address != l.To:
		return fmt.Errorf("letter %q: %q is not an address", l.Key, l.To)
	case l.Key == "" || len(l.Key) > maxKey:
		return fmt.Errorf("letter to %s: the key has %d octets; 1 to %d", l.To, len(l.Key), maxKey)
	case l.Purpose == "":
		return fmt.Errorf("letter %q: it has no purpose", l.Key)
	case l.Subject == "" || len(l.Subject) > maxSubject || strings.ContainsFunc(l.Subject, unicode.IsControl):
		return fmt.Errorf("letter %q: the subject is empty, longer than %d octets, or has control characters", l.Key, maxSubject)
	case strings.TrimSpace(l.Text) == "":
		return fmt.Errorf("letter %q: it has no text", l.Key)
	case len(l.Text) > maxBody || len(l.HTML) > maxBody:
		return fmt.Errorf("letter %q: it is longer than %d octets", l.Key, maxBody)
	case !utf8.ValidString(l.Subject) || !utf8.ValidString(l.Text) || !utf8.ValidString(l.HTML):
		return fmt.Errorf("letter %q: it is not UTF-8", l.Key)
	}
	return nil
}

// id is the Message-ID of a letter. It follows from the key, so that a letter that is sent twice after a crash is known to be one.
func (l Letter) id(host string) string {
	sum := sha256.Sum256([]byte(l.Key + "\x00" + l.To))
	return hex.EncodeToString(sum[:16]) + "@" + host
}

// Compose writes the message as RFC 5322 with MIME. It says of itself that nobody should answer automatically (RFC 3834).
func (l Letter) Compose(from mail.Address, at time.Time) ([]byte, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	var h gomail.Header
	h.SetDate(at)
	h.SetAddressList("From", []*gomail.Address{{Name: from.Name, Address: from.Address}})
	h.SetAddressList("To", []*gomail.Address{{Address: l.To}})
	h.SetSubject(l.Subject)
	h.SetMessageID(l.id(domain(&from)))
	h.Set("Auto-Submitted", "auto-generated")
	h.Set("X-Auto-Response-Suppress", "All")
	var out bytes.Buffer
	w, err := gomail.CreateInlineWriter(&out, h)
	if err != nil {
		return nil, fmt.Errorf("letter %q: %w", l.Key, err)
	}
	for _, part := range []struct{ kind, text string }{{"text/plain", l.Text}, {"text/html", l.HTML}} {
		if part.text == "" {
			continue
		}
		if err := inline(w, part.kind, part.text); err != nil {
			return nil, fmt.Errorf("letter %q: %w", l.Key, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("letter %q: %w", l.Key, err)
	}
	return out.Bytes(), nil
}

func inline(w *gomail.InlineWriter, kind, text string) error {
	var h gomail.InlineHeader
	h.SetContentType(kind, map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	p, err := w.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := p.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return err
	}
	return p.Close()
}

// State of a letter.
type State string

const (
	Waiting State = "Waiting" // for the mail server
	Sent    State = "Sent"    // the mail server has it
	Refused State = "Refused" // the mail server will not take it, or did not for a day
)

// Entry is a letter as the store keeps it. Once it was sent, its text is forgotten.
type Entry struct {
	ID string
	Letter
	State State
	Error string // the last answer of the mail server, when it did not take it
	Tries int
	Made  time.Time
	Ended time.Time // zero: not yet
}

// ErrUnknown means that the store has no such letter.
var ErrUnknown = errors.New("no such letter")

// Filter narrows a list of letters.
type Filter struct {
	Purpose string // "": any
	About   string // how the key begins; "": any
	Below   string // id of the last one seen; "": from the newest on
	Limit   int
}
