package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/api"
	"tocsin/internal/casestore"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/quarantine"
	"tocsin/internal/remediate"
)

// Quarantine says how long mail is held, and whether the people whose mail it is are told.
type Quarantine struct {
	Keep   time.Duration `koanf:"keep"`
	Digest Digest        `koanf:"digest"`
}

// Digest is the daily mail about what was held.
type Digest struct {
	At   string `koanf:"at"`   // "07:30", in the time zone of the server; empty: no digests
	Most int    `koanf:"most"` // messages that one lists
}

func defaultQuarantine() Quarantine {
	return Quarantine{Keep: 30 * 24 * time.Hour, Digest: Digest{Most: 50}}
}

func (c Config) validateQuarantine() error {
	q := c.Quarantine
	switch {
	case q.Keep < 24*time.Hour || q.Keep > 3650*24*time.Hour:
		return fmt.Errorf("config: quarantine.keep: %s is out of bounds; 1d to 3650d", q.Keep)
	case c.Retention.Events > 0 && q.Keep > c.Retention.Events:
		return fmt.Errorf("config: quarantine.keep (%s) is longer than retention.events (%s); nobody could find those messages", q.Keep, c.Retention.Events)
	case q.Digest.Most < 1 || q.Digest.Most > 500:
		return fmt.Errorf("config: quarantine.digest.most: %d is out of bounds; 1 to 500", q.Digest.Most)
	case q.Digest.At == "":
		return nil
	}
	if _, err := time.Parse("15:04", q.Digest.At); err != nil {
		return fmt.Errorf("config: quarantine.digest.at: %q is no time of day; write 07:30, or nothing for no digests", q.Digest.At)
	}
	if c.Outgoing.Server == "" {
		return errors.New("config: quarantine.digest.at: digests are mail, and outgoing.server is not set")
	}
	if c.HTTP.PublicURL == "" {
		return errors.New("config: quarantine.digest.at: digests have links, and http.public_url does not say where they lead")
	}
	return nil
}

// held is what works on the quarantine beside actions.
type held struct {
	store *casestore.Quarantine
	links *quarantine.Links
}

// openQuarantine: the key of links is made from that of the data folder.
func (a *App) openQuarantine() error {
	key, err := secretKey(a.cfg.Data)
	if err != nil {
		return err
	}
	links, err := quarantine.NewLinks(key)
	if err != nil {
		return err
	}
	a.held = &held{store: a.cases.Quarantine(), links: links}
	return nil
}

func (a *App) quarantineDeps() *api.Quarantine {
	return &api.Quarantine{Store: a.held.store, Links: a.held.links, Keep: a.cfg.Quarantine.Keep, Digest: a.cfg.Quarantine.Digest.At}
}

const (
	// expireAtOnce is how many entries one question of the sweep is about, expireParallel how many messages are ended at the same time, and
	// expireTime how long a sweep begins new ones: what is left is the next one's.
	expireAtOnce, expireParallel, expireTime = 500, 8, 15 * time.Minute
	// heldSlack is how much longer octets of quarantined copies are kept than their entries: a request for approval waits 30 days at most, and they are
	// counted from when the action was asked for.
	heldSlack = 31 * 24 * time.Hour
)

// expireQuarantine ends what is held too long: first the bytes go, then the row says so. What dies in between is done by the next round.
func (a *App) expireQuarantine(ctx context.Context) (n int, err error) {
	now, until := a.opt.Now().UTC().Truncate(time.Microsecond), time.Now().Add(expireTime)
	ask := hunt.QuarantineAsk{State: hunt.QuarantineHeld, To: now.Add(-a.cfg.Quarantine.Keep)}
	for p := (hunt.Page{Asc: true, Limit: expireAtOnce}); ; {
		page, err := a.explorer.Quarantine(ctx, ask, p)
		if err != nil {
			return n, err
		}
		done, err := a.expirePage(ctx, page.Entries, ask, now)
		n += done
		if err != nil || page.Next == "" || time.Now().After(until) {
			return n, err
		}
		p.Cursor = page.Next
	}
}

