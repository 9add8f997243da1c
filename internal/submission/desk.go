package submission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/mailauth"
)

// Judge says what Tocsin thinks of messages now.
type Judge interface {
	// Delivered judges a delivered message again, from its bytes and what was found out about its sender then.
	Delivered(ctx context.Context, networkMessageID string) (Judged, error)
	// Alone judges bytes that no delivered message has. They are stored nowhere and delivered to nobody.
	Alone(ctx context.Context, raw []byte, recipient string) (Judged, error)
}

// Vault keeps the bytes of reports and originals, by SHA-256.
type Vault interface {
	Put(ctx context.Context, sum string, raw []byte) error
	Get(ctx context.Context, sum string) ([]byte, error)
}

// Desk takes reports in. Its methods are safe for concurrent use, and may be called again with the same report.
type Desk struct {
	Store   Store
	Finder  Finder
	Judge   Judge
	Vault   Vault
	Address string                                                                               // for reports by mail; "" for none
	Own     func(domain string) bool                                                             // the organisation's
	Label   func(ctx context.Context, networkMessageID string, says Type, reporter string) error // tells the local model; nil: nobody does
	NewID   func(at time.Time) string
	Now     func() time.Time
	Log     *slog.Logger
}

// Mail is a report that came to the address.
type Mail struct {
	Raw       []byte
	SHA256    string // of Raw
	Message   *email.Message
	At        time.Time
	NullPath  bool              // the envelope sender is known and empty
	Auth      *mailauth.Results // nil: nobody checked
	AuthUser  string
	Recipient string // as it stood in the envelope: it may have a tag
}

// maxUnproven is how many reports a day are taken whose sender is not proven: the address is open to everybody, and each costs bytes and a look.
const maxUnproven = 1000

