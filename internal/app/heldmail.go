package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/mailout"
	"tocsin/internal/quarantine"
)

const (
	// heldEvery is how often it is looked whether requests were answered, and whether the hour of the digests has come.
	heldEvery = 10 * time.Second
	// tellAtOnce is how many answers one round tells.
	tellAtOnce = 100
	// digestMessages bounds the messages of one day's digests. What is more comes the next day.
	digestMessages = 200_000
)

// followHeld writes to the people whose mail is held, until ctx ends.
func (a *App) followHeld(ctx context.Context) {
	every := time.NewTicker(heldEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if err := a.heldRound(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("mail in quarantine", "err", err)
			}
		}
	}
}

// heldRound does what is due.
func (a *App) heldRound(ctx context.Context) error {
	return errors.Join(a.settleRequests(ctx), a.tellAnswers(ctx), a.digestIfDue(ctx))
}

// settleRequests answers requests whose message is not held any more, whoever saw to that.
func (a *App) settleRequests(ctx context.Context) error {
	open, err := a.held.store.Waiting(ctx, quarantine.MaxOpen)
	if err != nil || len(open) == 0 {
		return err
	}
	now, err := a.heldNow(ctx, open)
	if err != nil {
		return err
	}
	for _, r := range open {
		e, there := now[quarantine.Key{Message: r.Message, Recipient: r.Recipient}]
		switch {
		case there && e.State() == hunt.QuarantineHeld:
			continue
		case there && e.State() == hunt.QuarantineReleased:
			r.State = quarantine.Released
		default:
			r.State = quarantine.Gone
		}
		r.Answered = a.opt.Now().UTC().Truncate(time.Microsecond)
		if err := a.held.store.Answer(ctx, r); err != nil && !errors.Is(err, quarantine.ErrNoRequest) {
			return err
		}
	}
	return nil
}

// heldNow returns the messages that requests are about.
func (a *App) heldNow(ctx context.Context, list []quarantine.Request) (map[quarantine.Key]hunt.QuarantineEntry, error) {
	ask := hunt.QuarantineAsk{Only: []hunt.Pick{}}
	for _, r := range list {
		ask.Only = append(ask.Only, hunt.Pick{ID: r.Message, Recipient: r.Recipient})
	}
	all, err := a.explorer.QuarantineAll(ctx, ask, len(list))
	if err != nil {
		return nil, err
	}
	out := map[quarantine.Key]hunt.QuarantineEntry{}
	for _, e := range all {
		out[quarantine.Key{Message: e.NetworkMessageID, Recipient: e.Recipient}] = e
	}
	return out, nil
}

// tellAnswers writes to those whose request was answered.
func (a *App) tellAnswers(ctx context.Context) error {
	list, err := a.held.store.Untold(ctx, tellAtOnce)
	if err != nil || len(list) == 0 {
		return err
	}
	now, err := a.heldNow(ctx, list)
	if err != nil {
		return err
	}
	for _, r := range list {
		key := quarantine.Key{Message: r.Message, Recipient: r.Recipient}
		e := now[key]
		l, err := quarantine.Answer(a.cfg.Organisation.Name, r, who(e.SenderName, e.SenderFrom), e.Subject)
		if err != nil {
			return err
		}
		err = a.write(ctx, letterKey("release", r.Message, r.Recipient, r.Answered.Format(time.RFC3339Nano)), mailout.ReleaseAnswer, r.Recipient, l)
		if err != nil {
			return err
		}
		if err := a.held.store.Told(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// write queues a letter. What cannot be written to anybody is noted and left: it will not be better tomorrow.
func (a *App) write(ctx context.Context, key, purpose, to string, l quarantine.Letter) error {
	letter := mailout.Letter{Key: key, Purpose: purpose, To: to, Subject: l.Subject, Text: l.Text, HTML: l.HTML}
	if err := letter.Check(); err != nil {
		a.log.Warn("a letter cannot be written", "purpose", purpose, "to", to, "err", err)
		return nil
	}
	err := a.outgoing.Queue(ctx, letter)
	if errors.Is(err, mailout.ErrOff) {
		a.log.Warn("a letter is not sent: outgoing.server is not set", "purpose", purpose, "to", to)
		return nil
	}
	return err
}

// letterKey names a letter: short, whatever it is made of.
func letterKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts[1:], "\x00")))
	return "quarantine/" + parts[0] + "/" + hex.EncodeToString(sum[:16])
}

func who(name, address string) string {
	if name == "" || name == address {
		return address
	}
	return name + " <" + address + ">"
}

