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
	ScheduledReport  = "Report on a schedule"
)

// Bounds of a letter.
const (
	maxSubject = 250       // octets
	maxBody    = 512 << 10 // octets of text and of HTML
	maxKey     = 200
	maxFiles   = 8
	maxFile    = 8 << 20 // octets of all files of a letter
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
	Files   []File // that come with it
}

// File comes with a letter.
type File struct {
	Name string // ASCII, without a path
	Type string // such as text/csv
	Body []byte
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
	case len(l.Files) > maxFiles:
		return fmt.Errorf("letter %q: it has %d files; %d at most", l.Key, len(l.Files), maxFiles)
	}
	size := 0
	for _, f := range l.Files {
		size += len(f.Body)
		if f.Name == "" || strings.ContainsFunc(f.Name, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == '\\' || r == '"' }) || f.Type == "" {
			return fmt.Errorf("letter %q: a file has no type, or the name %q", l.Key, f.Name)
		}
	}
	if size > maxFile {
		return fmt.Errorf("letter %q: its files have %d octets; %d at most", l.Key, size, maxFile)
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
	var err error
	if len(l.Files) == 0 {
		var w *gomail.InlineWriter
		if w, err = gomail.CreateInlineWriter(&out, h); err == nil {
			err = errors.Join(l.texts(w), w.Close())
		}
	} else {
		err = l.mixed(&out, h)
	}
	if err != nil {
		return nil, fmt.Errorf("letter %q: %w", l.Key, err)
	}
	return out.Bytes(), nil
}

// mixed writes a letter with files (RFC 2046, section 5.1.3).
func (l Letter) mixed(out *bytes.Buffer, h gomail.Header) error {
	w, err := gomail.CreateWriter(out, h)
	if err != nil {
		return err
	}
	texts, err := w.CreateInline()
	if err != nil {
		return err
	}
	if err := errors.Join(l.texts(texts), texts.Close()); err != nil {
		return err
	}
	for _, f := range l.Files {
		var h gomail.AttachmentHeader
		h.SetContentType(f.Type, nil)
		h.SetFilename(f.Name)
		h.Set("Content-Transfer-Encoding", "base64")
		p, err := w.CreateAttachment(h)
		if err != nil {
			return err
		}
		if _, err := p.Write(f.Body); err != nil {
			return err
		}
		if err := p.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

// texts writes the text, and the page beside it.
func (l Letter) texts(w *gomail.InlineWriter) error {
	for _, part := range []struct{ kind, text string }{{"text/plain", l.Text}, {"text/html", l.HTML}} {
		if part.text == "" {
			continue
		}
		if err := inline(w, part.kind, part.text); err != nil {
			return err
		}
	}
	return nil
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
