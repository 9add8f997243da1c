package hunt

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// Letter is one message with what was in it, whoever got it: what others may be told of it.
type Letter struct {
	NetworkMessageID  string
	InternetMessageID string
	Subject           string
	From, Name        string // of the From header
	Envelope          string // MAIL FROM
	IP                string
	At                time.Time
	Recipients        int    // among the picks
	Threats           string // types, as Explorer lists them
	URLs              []string
	Files             []event.EmailAttachment
}

// Limits of what is told of one message.
const (
	letterURLs  = 100
	letterFiles = 50
)

// Letters returns the messages behind picks, the newest first, at most limit; of is how many there are.
func (x *Explorer) Letters(ctx context.Context, picks []Pick, limit int) (letters []Letter, of int, err error) {
	events, err := x.Picked(ctx, picks)
	if err != nil {
		return nil, 0, err
	}
	byID := map[string]*Letter{}
	for i := range events {
		e := &events[i]
		l := byID[e.NetworkMessageId]
		if l == nil {
			l = &Letter{NetworkMessageID: e.NetworkMessageId}
			byID[e.NetworkMessageId] = l
		}
		l.Recipients++
	}
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(b, a) }) // ids are time
	of = len(ids)
	ids = ids[:min(limit, len(ids))]
	if err := x.letterHeads(ctx, byID, ids); err != nil {
		return nil, of, err
	}
	if err := x.letterParts(ctx, byID, ids); err != nil {
		return nil, of, err
	}
	for _, id := range ids {
		letters = append(letters, *byID[id])
	}
	return letters, of, nil
}

var letterColumns = []string{"Timestamp", "NetworkMessageId", "InternetMessageId", "Subject", "SenderFromAddress", "SenderDisplayName", "SenderMailFromAddress", "SenderIPv4", "SenderIPv6", "LatestThreatTypes"}

func (x *Explorer) letterHeads(ctx context.Context, byID map[string]*Letter, ids []string) error {
	decode := decoderFor[event.EmailEvent](letterColumns)
	return x.about(ctx, emailEvents.Name, ids, "| project "+joinColumns(letterColumns), func(row []any) error {
		var e event.EmailEvent
		decode(&e, row)
		l := byID[e.NetworkMessageId]
		if l == nil {
			return nil
		}
		l.InternetMessageID, l.Subject, l.From, l.Name, l.Envelope, l.At = e.InternetMessageId, e.Subject, e.SenderFromAddress, e.SenderDisplayName, e.SenderMailFromAddress, e.Timestamp
		l.IP = cmp.Or(e.SenderIPv4, e.SenderIPv6)
		for v := range strings.SplitSeq(e.LatestThreatTypes, ", ") {
			if v != "" && !strings.Contains(l.Threats, v) {
				l.Threats = strings.TrimPrefix(l.Threats+", "+v, ", ")
			}
		}
		return nil
	})
}

func (x *Explorer) letterParts(ctx context.Context, byID map[string]*Letter, ids []string) error {
	err := x.about(ctx, "EmailUrlInfo", ids, "| project NetworkMessageId, Url", func(row []any) error {
		if l, u := byID[kql.Text(row[0])], kql.Text(row[1]); l != nil && u != "" && len(l.URLs) < letterURLs && !slices.Contains(l.URLs, u) {
			l.URLs = append(l.URLs, u)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.about(ctx, "EmailAttachmentInfo", ids, "| project NetworkMessageId, FileName, SHA256, SHA1, MD5, FileSize, ThreatTypes, ThreatNames", func(row []any) error {
		f := event.EmailAttachment{FileName: kql.Text(row[1]), SHA256: kql.Text(row[2]), SHA1: kql.Text(row[3]), MD5: kql.Text(row[4]), FileSize: kql.Integer(row[5]), ThreatTypes: kql.Text(row[6]), ThreatNames: kql.Text(row[7])}
		l := byID[kql.Text(row[0])]
		if l == nil || len(l.Files) >= letterFiles || slices.Contains(l.Files, f) {
			return nil
		}
		l.Files = append(l.Files, f)
		return nil
	})
}

// CampaignOf is what the store says of a campaign, and the events that it holds.
type CampaignOf struct {
	ID, Name, Type, Subtype string
	First, Last             time.Time
	Picks                   []Pick
}

// Campaign returns a campaign with at most limit of its events. ErrNotFound when there is none.
func (x *Explorer) Campaign(ctx context.Context, id string, limit int) (*CampaignOf, error) {
	q, err := kql.Parse("CampaignInfo")
	if err != nil {
		return nil, err
	}
	q, err = pipe(q, "| where CampaignId == %s | project Timestamp, CampaignName, CampaignType, CampaignSubtype, NetworkMessageId, RecipientEmailAddress | top %d by Timestamp", kql.Quote(id), limit)
	if err != nil {
		return nil, err
	}
	c := &CampaignOf{ID: id}
	err = x.run(ctx, q, func(row []any) error {
		at, _ := row[0].(time.Time)
		if c.Last.IsZero() {
			c.Last, c.Name, c.Type, c.Subtype = at, kql.Text(row[1]), kql.Text(row[2]), kql.Text(row[3])
		}
		c.First = at
		c.Picks = append(c.Picks, Pick{ID: kql.Text(row[4]), Recipient: kql.Text(row[5])})
		return nil
	})
	if err == nil && len(c.Picks) == 0 {
		err = ErrNotFound
	}
	return c, err
}
