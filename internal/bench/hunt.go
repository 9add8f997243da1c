package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// huntings are questions in the ways that analysts write them: joins of the mail with its links and with who clicked on them, lists
// of words, lists from a query, the latest row of a message, over a week and over the whole month.
var huntings = []struct{ name, query string }{
	{"clicks on links of phish, filter on the left", `
		EmailEvents | where Timestamp > ago(7d) and ThreatTypes has "Phish"
		| join kind=inner UrlClickEvents on NetworkMessageId
		| project Timestamp1, AccountUpn, Url, Subject, SenderFromAddress`},
	{"mail, links and clicks, filter on one side", `
		EmailEvents | where Timestamp > ago(7d) and EmailDirection == "Inbound"
		| join kind=inner EmailUrlInfo on NetworkMessageId
		| join kind=inner UrlClickEvents on NetworkMessageId, Url
		| summarize Clicks = count(), People = dcount(AccountUpn) by UrlDomain | top 20 by Clicks`},
	{"mail, links and clicks, 30 days", `
		EmailEvents | join kind=inner EmailUrlInfo on NetworkMessageId
		| join kind=inner UrlClickEvents on NetworkMessageId, Url
		| summarize Clicks = count(), People = dcount(AccountUpn) by UrlDomain | top 20 by Clicks`},
	{"links nobody clicked on (leftanti), 7 days", `
		EmailUrlInfo | where Timestamp > ago(7d)
		| join kind=leftanti UrlClickEvents on NetworkMessageId
		| summarize count() by UrlDomain | top 20 by count_`},
	{"no kind (innerunique), 7 days", `
		EmailEvents | where Timestamp > ago(7d)
		| join EmailUrlInfo on NetworkMessageId | summarize count() by UrlDomain | top 20 by count_`},
	{"no kind (innerunique), 30 days", `
		EmailEvents | join EmailUrlInfo on NetworkMessageId | summarize count() by UrlDomain | top 20 by count_`},
	{"clicks with their mail (leftouter)", `
		UrlClickEvents | where ActionType == "ClickAllowed"
		| join kind=leftouter (EmailEvents | project NetworkMessageId, RecipientEmailAddress, Subject, SenderFromDomain) on NetworkMessageId, $left.AccountUpn == $right.RecipientEmailAddress
		| summarize count() by SenderFromDomain | top 20 by count_`},
	{"dcount by sender domain, 30 days", `
		EmailEvents | summarize Recipients = dcount(RecipientEmailAddress), Messages = dcount(NetworkMessageId) by SenderFromDomain | top 20 by Recipients`},
	{"subject has_any eight words, 30 days", `
		EmailEvents | where Subject has_any ("invoice", "payment", "password", "voicemail", "parcel", "salary", "bonus", "license")
		| summarize count() by SenderFromDomain | top 20 by count_`},
	{"recipients of phish, in (sub-query)", `
		let hit = EmailEvents | where ThreatTypes has "Phish" and DeliveryAction == "Delivered" | distinct RecipientEmailAddress;
		EmailEvents | where Timestamp > ago(7d) and RecipientEmailAddress in (hit) and AttachmentCount > 0
		| summarize count() by RecipientEmailAddress | top 20 by count_`},
	{"arg_max of some columns by message, 7 days", `
		EmailEvents | where Timestamp > ago(7d) | summarize arg_max(Timestamp, Subject, LatestDeliveryLocation) by NetworkMessageId
		| summarize count() by LatestDeliveryLocation`},
	{"arg_max of some columns by message, 30 days", `
		EmailEvents | summarize arg_max(Timestamp, Subject, LatestDeliveryLocation) by NetworkMessageId | summarize count() by LatestDeliveryLocation`},
	{"arg_max of whole rows by sender, 1 day", `
		EmailEvents | where Timestamp > ago(1d) | summarize arg_max(Timestamp, *) by SenderFromAddress`},
	{"files that came from many senders, 30 days", `
		EmailAttachmentInfo | join kind=inner (EmailEvents | project NetworkMessageId, SenderFromDomain) on NetworkMessageId
		| summarize Senders = dcount(SenderFromDomain) by SHA256 | where Senders > 3 | top 20 by Senders`},
	{"domains first seen this week", `
		EmailUrlInfo | summarize First = min(Timestamp), Messages = dcount(NetworkMessageId) by UrlDomain
		| where First > ago(7d) and Messages > 5 | top 20 by Messages`},
	{"one sender's mail with its links", `
		let sender = toscalar(EmailEvents | summarize count() by SenderFromAddress | top 1 by count_ | project SenderFromAddress);
		EmailEvents | where SenderFromAddress == sender | join kind=leftouter EmailUrlInfo on NetworkMessageId
		| project Timestamp, RecipientEmailAddress, Subject, Url | take 1000`},
}

// guests is the store for a Runner.
type guests struct{ *duckdb.Store }

func (g guests) Hunt(ctx context.Context, s *kql.Statement, each func(row []any) error) error {
	err := g.Store.Hunt(ctx, s, each)
	if errors.Is(err, eventstore.ErrMemory) {
		return hunt.ErrMemory
	}
	return err
}

// nowhere takes rows that nobody looks at.
type nowhere struct{ rows int64 }

func (*nowhere) Head([]kql.Column) error { return nil }
func (n *nowhere) Row([]any) error       { n.rows++; return nil }

// Hunting makes a store of invented mail, asks what analysts ask by hunting, and writes a table of how long the answers took to w.
func Hunting(ctx context.Context, w io.Writer, o Options) ([]Result, error) {
	store, o, done, err := scratch(ctx, w, o)
	if err != nil {
		return nil, err
	}
	defer done()
	r := hunt.NewRunner(guests{store}, hunt.RunnerOptions{Now: func() time.Time { return end }, Limits: hunt.Limits{Time: time.Hour}})
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "question\tp50 ms\tp95 ms\trows\tpeak\t")
	var out []Result
	for _, q := range huntings {
		h, err := r.Prepare(ctx, hunt.Ask{Query: q.query})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		resetPeak()
		times := make([]time.Duration, 0, o.Runs)
		rows := &nowhere{}
		failed := ""
		for i := range o.Runs + 1 {
			rows.rows = 0
			done, err := r.Run(ctx, h, rows)
			var limit *hunt.LimitError
			if errors.As(err, &limit) {
				failed = string(limit.Limit)
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", q.name, err)
			}
			if i > 0 { // the first one warms the cache
				times = append(times, done.Took)
			}
		}
		if failed != "" {
			fmt.Fprintf(tw, "%s\tlimit of %s\t\t\t%s\t\n", q.name, failed, peak())
			continue
		}
		slices.Sort(times)
		result := Result{Name: q.name, P50: quantile(times, 0.5), P95: quantile(times, 0.95), Max: times[len(times)-1]}
		out = append(out, result)
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t\n", q.name, millis(result.P50), millis(result.P95), thousands(rows.rows), peak())
	}
	if err := tw.Flush(); err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "%d runs each; peak memory is that of the process while a question was asked\n", o.Runs)
	return out, nil
}
