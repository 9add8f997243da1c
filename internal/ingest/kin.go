package ingest

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/internal/campaign"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/intel"
)

// Bounds of what is remembered for finding the like of a message.
const (
	KinWindow = 30 * 24 * time.Hour // messages older than this before a message are not its kin
	maxPrints = 100_000             // in memory, the newest; some 35 MB
	maxKin    = 20                  // told to the judge
	// leastCampaign is how many messages with a threat make a campaign.
	leastCampaign = 3
)

// Campaigns finds the messages of the last days that a message belongs together with, and remembers it for those to come.
type Campaigns struct {
	index *campaign.Index
	book  atomic.Pointer[campaign.Book] // what people decided
}

// OpenCampaigns reads the fingerprints that the ledger keeps.
func OpenCampaigns(ctx context.Context, ledger *casestore.Store) (*Campaigns, error) {
	c := &Campaigns{index: campaign.NewIndex(maxPrints)}
	if err := ledger.EachPrint(ctx, maxPrints, c.index.Add); err != nil {
		return nil, err
	}
	decided, err := ledger.CampaignDecisions(ctx)
	if err != nil {
		return nil, err
	}
	moved, err := ledger.CampaignMoved(ctx)
	if err != nil {
		return nil, err
	}
	c.book.Store(campaign.NewBook(decided, moved))
	return c, nil
}

// Follow is for campaign.OpenDesk: what people decided from now on.
func (c *Campaigns) Follow(b *campaign.Book, moved map[string]int64, from, to int64) {
	c.book.Store(b)
	if len(moved) > 0 || from != 0 {
		c.index.Move(moved, from, to)
	}
}

// find fills the kin of a message into its context. It asks only for messages of before it, so that judging it again tells the same
// while they are remembered.
func (c *Campaigns) find(f *findings) {
	p := campaign.New(f.m, f.recipients)
	if p.Empty() {
		return
	}
	at := f.job.at()
	f.print, f.book = &p, c.book.Load()
	f.family, f.placed = c.index.Family(f.job.NetworkMessageID)
	f.kin = c.index.Find(&p, f.job.NetworkMessageID, at.Add(-KinWindow), at)
	for _, k := range f.kin[:min(len(f.kin), maxKin)] {
		f.context.Kin = append(f.context.Kin, detect.Kin{
			NetworkMessageID: k.ID, At: k.At, Sender: k.Sender, Threats: threatsOf(k.Threats), Sure: k.Sure,
			Points: k.Likeness.Points, SameFile: k.Likeness.SameFile, Why: k.Likeness.String(),
		})
	}
}

func threatsOf(column string) []detect.Threat {
	if column == "" {
		return nil
	}
	var out []detect.Threat
	for t := range strings.SplitSeq(column, ", ") {
		out = append(out, detect.Threat(t))
	}
	return out
}

// member is what is remembered of a judged message, nil when it has nothing to go by.
func (f *findings) member() *campaign.Member {
	if f.print == nil {
		return nil
	}
	if f.self != nil {
		return f.self
	}
	m := &campaign.Member{ID: f.job.NetworkMessageID, At: f.job.at(), Family: f.clusterID(), Threats: f.verdict.ThreatTypes(), Print: *f.print}
	if len(f.m.From) > 0 {
		m.Sender = intel.OrgDomain(f.m.From[0].Domain)
	}
	near := make([]int64, len(f.kin))
	for i, k := range f.kin {
		near[i] = k.Family
	}
	if f.placed { // judged before: what came and was decided since moves others
		m.Family = f.family
	} else {
		m.Family = f.book.Place(m.ID, near, m.Family, f.has)
	}
	if i := slices.Index(near, m.Family); i >= 0 {
		m.Name = f.kin[i].Name
	} else {
		m.Name = campaign.Title(f.m, f.recipients, f.subtype())
	}
	if m.Threats != "" {
		m.Sure = detect.SureAlone(f.verdict)
		m.Recipients = slices.Clone(f.recipients[:min(len(f.recipients), campaign.MaxRecipients)])
	}
	f.self = m
	return m
}

// clusterID is EmailClusterId; it is worked out once.
func (f *findings) clusterID() int64 {
	if f.cluster == nil {
		id := campaign.Cluster(f.m, f.recipients)
		f.cluster = &id
	}
	return *f.cluster
}

