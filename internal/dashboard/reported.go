package dashboard

import (
	"context"
	"fmt"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// reportedMail is the condition that the recipient of an event reported it.
const reportedMail = `NetworkMessageId in ((UserSubmissions | where ActionType == "UserSubmission" and NetworkMessageId != "" | distinct NetworkMessageId)) and strcat(NetworkMessageId, " ", tolower(RecipientEmailAddress)) in ((UserSubmissions | where ActionType == "UserSubmission" and NetworkMessageId != "" | project Report = strcat(NetworkMessageId, " ", tolower(RecipientEmailAddress))))`

// reportedMeasure counts mail that its recipient reported.
var reportedMeasure = measure{view: hunt.Submissions, where: []string{reportedMail}}

// reportedCard adds what users reported to the summary.
func (x *answering) reportedCard(ctx context.Context) error {
	counts, err := x.wide(ctx, reportedMail, []string{"EmailDirection"}, []measure{{}})
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.summary().Cards = append(x.summary().Cards, Card{Key: "reported", Label: "Reported by users", Says: "Mail of this time that its recipient reported, whatever it was reported as",
		Figure: x.compared(reportedMeasure, counts[0]), Counts: counts[0].buckets, Details: []Detail{}})
	return nil
}

// clicks counts the clicks that were stopped. They are clicks, not mail, so they stand beside the number of malicious links and are no part of it.
func (x *answering) clicks(ctx context.Context) (Detail, error) {
	question := "UrlClickEvents" + where(between(x.from, x.to)) + where(x.persons("AccountUpn")) + where(`ActionType startswith "ClickBlocked"`) + "\n| count"
	d := Detail{Key: "clicks", Label: "Clicks stopped", Figure: Figure{KQL: tidy(question), Gaps: x.gaps("clicks")}}
	err := x.rows(ctx, question, func(row []any) { d.Figure.Value = kql.Integer(row[0]) })
	return d, err
}

// reported fills what users reported. It counts reports.
func (x *answering) reported(ctx context.Context) error {
	base := "UserSubmissions" + where(between(x.from, x.to)) + where(`ActionType == "UserSubmission"`) + where(x.persons("ReporterEmailAddress"))
	of := func(where string, n int64) Figure {
		return Figure{Value: n, KQL: tidy(base + where + "\n| count"), Gaps: x.gaps()}
	}
	out := &Reported{Trend: x.trend(), Results: []Ranked{}}
	var total int64
	series := map[string]int{}
	err := x.rows(ctx, base+fmt.Sprintf("\n| summarize Reports = count() by SubmissionType, Bucket = bin(Timestamp, %ds)\n| sort by SubmissionType asc", x.seconds()), func(row []any) {
		kind, n := kql.Text(row[0]), kql.Integer(row[2])
		i, ok := series[kind]
		if !ok {
			i = len(out.Trend.Series)
			series[kind] = i
			out.Trend.Series = append(out.Trend.Series, TrendSeries{Key: kind, Label: kind, Total: of(fmt.Sprintf("\n| where SubmissionType == %q", kind), 0), Counts: make([]int64, len(x.starts))})
		}
		total += n
		out.Trend.Series[i].Total.Value += n
		if at := x.bucket(kql.Moment(row[1])); at >= 0 {
			out.Trend.Series[i].Counts[at] += n
		}
	})
	if err != nil {
		return err
	}
	out.Total = of("", total)
	join := `
| join kind=leftouter (UserSubmissions | where ActionType == "UserSubmissionTriage" | summarize arg_max(Timestamp, Result) by SubmissionId | project SubmissionId, Closed = Result) on SubmissionId`
	err = x.rows(ctx, base+join+"\n| summarize Reports = count() by Closed\n| sort by Reports desc, Closed asc", func(row []any) {
		result := kql.Text(row[0])
		r := Ranked{Value: result, Label: result, Figure: of(join+fmt.Sprintf("\n| where Closed == %q", result), kql.Integer(row[1])), Details: []Detail{}}
		if result == "" {
			r.Value, r.Label = "open", "Not closed yet"
		}
		out.Results = append(out.Results, r)
	})
	if err != nil {
		return err
	}
	mail := "EmailEvents" + where(between(x.from, x.to)) + where(x.mail...) + where(reportedMail) + "\n| count"
	if err := x.rows(ctx, mail, func(row []any) { out.Mail = x.here(reportedMeasure, kql.Integer(row[0])) }); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Reported = out
	return nil
}
