package dashboard

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"tocsin/internal/kql"
)

// campaigns fills the campaigns of the range.
func (x *answering) campaigns(ctx context.Context) error {
	base := "CampaignInfo" + where(between(x.from, x.to)) + where(x.persons("RecipientEmailAddress"))
	list := base + "\n| summarize Events = count(), People = count_distinct(RecipientEmailAddress), First = min(Timestamp), Last = max(Timestamp), Name = take_any(CampaignName), Type = take_any(CampaignType) by CampaignId"
	out := &CampaignBoard{Rows: []ActiveCampaign{}, KQL: tidy(list + "\n| sort by Events desc, CampaignId asc")}
	of := func(id string) measure {
		return measure{where: []string{"NetworkMessageId in ((CampaignInfo | where CampaignId == " + kql.Quote(id) + " | distinct NetworkMessageId))"}}
	}
	err := x.rows(ctx, list+"\n| sort by Events desc, CampaignId asc", func(row []any) {
		out.Active++
		if len(out.Rows) == 10 {
			return
		}
		id := kql.Text(row[0])
		out.Rows = append(out.Rows, ActiveCampaign{
			ID: id, Name: kql.Text(row[5]), Type: kql.Text(row[6]), First: kql.Moment(row[3]), Last: kql.Moment(row[4]), People: kql.Integer(row[2]),
			Mail: x.here(of(id), kql.Integer(row[1])), Inboxed: x.here(of(id).and(delivered.where...), 0),
		})
	})
	if err != nil {
		return err
	}
	// Few threats are still delivered, so the join begins with them.
	err = x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where(delivered.where...)+
		"\n| project NetworkMessageId, RecipientEmailAddress\n| join kind=inner (CampaignInfo"+where(between(x.from, x.to))+
		"\n| project NetworkMessageId, RecipientEmailAddress, CampaignId) on NetworkMessageId, RecipientEmailAddress\n| summarize Events = count() by CampaignId", func(row []any) {
		out.Reached++
		for i := range out.Rows {
			if out.Rows[i].ID == kql.Text(row[0]) {
				out.Rows[i].Inboxed.Value = kql.Integer(row[1])
			}
		}
	})
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Campaigns = out
	return nil
}

// Alerts lists what was raised, where something raises alerts.
type Alerts interface {
	// Newest returns open alerts, newest first, and how many there are.
	Newest(ctx context.Context, limit int) (list []Attended, open int64, err error)
}

// attention fills what was found last and needs a look: the open alerts, or while there are none the threats that lie in mailboxes.
func (x *answering) attention(ctx context.Context) error {
	out := &Attention{Kind: "mail", Items: []Attended{}}
	if x.opt.Alerts != nil {
		list, n, err := x.opt.Alerts.Newest(ctx, 10)
		if err != nil {
			return err
		}
		if n > 0 {
			out.Kind, out.Total = "alerts", Figure{Value: n, Page: "/alerts", Gaps: []string{}}
			out.Items = append(out.Items, list...)
			x.mu.Lock()
			defer x.mu.Unlock()
			x.out.Attention = out
			return nil
		}
	}
	var total int64
	err := x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where(delivered.where...)+
		"\n| summarize Events = count(), Last = max(Timestamp), Subject = take_any(Subject), Sender = take_any(SenderFromAddress), Threats = take_any(LatestThreatTypes), Confidence = take_any(PhishConfidence) by NetworkMessageId"+
		"\n| sort by Last desc, NetworkMessageId asc", func(row []any) {
		n := kql.Integer(row[1])
		total += n
		if len(out.Items) == 10 {
			return
		}
		id, subject := kql.Text(row[0]), kql.Text(row[3])
		if subject == "" {
			subject = "(no subject)"
		}
		out.Items = append(out.Items, Attended{
			Time: kql.Moment(row[2]), Title: subject, Category: kql.Text(row[5]), Severity: severityOf(kql.Text(row[5]), kql.Text(row[6])), Count: n, Page: "/email/" + url.PathEscape(id),
			Explorer: x.state(delivered.and("NetworkMessageId == "+kql.Quote(id)), x.from, x.to),
		})
	})
	if err != nil {
		return err
	}
	out.Total = x.here(delivered, total)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Attention = out
	return nil
}

// severityOf is how grave a delivered threat is.
func severityOf(threats, confidence string) string {
	switch {
	case has(threats, "Malware"), has(threats, "Phish") && confidence == "High":
		return "High"
	case has(threats, "Phish"):
		return "Medium"
	}
	return "Low"
}

// has reports whether a list "a, b" has a value.
func has(list, value string) bool { return slices.Contains(strings.Split(list, ", "), value) }