// expirePage ends entries, some messages at a time. Those of one message follow each other: the last takes the bytes with it.
func (a *App) expirePage(ctx context.Context, list []hunt.QuarantineEntry, ask hunt.QuarantineAsk, now time.Time) (int, error) {
	var order []string
	of := map[string][]*hunt.QuarantineEntry{}
	for i := range list {
		id := list[i].NetworkMessageID
		if of[id] == nil {
			order = append(order, id)
		}
		of[id] = append(of[id], &list[i])
	}
	var n atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(expireParallel)
	for _, id := range order {
		g.Go(func() error {
			for _, e := range of[id] {
				done, err := a.expireOne(ctx, e, ask, now)
				if err != nil {
					return err
				}
				if done {
					n.Add(1)
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return int(n.Load()), err
}

// expireOne ends one entry, while no action works on its mailbox. One that an action is at work with is left for the next round.
func (a *App) expireOne(ctx context.Context, e *hunt.QuarantineEntry, ask hunt.QuarantineAsk, now time.Time) (done bool, err error) {
	mailbox := mailboxes{a}.Mailbox(e.Recipient)
	_, err = a.acting.worker.Alone(mailbox, func() error {
		ask.Only = []hunt.Pick{{ID: e.NetworkMessageID, Recipient: e.Recipient}}
		still, err := a.explorer.Quarantine(ctx, ask, hunt.Page{Limit: 1}) // somebody may have released it since
		if err != nil || len(still.Entries) == 0 {
			return err
		}
		if err := a.acting.store.Drop(ctx, mailbox, e.NetworkMessageID, func(sum string) error { return a.acting.vault.Delete(ctx, sum) }); err != nil {
			return err
		}
		if err := a.forgetBytes(ctx, e); err != nil {
			return err
		}
		done = true
		return a.noteExpired(ctx, e, now)
	})
	return done, err
}

// forgetBytes removes the bytes that came in when nobody else has, or may still get, the message.
func (a *App) forgetBytes(ctx context.Context, e *hunt.QuarantineEntry) error {
	if e.RawSHA256 == "" {
		return nil
	}
	all, err := a.explorer.Recipients(ctx, e.NetworkMessageID, maxHeldRecipients)
	if err != nil || len(all) >= maxHeldRecipients {
		return err
	}
	for i := range all {
		x := &all[i]
		if x.RecipientEmailAddress == e.Recipient {
			continue
		}
		gone := x.LatestDeliveryAction == hunt.ExpiredAction || x.LatestDeliveryLocation == string(remediate.Removed) && x.LatestDeliveryAction == string(remediate.HardDelete)
		if !gone {
			return nil // they go with the retention of mail, or with the last entry
		}
	}
	return a.blobs.Delete(ctx, e.RawSHA256)
}

// maxHeldRecipients: of a message to more people, the bytes go with the retention of mail.
const maxHeldRecipients = 10_000

// noteExpired tells the event store.
func (a *App) noteExpired(ctx context.Context, e *hunt.QuarantineEntry, now time.Time) error {
	row := event.PostDelivery{
		Timestamp: now, NetworkMessageId: e.NetworkMessageID, InternetMessageId: e.InternetID, RecipientEmailAddress: e.Recipient, Action: "Expired in quarantine",
		ActionType: "Automated remediation", ActionTrigger: "held for " + days(a.cfg.Quarantine.Keep), ActionResult: "Success", SourceLocation: string(remediate.Quarantined), DeliveryLocation: string(remediate.Removed),
		ThreatTypes: e.Threats, SenderFromAddress: e.SenderFrom, EmailDirection: e.Direction, AdditionalFields: "{}",
		ReportId: event.RowID(e.NetworkMessageID, "expire", e.Recipient, fmt.Sprint(e.Since.UnixMicro())),
	}
	return a.acting.worker.Events.Note(ctx, []remediate.Noted{{Row: row, Location: remediate.Removed, Action: hunt.ExpiredAction}})
}

// days says a time in days, or hours when it is none.
func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return fmt.Sprintf("%d hours", d/time.Hour)
}

// neededByQuarantine returns a question that says whether bytes belong to mail that is held.
func (a *App) neededByQuarantine(ctx context.Context) (func(sum string) bool, error) {
	needed := map[string]bool{}
	if err := a.explorer.QuarantineMail(ctx, func(sum string) { needed[strings.ToLower(sum)] = true }); err != nil {
		return nil, err
	}
	return func(sum string) bool { return needed[sum] }, nil
}
