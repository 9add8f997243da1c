package detect

import "context"

type RuleSet struct{}
type RuleMessage struct{}

func (r *RuleSet) evaluate(ctx context.Context, f *Facts) ([]Signal, []Note) { return nil, nil }
func (r *RuleSet) family(id string) Family                                   { return Rule }
