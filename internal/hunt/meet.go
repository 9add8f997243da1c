package hunt

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/kql"
)

// Met is a value that stands in mail.
type Met struct {
	Column   string // where: "Url", "SenderFromAddress", ...
	Value    string
	Messages int64 // different ones
	First    time.Time
	Last     time.Time
}

// meetings are the columns that lists of indicators are held against. besides is a column whose value would only be told twice.
var meetings = []struct{ table, column, besides string }{
	{"EmailUrlInfo", "Url", ""}, {"EmailUrlInfo", "UrlTarget", "Url"}, {"EmailUrlInfo", "UrlDomain", ""},
	{"EmailEvents", "SenderFromAddress", ""}, {"EmailEvents", "SenderMailFromAddress", "SenderFromAddress"}, {"EmailEvents", "SenderFromDomain", ""},
	{"EmailEvents", "SenderIPv4", ""}, {"EmailEvents", "SenderIPv6", ""}, {"EmailEvents", "Subject", ""},
	{"EmailAttachmentInfo", "SHA256", ""}, {"EmailAttachmentInfo", "SHA1", ""}, {"EmailAttachmentInfo", "MD5", ""},
}

// Meetings calls each for every different value of the columns that indicators look at, in mail since a time. Values are not sorted. It
// asks once a column, so it costs the same for one indicator as for a million.
func (x *Explorer) Meetings(ctx context.Context, since time.Time, each func(Met) error) error {
	for _, m := range meetings {
		also := ""
		if m.besides != "" {
			also = fmt.Sprintf(" and %s != %s", m.column, m.besides)
		}
		q, err := kql.Parse(fmt.Sprintf("%s | where Timestamp >= datetime(%s) and isnotempty(%s)%s | summarize Messages = count_distinct(NetworkMessageId), First = min(Timestamp), Last = max(Timestamp) by %s",
			m.table, since.UTC().Format(time.RFC3339), m.column, also, m.column))
		if err != nil {
			return fmt.Errorf("hunt: %w", err)
		}
		err = x.run(ctx, q, func(row []any) error {
			first, _ := row[2].(time.Time)
			last, _ := row[3].(time.Time)
			return each(Met{m.column, kql.Text(row[0]), kql.Integer(row[1]), first, last})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// MessagesSince counts the different messages since a time.
func (x *Explorer) MessagesSince(ctx context.Context, since time.Time) (int64, error) {
	q, err := kql.Parse(fmt.Sprintf("EmailEvents | where Timestamp >= datetime(%s) | summarize Messages = count_distinct(NetworkMessageId)", since.UTC().Format(time.RFC3339)))
	if err != nil {
		return 0, fmt.Errorf("hunt: %w", err)
	}
	n, err := x.numbers(ctx, q)
	if err != nil || len(n) != 1 {
		return 0, err
	}
	return n[0], nil
}