// TakeMail reads a report and keeps what it is about. What is no report is left, and logged: an automatic answer must not make work.
func (d *Desk) TakeMail(ctx context.Context, m Mail) error {
	reading := Read(m.Message, m.NullPath, d.Address)
	if reading.Drop {
		d.Log.Info("mail to the address for reports is none", "sha256", m.SHA256, "why", reading.Machine)
		return nil
	}
	r := Report{At: m.At, Via: ByMail, SHA256: m.SHA256, Comment: reading.Comment, Mute: reading.Machine != ""}
	r.Proven, r.Proof = Proven(m.Message, m.Auth, m.AuthUser)
	if len(m.Message.From) > 0 {
		r.Reporter, r.Name = strings.ToLower(cut(m.Message.From[0].Addr, maxName)), cut(m.Message.From[0].Name, maxName)
	}
	r.Inside = d.Own(domainOf(r.Reporter))
	tag, _ := Addressed(m.Recipient, d.Address)
	r.Type = Type(firstNonEmpty(string(tag), string(reading.Type), string(Phish)))
	if reading.More > 0 {
		r.Comment = cut(fmt.Sprintf("(%d more messages were attached, which nobody looked at: a report may have %d.)\n\n%s", reading.More, MaxOriginals, r.Comment), MaxComment)
	}
	if !r.Proven {
		n, err := d.Store.UnprovenSince(ctx, d.Now().Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if n >= maxUnproven {
			d.Log.Warn("a report is dropped: there are too many today whose sender is not proven", "sha256", m.SHA256, "reporter", r.Reporter, "most", maxUnproven)
			return nil
		}
	}
	if err := d.Vault.Put(ctx, m.SHA256, m.Raw); err != nil {
		return fmt.Errorf("keep report: %w", err)
	}
	if len(reading.Originals) == 0 {
		// Nothing to look at but the report itself: somebody may have described what they saw. A person reads it.
		reading.Originals = []Original{{Form: Quoted, Subject: cut(m.Message.Subject, MaxSubject), Quoted: cut(firstNonEmpty(m.Message.Text, m.Message.Visible), MaxQuoted)}}
		r.Comment = ""
	}
	for i := range reading.Originals {
		one := r
		one.Key, one.Form = key("mail", m.SHA256, fmt.Sprint(i)), reading.Originals[i].Form
		if _, _, err := d.take(ctx, &reading.Originals[i], one); err != nil {
			return err
		}
	}
	return nil
}

// TakeMoved keeps a report that somebody made by moving a message into a watched folder. It is proven: only the owner reaches the mailbox.
func (d *Desk) TakeMoved(ctx context.Context, raw []byte, mailbox, folder string, at time.Time) (added bool, err error) {
	o := FromRaw(raw, email.Parse(raw, headLimits))
	o.Form = Moved
	r := Report{
		Key: key("folder", strings.ToLower(mailbox), o.Digest), At: at, Via: ByFolder, Reporter: strings.ToLower(mailbox), Proven: true, Proof: "it lay in the mailbox, folder " + cut(folder, 200),
		Inside: d.Own(domainOf(mailbox)), Type: folderType(folder), Form: Moved, Mailbox: cut(mailbox+": "+folder, 500),
	}
	if known, err := d.Store.Known(ctx, r.Key); err != nil || known {
		return false, err
	}
	_, added, err = d.take(ctx, &o, r)
	return added, err
}

// folderType is the type that a folder's name says; a folder for reports is for phish.
func folderType(folder string) Type {
	f := strings.ToLower(folder)
	switch {
	case strings.Contains(f, "not junk"), strings.Contains(f, "not spam"), strings.Contains(f, "kein spam"):
		return NotJunk
	case strings.Contains(f, "spam"), strings.Contains(f, "junk"):
		return Spam
	case strings.Contains(f, "malware"), strings.Contains(f, "virus"):
		return Malware
	}
	return Phish
}

// Given is a report over the API.
type Given struct {
	Raw      []byte // the original; nil when Found says which it is
	Found    *Found
	Type     Type
	Comment  string
	Reporter string // whose report it is
	Proof    string // who vouches for it
	Mute     bool
}

// TakeGiven keeps a report of somebody who signed in. The same person's report of the same message is the same report.
func (d *Desk) TakeGiven(ctx context.Context, g Given) (Submission, bool, error) {
	o := Original{Form: Named}
	r := Report{At: d.Now().UTC(), Via: ByAPI, Reporter: strings.ToLower(g.Reporter), Proven: true, Proof: g.Proof, Type: g.Type, Comment: cut(g.Comment, MaxComment), Mute: g.Mute}
	r.Inside = d.Own(domainOf(r.Reporter))
	what := ""
	if g.Found != nil {
		f := g.Found
		o.MessageID, o.From, o.FromName, o.Subject, o.Date, o.Zoned = f.InternetMessageID, f.Sender, f.SenderName, f.Subject, f.At, true
		what = f.NetworkMessageID
	} else {
		if !looksLikeMessage(g.Raw) {
			return Submission{}, false, &Wrong{"body", "this is no message: it does not begin with a header field"}
		}
		o = FromRaw(g.Raw, email.Parse(g.Raw, headLimits))
		what = o.Digest
	}
	r.Form = o.Form
	r.Key = key("api", r.Reporter, what)
	if g.Found != nil {
		return d.keep(ctx, &o, r, Matched{Exact, "it was reported by its id", *g.Found})
	}
	return d.take(ctx, &o, r)
}

// take matches an original, and keeps the report of it.
func (d *Desk) take(ctx context.Context, o *Original, r Report) (Submission, bool, error) {
	got, err := MatchOriginal(ctx, d.Finder, o, r.Reporter, r.At)
	if err != nil {
		return Submission{}, false, fmt.Errorf("match report: %w", err)
	}
	return d.keep(ctx, o, r, got)
}

func (d *Desk) keep(ctx context.Context, o *Original, r Report, got Matched) (Submission, bool, error) {
	s := Submission{
		ID: d.NewID(d.Now()), Type: r.Type, State: New, Created: r.At.UTC(), Updated: r.At.UTC(), Match: got.Match, How: got.How,
		NetworkMessageID: got.Found.NetworkMessageID, Recipient: got.Found.Recipient,
		InternetMessageID: o.MessageID, Sender: o.From, SenderName: o.FromName, Subject: o.Subject, Date: o.Date, Quoted: o.Quoted,
	}
	switch {
	case got.Match != NoMatch:
		s.Key = key("message", got.Found.NetworkMessageID)
		s.Sender, s.SenderName, s.Subject = got.Found.Sender, got.Found.SenderName, got.Found.Subject
	case o.Digest != "":
		s.Key = key("digest", o.Digest)
	case o.MessageID != "":
		s.Key = key("id", o.MessageID)
	case o.From+o.FromName+o.Subject == "" || o.From == "" && o.FromName == "":
		s.Key = key("report", r.Key) // nobody can tell which message it is: it stays alone
	default:
		s.Key = key("quoted", o.From, strings.ToLower(o.FromName), plainSubject(o.Subject))
	}
	if o.Raw != nil {
		sum := sha256.Sum256(o.Raw)
		s.SHA256 = hex.EncodeToString(sum[:])
		if err := d.Vault.Put(ctx, s.SHA256, o.Raw); err != nil {
			return s, false, fmt.Errorf("keep reported message: %w", err)
		}
	}
	s.Judged = d.judge(ctx, &s, o.Raw, r.Reporter)
	now, added, err := d.Store.Take(ctx, s, r)
	if err != nil {
		return s, false, fmt.Errorf("keep report: %w", err)
	}
	// What one person says counts little there, and a person who triages overrules it; but reported mail must not count as good.
	if added && d.Label != nil && r.Proven && r.Inside && got.Match == Exact && now.State != Closed {
		if err := d.Label(ctx, got.Found.NetworkMessageID, r.Type, r.Reporter); err != nil {
			d.Log.Warn("the local model does not hear of a report", "submission", now.ID, "err", err)
		}
	}
	return now, added, nil
}

// judge asks what Tocsin thinks of it now. A judge that fails must not cost the report.
func (d *Desk) judge(ctx context.Context, s *Submission, raw []byte, recipient string) Judged {
	var j Judged
	var err error
	switch {
	case s.NetworkMessageID != "":
		j, err = d.Judge.Delivered(ctx, s.NetworkMessageID)
	case raw != nil:
		j, err = d.Judge.Alone(ctx, raw, recipient)
	default:
		return Judged{Note: "there are no bytes to judge: the message was only quoted"}
	}
	if err != nil {
		d.Log.Warn("a reported message is not judged", "submission", s.ID, "err", err)
		note := "it could not be judged now"
		if errors.Is(err, ErrNoBytes) {
			note = ErrNoBytes.Error()
		}
		return Judged{Note: note}
	}
	return j
}

// JudgeAgain asks the judge anew about a submission, and keeps what it says.
func (d *Desk) JudgeAgain(ctx context.Context, id string) (Submission, error) {
	s, err := d.Store.Submission(ctx, id)
	if err != nil {
		return s, err
	}
	var raw []byte
	if s.NetworkMessageID == "" && s.SHA256 != "" {
		if raw, err = d.Vault.Get(ctx, s.SHA256); err != nil && !errors.Is(err, ErrNoBytes) {
			return s, err
		}
	}
	reports, err := d.Store.Reports(ctx, id, 1)
	if err != nil {
		return s, err
	}
	recipient := ""
	if len(reports) > 0 {
		recipient = reports[0].Reporter
	}
	j := d.judge(ctx, &s, raw, recipient)
	if err := d.Store.Judge(ctx, id, j); err != nil {
		return s, err
	}
	s.Judged = j
	return s, nil
}

// Check says what is wrong with a change of a submission, nil when nothing is.
func (c *Change) Check(s *Submission) error {
	switch {
	case c.State != nil && !slices.Contains(States(), *c.State):
		return &Wrong{"state", fmt.Sprintf("%q is no state", string(*c.State))}
	case c.Result != nil && *c.Result != "" && !slices.Contains(Results(), *c.Result):
		return &Wrong{"result", fmt.Sprintf("%q is no result", string(*c.Result))}
	case c.State != nil && *c.State == Closed && (c.Result == nil || *c.Result == "") && s.Result == "":
		return &Wrong{"result", "say what it is: a submission is closed with a result"}
	case c.State != nil && *c.State != Closed && c.Result != nil && *c.Result != "":
		return &Wrong{"result", "only a closed submission has a result"}
	case c.Note != nil && len(*c.Note) > MaxNote:
		return &Wrong{"note", fmt.Sprintf("it is longer than %d characters", MaxNote)}
	}
	return nil
}

// key is a short name of what its parts say.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return parts[0] + ":" + hex.EncodeToString(sum[:16])
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