// has reports whether the message has what later mail of a split is known by.
func (f *findings) has(m campaign.Mark) bool {
	switch m.Field {
	case campaign.BySender:
		return len(f.m.From) > 0 && strings.EqualFold(f.m.From[0].Addr, m.Value)
	case campaign.ByDomain:
		return len(f.m.From) > 0 && strings.EqualFold(f.m.From[0].Domain, m.Value)
	case campaign.BySubject:
		return f.m.Subject == m.Value
	case campaign.ByHost:
		return slices.ContainsFunc(f.m.Links, func(l email.Link) bool { return l.Host == m.Value })
	case campaign.ByFile:
		return slices.ContainsFunc(f.m.Attachments, func(a email.Attachment) bool { return a.SHA256 == m.Value })
	}
	return false
}

// campaignRows lists the message, and the earlier ones when this is the one that makes them a campaign.
func (f *findings) campaignRows() []event.Campaign {
	self := f.member()
	if self == nil || self.Threats == "" {
		return nil
	}
	shown := f.book.Shown(self.Family)
	var bad []campaign.Match
	for _, k := range f.kin {
		if k.Threats != "" && f.book.Shown(k.Family) == shown {
			bad = append(bad, k)
		}
	}
	byHand := f.book.MadeByHand(self.Family) // a person said that it is a campaign
	if len(bad)+1 < leastCampaign && !byHand {
		return nil
	}
	name := cmp.Or(f.book.Name(shown), self.Name)
	var rows []event.Campaign
	subtype := f.subtype()
	add := func(m *campaign.Member, recipients []string, why string) {
		kind, _, _ := strings.Cut(m.Threats, ", ") // in the order Malware, Phish, Spam
		for _, r := range recipients {
			rows = append(rows, event.Campaign{
				Timestamp: m.At, CampaignName: name, CampaignId: campaign.CampaignID(shown), CampaignType: kind, CampaignSubtype: subtype,
				NetworkMessageId: m.ID, RecipientEmailAddress: r, Likeness: why, OriginalCampaignId: campaign.CampaignID(m.Family), ReportId: event.RowID(m.ID, "campaign", r),
			})
		}
	}
	why := "put there by a person"
	if len(bad) > 0 {
		why = bad[0].Likeness.String()
	} else if len(f.kin) > 0 {
		why = f.kin[0].Likeness.String()
	}
	add(self, f.recipients, why)
	for _, k := range bad { // those that are listed already stay as they are
		add(k.Member, k.Recipients, k.Likeness.String())
	}
	return rows
}

// subtype is what the message carries or imitates, "" when that is not known.
func (f *findings) subtype() string {
	if len(f.verdict.ThreatNames) > 0 {
		return f.verdict.ThreatNames[0]
	}
	if len(f.m.From) > 0 {
		if b := intel.ShippedBrands().Match([]byte(intel.Fold(f.m.From[0].Name)), true); len(b) > 0 {
			return b[0].Brand.Name
		}
	}
	return ""
}

// settle is what the ledger notes of a message whose events are stored.
type settle struct {
	sum    string
	member *campaign.Member // nil: nothing to remember
	trace  *casestore.Trace // who wrote to whom; nil: nothing to remember
}

// note writes down that messages are done and what they were like, in one transaction, and tells the index.
func (p *Pipeline) note(done []settle) error {
	ctx := context.Background()
	sums := make([]string, len(done))
	var members []*campaign.Member
	var traces []casestore.Trace
	for i, d := range done {
		sums[i] = d.sum
		if d.member != nil {
			members = append(members, d.member)
		}
		if d.trace != nil {
			traces = append(traces, *d.trace)
		}
	}
	write := func(traces []casestore.Trace) error {
		saved := func() {}
		err := p.cfg.Ledger.InTx(ctx, func(tx *sql.Tx) error {
			if err := p.cfg.Ledger.SavePrints(ctx, tx, members); err != nil {
				return err
			}
			if len(traces) > 0 {
				var err error
				if saved, err = p.cfg.Memory.Save(ctx, tx, traces); err != nil {
					return err
				}
			}
			return p.cfg.Ledger.MessagesDone(ctx, tx, sums, time.Now())
		})
		if err == nil {
			saved()
		}
		return err
	}
	err := write(traces)
	if err != nil && len(traces) > 0 {
		// What people wrote to whom is worth less than mail that goes on.
		p.cfg.Logger.Error("messages are not remembered", "messages", len(traces), "err", err)
		err = write(nil)
	}
	if err != nil {
		return fmt.Errorf("note stored messages: %w", err)
	}
	for _, m := range members {
		p.cfg.Campaigns.index.Add(m)
	}
	return nil
}
