package hunt

import (
	"context"
	"strconv"
	"strings"

	"tocsin/internal/kql"
)

// Carrier is a message and a value that it has.
type Carrier struct{ Message, Value string }

// carried says in which table and column the values of an entity stand.
var carried = map[Entity][2]string{
	Senders: {"EmailEvents", "SenderFromAddress"}, Domains: {"EmailEvents", "SenderFromDomain"}, Links: {"EmailUrlInfo", "Url"}, Hosts: {"EmailUrlInfo", "UrlDomain"},
	Files: {"EmailAttachmentInfo", "SHA256"}, CampaignsOf: {"CampaignInfo", "CampaignId"},
}

// Carriers lists the messages that have one of the values, newest first, at most limit pairs; more says that there are more. Values that
// more than common messages have are left out: they tell nothing.
func (x *Explorer) Carriers(ctx context.Context, of Entity, values []string, common, limit int) (list []Carrier, more bool, err error) {
	at, ok := carried[of]
	if !ok {
		return nil, false, inputError("kind", "%q is not looked for in other mail", string(of))
	}
	in := func(values []string) string {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = kql.Quote(v)
		}
		return at[1] + " in (" + strings.Join(quoted, ", ") + ")"
	}
	ask := func(ops string, each func(row []any) error) error {
		base, err := kql.Parse(at[0])
		if err != nil {
			return err
		}
		q, err := pipe(base, "%s", ops)
		if err != nil {
			return err
		}
		return x.run(ctx, q, each)
	}
	if len(values) == 0 {
		return nil, false, nil
	}
	var rare []string
	err = ask("| where "+in(values)+" | summarize Messages = dcount(NetworkMessageId) by Value = "+at[1], func(row []any) error {
		if kql.Integer(row[1]) <= int64(common) {
			rare = append(rare, kql.Text(row[0]))
		}
		return nil
	})
	if err != nil || len(rare) == 0 {
		return nil, false, err
	}
	err = ask("| where "+in(rare)+" | distinct NetworkMessageId, "+at[1]+" | sort by NetworkMessageId desc | take "+strconv.Itoa(limit+1), func(row []any) error {
		list = append(list, Carrier{kql.Text(row[0]), kql.Text(row[1])})
		return nil
	})
	if len(list) > limit {
		list, more = list[:limit], true
	}
	return list, more, err
}
