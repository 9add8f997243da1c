package hunt

import (
	"context"
	"strings"

	"tocsin/internal/kql"
)

// CampaignMark finds a value of a column that all named messages of a campaign have and no other message of it.
func (x *Explorer) CampaignMark(ctx context.Context, id string, messages []string, field string) (value string, ok bool, err error) {
	table := emailEvents.Name
	switch field {
	case "UrlDomain":
		table = "EmailUrlInfo"
	case "SHA256":
		table = "EmailAttachmentInfo"
	}
	quoted := make([]string, len(messages))
	for i, m := range messages {
		quoted[i] = kql.Quote(m)
	}
	base, err := kql.Parse(table + " | where " + mailOfCampaign(id))
	if err != nil {
		return "", false, queryError(err)
	}
	q, err := pipe(base, "| where isnotempty(%s) | extend Picked = NetworkMessageId in (%s) | summarize Named = count_distinctif(NetworkMessageId, Picked), Others = countif(not(Picked)) by Value = %s | where Others == 0 and Named == %d | sort by Value asc | take 1 | project Value",
		field, strings.Join(quoted, ", "), field, len(messages))
	if err != nil {
		return "", false, err
	}
	err = x.run(ctx, q, func(v []any) error {
		value, ok = kql.Text(v[0]), true
		return nil
	})
	return value, ok, err
}

// Any reports whether a table has a row.
func (x *Explorer) Any(ctx context.Context, table string) (found bool, err error) {
	q, err := kql.Parse(table + " | take 1 | project Timestamp")
	if err != nil {
		return false, err
	}
	return found, x.run(ctx, q, func([]any) error { found = true; return nil })
}
