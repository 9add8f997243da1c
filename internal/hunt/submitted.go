package hunt

import (
	"context"
	"slices"
	"time"

	"tocsin/internal/kql"
)

// submittedSplits are what the chart of reports can be split by, and the column of UserSubmissions behind each.
var submittedSplits = []string{"SubmissionType", "Result", "ReporterEmailAddress", "SubmissionSource", "MatchLevel", "ThreatTypes", "IsReporterProven"}

// Submitted counts reports over time, split by a column of UserSubmissions. Result is that of the latest closing, "" while there is none. The
// range must be closed.
func (x *Explorer) Submitted(ctx context.Context, from, to time.Time, split string) (*Chart, error) {
	started := time.Now()
	if !slices.Contains(submittedSplits, split) {
		return nil, inputError("split", "%q is none; there are SubmissionType, Result, ReporterEmailAddress, SubmissionSource, MatchLevel, ThreatTypes and IsReporterProven", split)
	}
	if from.IsZero() || to.IsZero() || !from.Before(to) {
		return nil, inputError("to", "give a range of time: from, and a later to")
	}
	q, err := kql.Parse("UserSubmissions " + timeRange(from, to) + ` | where ActionType != "UserSubmissionTriage"`)
	if err != nil {
		return nil, err
	}
	if split == "Result" {
		q, err = pipe(q, `| project Timestamp, SubmissionId
| join kind=leftouter (UserSubmissions | where ActionType == "UserSubmissionTriage" | summarize arg_max(Timestamp, Result) by SubmissionId | project SubmissionId, Result) on SubmissionId`)
		if err != nil {
			return nil, err
		}
	}
	c := &Chart{From: from.UTC(), To: to.UTC(), Series: []Series{}}
	step := bucket(c.From, c.To)
	c.BucketSeconds = int64(step / time.Second)
	for t := c.From.Truncate(step); t.Before(c.To); t = t.Add(step) {
		c.Starts = append(c.Starts, t)
	}
	if q, err = pipe(q, "| summarize Events = count() by Value = tostring(%s), Bucket = bin(Timestamp, %s)", split, timespan(step)); err != nil {
		return nil, err
	}
	c.KQL = q.String()
	other := Series{Label: "Other", Other: true, Counts: make([]int64, len(c.Starts))}
	all := &Chart{Starts: c.Starts, BucketSeconds: c.BucketSeconds}
	err = x.run(ctx, q, func(row []any) error {
		t, _ := row[1].(time.Time)
		n := kql.Integer(row[2])
		all.add(all.series(kql.Text(row[0]), valueLabel(kql.Text(row[0]))), t, n)
		c.Total += n
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all.Series, func(a, b Series) int { return int(b.Total - a.Total) })
	for i, s := range all.Series {
		if i < topValues {
			c.Series = append(c.Series, s)
			continue
		}
		other.Total += s.Total
		for k, n := range s.Counts {
			other.Counts[k] += n
		}
	}
	if other.Total > 0 {
		c.Series = append(c.Series, other)
	}
	c.TookMS = time.Since(started).Milliseconds()
	return c, nil
}
