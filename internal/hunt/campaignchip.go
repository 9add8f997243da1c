package hunt

import (
	"context"
	"strings"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// campaignField is the one field of a filter that is no column of EmailEvents: a message is part of a campaign by rows of CampaignInfo. Its chip
// is written as the condition that mailOfCampaign writes, and read back from it.
var campaignField = Field{
	Name: "CampaignId", Label: "Campaign", Type: event.String, Doc: "Campaign that the message is part of, by its id", Group: "Basic",
	Values: []string{}, Operators: []Operator{Is, IsNot},
}

// campaignPredicate writes a chip of campaignField.
func campaignPredicate(c Condition) (kql.Predicate, error) {
	op := " in "
	switch {
	case c.Op == IsNot:
		op = " !in "
	case c.Op != Is:
		return kql.Predicate{}, inputError("chips", "a campaign is, or is not")
	}
	info, err := kql.FromPredicates("CampaignInfo", []kql.Predicate{{Column: campaignField.Name, Op: kql.Is, Values: c.Values}})
	if err != nil {
		return kql.Predicate{}, chipError(err)
	}
	return kql.Predicate{Op: kql.Raw, Text: "NetworkMessageId" + op + "((" + info + " | distinct NetworkMessageId))"}, nil
}

// campaignCondition reads a condition, in canonical text, as a chip of campaignField.
func campaignCondition(rest string) (Condition, bool) {
	c := Condition{Field: campaignField.Name, Op: Is}
	inner, ok := strings.CutPrefix(rest, "NetworkMessageId in (")
	if !ok {
		c.Op = IsNot
		if inner, ok = strings.CutPrefix(rest, "NetworkMessageId !in ("); !ok {
			return c, false
		}
	}
	if inner, ok = strings.CutSuffix(strings.TrimSuffix(inner, ")"), "| distinct NetworkMessageId"); !ok {
		return c, false
	}
	q, err := kql.Parse(inner)
	if err != nil {
		return c, false
	}
	f, ok := q.Filters()
	if !ok || f.Table != "CampaignInfo" || len(f.Rest) > 0 || len(f.Predicates) != 1 {
		return c, false
	}
	p := f.Predicates[0]
	c.Values = p.Values
	return c, p.Column == campaignField.Name && p.Op == kql.Is
}

// CampaignNames returns what campaigns are called, by their id; those that are not known are not in it. It looks at 50 ids at most.
func (x *Explorer) CampaignNames(ctx context.Context, ids []string) (map[string]string, error) {
	quoted := make([]string, 0, min(len(ids), 50))
	for _, id := range ids[:min(len(ids), 50)] {
		quoted = append(quoted, kql.Quote(id))
	}
	q, err := kql.Parse("CampaignInfo | where CampaignId in (" + strings.Join(quoted, ", ") + ") | summarize arg_min(Timestamp, CampaignName) by CampaignId | project CampaignId, CampaignName")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	return out, x.run(ctx, q, func(v []any) error {
		out[kql.Text(v[0])] = kql.Text(v[1])
		return nil
	})
}
