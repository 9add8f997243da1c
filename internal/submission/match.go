package submission

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/remediate"
)

// Found is one email event that may be what a report is about.
type Found struct {
	NetworkMessageID  string
	InternetMessageID string
	Recipient         string
	RawSHA256         string
	Sender            string // address of From
	SenderName        string
	Subject           string
	At                time.Time
}

// Finder looks for delivered messages.
type Finder interface {
	// ByMessageID returns events with this Message-ID, newest first. Senders choose it: it proves nothing.
	ByMessageID(ctx context.Context, id string, limit int) ([]Found, error)
	// BySender returns events of a sender (address; when it is empty, display name) in [since, until), newest first. recipient may be empty.
	BySender(ctx context.Context, address, name, recipient string, since, until time.Time, limit int) ([]Found, error)
	// Raw returns the bytes of a message as it came in; an error when they are not kept.
	Raw(ctx context.Context, sha256 string) ([]byte, error)
}

// How far around the time of a message its delivery is looked for, and how far back when nothing says when it was.
const (
	digestDays   = 7 * 24 * time.Hour
	quotedWindow = 36 * time.Hour // a quoted time has no zone, and mail waits
	lookBack     = 14 * 24 * time.Hour
	maxCompared  = 40 // messages whose bytes are read for one original
	maxFound     = 200
)

// Matched is which delivered message an original is.
type Matched struct {
	Match Match
	How   string
	Found Found // zero without a match
}

// MatchOriginal finds the delivered message that an original is. reporter is who reports it, at when. Exact is proven by the digest: Message-IDs are
// chosen by attackers, so one alone is no match. What fits but for the bytes is Likely, and only for mail that the reporter got.
func MatchOriginal(ctx context.Context, f Finder, o *Original, reporter string, at time.Time) (Matched, error) {
	m := matcher{ctx: ctx, f: f, o: o, reporter: strings.ToLower(reporter), seen: map[string]bool{}}
	var byID []Found
	var err error
	if o.MessageID != "" {
		if byID, err = f.ByMessageID(ctx, o.MessageID, maxFound); err != nil {
			return Matched{}, err
		}
		if got, ok := m.exact(byID, "Message-ID and digest are equal"); ok {
			return got, nil
		}
	}
	since, until := at.Add(-lookBack), at.Add(time.Hour)
	window := quotedWindow
	if o.Digest != "" {
		window = digestDays
	}
	if !o.Date.IsZero() && o.Date.Before(at.Add(24*time.Hour)) {
		since, until = o.Date.Add(-window), o.Date.Add(window)
	}
	if o.From == "" && o.FromName == "" {
		return m.none(byID), nil
	}
	if o.Digest != "" {
		list, err := f.BySender(ctx, o.From, o.FromName, "", since, until, maxFound)
		if err != nil {
			return Matched{}, err
		}
		if got, ok := m.exact(list, "the digest is equal"); ok {
			return got, nil
		}
	}
	for i := range byID {
		if x := &byID[i]; x.Recipient == m.reporter && m.fits(x) {
			return Matched{Likely, "Message-ID, sender, subject and recipient are equal; the bytes differ, as when a mail program writes a message anew to attach it", *x}, nil
		}
	}
	list, err := f.BySender(ctx, o.From, o.FromName, m.reporter, since, until, maxFound)
	if err != nil {
		return Matched{}, err
	}
	if o.MessageID == "" { // with one, another Message-ID is another message
		if best := m.nearest(list); best != nil {
			return Matched{Likely, m.likely(best), *best}, nil
		}
	}
	return m.none(byID), nil
}

type matcher struct {
	ctx      context.Context
	f        Finder
	o        *Original
	reporter string
	seen     map[string]bool // SHA-256s whose bytes were compared
}

// exact compares digests; the reporter's own event goes before those of others.
func (m *matcher) exact(list []Found, how string) (Matched, bool) {
	if m.o.Digest == "" {
		return Matched{}, false
	}
	same := ""
	var hit *Found
	for i := range list {
		x := &list[i]
		if x.RawSHA256 == "" {
			continue
		}
		if !m.seen[x.RawSHA256] {
			if len(m.seen) >= maxCompared {
				break
			}
			m.seen[x.RawSHA256] = true
			raw, err := m.f.Raw(m.ctx, x.RawSHA256)
			if err == nil && remediate.Digest(raw) == m.o.Digest && same == "" {
				same = x.RawSHA256
			}
		}
		if same == x.RawSHA256 && (hit == nil || x.Recipient == m.reporter) {
			hit = x
		}
	}
	if hit == nil {
		return Matched{}, false
	}
	return Matched{Exact, how, *hit}, true
}

// fits compares sender and subject as a reader sees them.
func (m *matcher) fits(x *Found) bool {
	sender := m.o.From != "" && strings.EqualFold(m.o.From, x.Sender) || m.o.From == "" && m.o.FromName != "" && strings.EqualFold(m.o.FromName, x.SenderName)
	return sender && plainSubject(m.o.Subject) == plainSubject(x.Subject)
}

// nearest is the event that fits and whose time is nearest to the quoted one; without one, the newest.
func (m *matcher) nearest(list []Found) *Found {
	var best *Found
	var off time.Duration
	for i := range list {
		x := &list[i]
		if x.Recipient != m.reporter || !m.fits(x) {
			continue
		}
		d := x.At.Sub(m.o.Date).Abs()
		if best == nil || !m.o.Date.IsZero() && d < off {
			best, off = x, d
		}
	}
	return best
}

func (m *matcher) likely(x *Found) string {
	what := "sender, subject and recipient are equal"
	if m.o.From == "" {
		what = "the sender's name, subject and recipient are equal"
	}
	if m.o.Date.IsZero() {
		return what + "; the time could not be read"
	}
	return fmt.Sprintf("%s, and the time is within %.0f hours", what, max(1, x.At.Sub(m.o.Date).Abs().Hours()))
}

func (m *matcher) none(byID []Found) Matched {
	switch {
	case len(byID) > 0:
		return Matched{Match: NoMatch, How: "a message with this Message-ID was delivered, but it is another one: its bytes differ"}
	case m.o.From == "" && m.o.FromName == "" && m.o.MessageID == "":
		return Matched{Match: NoMatch, How: "the report does not say who sent the message"}
	}
	return Matched{Match: NoMatch, How: "no delivered message fits: it may be older than what is kept, or it came past Tocsin"}
}

// marks that answers and forwards put before a subject.
var subjectMarks = []string{"re", "fw", "fwd", "aw", "wg", "tr", "rv", "sv", "vs", "vb", "antw", "doorst", "i", "r", "enc", "res", "odp", "pd", "vl", "转发", "答复", "回复", "轉寄", "[external]", "[extern]"}

// plainSubject is a subject to compare: without marks, in lower case, white space alike.
func plainSubject(s string) string {
	s = strings.Join(strings.Fields(strings.ToLower(cut(s, MaxSubject))), " ")
	for range 10 {
		before := s
		for _, mark := range subjectMarks {
			rest, found := strings.CutPrefix(s, mark)
			if !found {
				continue
			}
			rest = strings.TrimLeft(rest, " \u00a0")
			if strings.HasPrefix(mark, "[") {
				s = strings.TrimSpace(rest)
				break
			}
			if cut, found := strings.CutPrefix(rest, ":"); found {
				s = strings.TrimSpace(cut)
				break
			}
			if cut, found := strings.CutPrefix(rest, "："); found {
				s = strings.TrimSpace(cut)
				break
			}
		}
		if s == before {
			break
		}
	}
	return s
}