// digestIfDue writes the digests of a day once, at its hour or, when Tocsin was not there then, as soon as it is.
func (a *App) digestIfDue(ctx context.Context) error {
	at, err := time.Parse("15:04", a.cfg.Quarantine.Digest.At)
	if err != nil {
		return nil //nolint:nilerr // off: settings were checked
	}
	now := a.opt.Now().Local()
	if now.Hour()*60+now.Minute() < at.Hour()*60+at.Minute() {
		return nil
	}
	today := now.Format(time.DateOnly)
	last, err := a.held.store.DigestDay(ctx)
	if err != nil || last >= today {
		return err
	}
	n, err := a.digests(ctx, now)
	if err != nil {
		return err
	}
	if n > 0 {
		a.log.Info("queued digests of the quarantine", "people", n)
	}
	return a.held.store.SetDigestDay(ctx, today)
}

// digests writes to everybody who has mail that is held and that no digest has told about.
func (a *App) digests(ctx context.Context, now time.Time) (people int, err error) {
	ask := hunt.QuarantineAsk{State: hunt.QuarantineHeld}
	mine := map[string][]hunt.QuarantineEntry{}
	seen := 0
	for p := (hunt.Page{Asc: true, Sort: "recipient", Limit: 5000}); seen < digestMessages; {
		page, err := a.explorer.Quarantine(ctx, ask, p)
		if err != nil {
			return 0, err
		}
		seen += len(page.Entries)
		keys := make([]quarantine.Key, 0, len(page.Entries))
		for i := range page.Entries {
			keys = append(keys, quarantine.Key{Message: page.Entries[i].NetworkMessageID, Recipient: page.Entries[i].Recipient})
		}
		told, err := a.held.store.Listed(ctx, keys)
		if err != nil {
			return 0, err
		}
		for i, e := range page.Entries {
			if !told[keys[i]] && a.toTell(&e, now) {
				mine[e.Recipient] = append(mine[e.Recipient], e)
			}
		}
		if page.Next == "" {
			break
		}
		p.Cursor = page.Next
	}
	recipients := make([]string, 0, len(mine))
	for to := range mine {
		recipients = append(recipients, to)
	}
	slices.Sort(recipients)
	for _, to := range recipients {
		if err := a.digest(ctx, to, mine[to], now); err != nil {
			return people, err
		}
		people++
	}
	return people, nil
}

// toTell says whether a digest tells about it: mail to people of the organisation, but not Tocsin's own letters, which would come back for ever.
func (a *App) toTell(e *hunt.QuarantineEntry, now time.Time) bool {
	_, domain, _ := strings.Cut(e.Recipient, "@")
	own := slices.ContainsFunc(a.cfg.Organisation.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
	from, err := mail.ParseAddress(a.cfg.Outgoing.From)
	return own && e.Direction != "Outbound" && now.Before(e.Since.Add(a.cfg.Quarantine.Keep)) && (err != nil || !strings.EqualFold(from.Address, e.SenderFrom))
}

// digest writes one. Its letter is queued before its messages count as told: a crash in between queues the same letter again, which is sent once.
func (a *App) digest(ctx context.Context, to string, list []hunt.QuarantineEntry, now time.Time) error {
	slices.SortFunc(list, func(x, y hunt.QuarantineEntry) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.NetworkMessageID, y.NetworkMessageID))
	})
	d := quarantine.Digest{Organisation: a.cfg.Organisation.Name, Day: now, Zone: now.Location()}
	keys, names := make([]quarantine.Key, 0, len(list)), make([]string, 0, len(list))
	base := strings.TrimSuffix(a.cfg.HTTP.PublicURL, "/")
	for i := range list {
		e := &list[i]
		key := quarantine.Key{Message: e.NetworkMessageID, Recipient: e.Recipient}
		keys, names = append(keys, key), append(names, key.Message)
		switch {
		case strings.Contains(e.Threats, "Malware"):
			d.Malware++
		case len(d.Items) >= a.cfg.Quarantine.Digest.Most:
			d.More++
		default:
			until := e.Since.Add(a.cfg.Quarantine.Keep)
			// In the fragment, which browsers send to no server: it stays out of every log, and whoever only fetches the link learns nothing.
			d.Items = append(d.Items, quarantine.Item{
				Sender: who(e.SenderName, e.SenderFrom), Subject: e.Subject, Since: e.Since, Expires: until, Why: why(e), Link: base + "/release#" + a.held.links.Token(key, until),
			})
		}
	}
	if len(d.Items) > 0 { // of malware alone there is nothing that its reader could do
		l, err := d.Compose()
		if err != nil {
			return err
		}
		if err := a.write(ctx, letterKey(append([]string{"digest", to}, names...)...), mailout.QuarantineDigest, to, l); err != nil {
			return err
		}
	}
	return a.held.store.List(ctx, keys, a.opt.Now())
}

// why it is held, in a word.
func why(e *hunt.QuarantineEntry) string {
	switch {
	case e.Threats != "":
		return strings.NewReplacer("Phish", "phishing", "Spam", "spam", ", ", " and ", ",", " and ").Replace(e.Threats)
	case e.MovedBy != "":
		return "removed by the security team"
	}
	return "held by a rule"
}
