package hunt

import (
	"context"
	"time"

	"tocsin/internal/kql"
)

// Seen is how much mail of a kind there was, and what became of it.
type Seen struct {
	Answer
	From, To  time.Time // of the question
	First     time.Time // oldest of the mail, zero without any
	Last      time.Time
	Events    int64
	Messages  int64
	People    int64 // different recipients
	Still     int64 // events whose latest place is a mailbox
	Clicks    int64 // on links of that mail
	Clickers  int64 // different people
	ClicksKQL string
}

// Readable is the condition of Still, as Explorer takes it: a person can open the message where it lies.
const Readable = `LatestDeliveryLocation in ("Inbox/folder", "Junk folder", "On-premises/external")`

// Seen answers with two questions: the mail of r, and the clicks on it.
func (x *Explorer) Seen(ctx context.Context, r Request) (*Seen, error) {
	started := time.Now()
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "| summarize First = min(Timestamp), Last = max(Timestamp), Events = count(), Messages = count_distinct(NetworkMessageId), People = count_distinct(RecipientEmailAddress), Still = countif(%s)", Readable)
	if err != nil {
		return nil, err
	}
	out := &Seen{Answer: Answer{KQL: q.String()}, From: r.From, To: r.To}
	if err := x.run(ctx, q, func(row []any) error {
		out.First, out.Last = kql.Moment(row[0]), kql.Moment(row[1])
		out.Events, out.Messages, out.People, out.Still = kql.Integer(row[2]), kql.Integer(row[3]), kql.Integer(row[4]), kql.Integer(row[5])
		return nil
	}); err != nil {
		return nil, err
	}
	if out.Events > 0 {
		if err := x.seenClicks(ctx, base, out); err != nil {
			return nil, err
		}
	}
	out.TookMS = time.Since(started).Milliseconds()
	return out, nil
}

// Ever is only how much mail of r there was, and when: First, Last and Events of Seen.
func (x *Explorer) Ever(ctx context.Context, r Request) (*Seen, error) {
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "| summarize First = min(Timestamp), Last = max(Timestamp), Events = count()")
	if err != nil {
		return nil, err
	}
	out := &Seen{Answer: Answer{KQL: q.String()}, From: r.From, To: r.To}
	return out, x.run(ctx, q, func(row []any) error {
		out.First, out.Last, out.Events = kql.Moment(row[0]), kql.Moment(row[1]), kql.Integer(row[2])
		return nil
	})
}

// seenClicks counts clicks at any time since: mail is clicked after its range too.
func (x *Explorer) seenClicks(ctx context.Context, base *kql.Query, out *Seen) error {
	ids, err := pipe(base, "| distinct NetworkMessageId")
	if err != nil {
		return err
	}
	q, err := kql.Parse("UrlClickEvents " + timeRange(out.First, time.Time{}) + "\n| where NetworkMessageId in ((\n" + ids.String() + "\n))\n| summarize Clicks = count(), People = count_distinct(AccountUpn)")
	if err != nil {
		return err
	}
	out.ClicksKQL = q.String()
	n, err := x.numbers(ctx, q)
	if err == nil && len(n) == 2 {
		out.Clicks, out.Clickers = n[0], n[1]
	}
	return err
}

// Mark is one way in which mail with a verdict was marked, and how much mail was marked just so. No event has two.
type Mark struct {
	Names        string // ThreatNames
	Signals      string
	Technologies string // LatestDetectionTechnologies
	Events       int64  // since the split
	Before       int64  // before it
	First        time.Time
	Last         time.Time
}

// Marks are what the mail of a request is marked with.
type Marks struct {
	Answer
	Rows []Mark
	Cut  bool // there are more ways than maxMarks; the rarest are left out
}

// maxMarks is how many ways of marking one question tells apart.
const maxMarks = 100_000

// Threatening is the condition of mail whose latest verdict names a threat.
const Threatening = `isnotempty(LatestThreatTypes)`

// Marks counts mail with a verdict by what it is marked with, in [r.From, split) and [split, r.To).
func (x *Explorer) Marks(ctx context.Context, r Request, split time.Time) (*Marks, error) {
	started := time.Now()
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "| where %s | summarize Events = countif(Timestamp >= %s), Before = countif(Timestamp < %s), First = min(Timestamp), Last = max(Timestamp) by ThreatNames, Signals, LatestDetectionTechnologies | top %d by Events",
		Threatening, datetime(split), datetime(split), maxMarks+1)
	if err != nil {
		return nil, err
	}
	out := &Marks{Answer: Answer{KQL: q.String()}}
	if err := x.run(ctx, q, func(row []any) error {
		if len(out.Rows) == maxMarks {
			out.Cut = true
			return nil
		}
		out.Rows = append(out.Rows, Mark{Names: kql.Text(row[0]), Signals: kql.Text(row[1]), Technologies: kql.Text(row[2]), Events: kql.Integer(row[3]), Before: kql.Integer(row[4]), First: kql.Moment(row[5]), Last: kql.Moment(row[6])})
		return nil
	}); err != nil {
		return nil, err
	}
	out.TookMS = time.Since(started).Milliseconds()
	return out, nil
}

// CampaignSeen is a campaign that some of the mail belongs to.
type CampaignSeen struct {
	ID, Name string
	Events   int64
}

// SeenIn returns the newest messages of r, most at most, and the campaigns that have most of its mail, ten at most.
func (x *Explorer) SeenIn(ctx context.Context, r Request, most int) (messages []string, campaigns []CampaignSeen, err error) {
	base, err := x.base(r)
	if err != nil {
		return nil, nil, err
	}
	q, err := pipe(base, "| summarize Last = max(Timestamp) by NetworkMessageId | top %d by Last", most)
	if err != nil {
		return nil, nil, err
	}
	if err := x.run(ctx, q, func(row []any) error {
		messages = append(messages, kql.Text(row[0]))
		return nil
	}); err != nil || len(messages) == 0 {
		return nil, nil, err
	}
	ids, err := pipe(base, "| distinct NetworkMessageId")
	if err != nil {
		return nil, nil, err
	}
	q, err = kql.Parse("CampaignInfo " + timeRange(r.From, r.To) + "\n| where NetworkMessageId in ((\n" + ids.String() + "\n))\n| summarize Events = count(), CampaignName = take_any(CampaignName) by CampaignId | top 10 by Events")
	if err != nil {
		return nil, nil, err
	}
	err = x.run(ctx, q, func(row []any) error {
		campaigns = append(campaigns, CampaignSeen{ID: kql.Text(row[0]), Events: kql.Integer(row[1]), Name: kql.Text(row[2])})
		return nil
	})
	return messages, campaigns, err
}
