package hunt

import (
	"context"

	"tocsin/internal/kql"
)

// SignalHits counts, for each id of a signal, the messages of r that it spoke on. Rules and built-in signals stand together.
func (x *Explorer) SignalHits(ctx context.Context, r Request) (map[string]int64, error) {
	r.Content = true // ids alone leave this function
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	// An event is a row a recipient, all with the same signals.
	q, err := base.Pipe(`| where isnotempty(AdditionalFields) | summarize Raw = take_any(AdditionalFields) by NetworkMessageId | mv-expand Signal = parse_json(Raw).signals | extend Id = tostring(Signal.id) | where isnotempty(Id) | summarize Messages = dcount(NetworkMessageId) by Id`)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	err = x.run(ctx, q, func(row []any) error {
		id, _ := row[0].(string)
		out[id] = kql.Integer(row[1])
		return nil
	})
	return out, err
}
