package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/kql"
)

// insight is one kind of finding. Each stands in a file of its own.
type insight struct {
	kind string
	doc  string // how it is computed, for people: docs/guide/dashboard.md says the same
	// find returns nil when there is nothing to show. An errHeld says why it cannot be computed.
	find func(ctx context.Context, x *answering) (*Finding, error)
}

// heldError is why a kind cannot be computed.
type heldError string

func (e heldError) Error() string { return string(e) }

// kinds lists every insight.
func kinds() []insight {
	return []insight{
		allowedThreats, userAllowedThreats, priorityThreats, frequentClickers, failedRemovals, watchOnly, ownDMARC, ownSpoofed, lookAlikes, imitatedPeople,
		forwardedOutside, newFamilies, newDomains, unreadMail, enginesAway, sourcesSilent, releaseWaits, rulesSilent, rulesOnClean, goodReporters, wrongReporters, spamRegions,
	}
}

// insightsAtOnce is how many kinds are computed at the same time.
const insightsAtOnce = 2

// insights fills the findings, gravest first. One kind that fails does not take the others with it.
func (x *answering) insights(ctx context.Context) error {
	out := &Insights{Findings: []Finding{}, Looked: []Looked{}}
	if x.opt.Posture != nil {
		p, err := x.opt.Posture(ctx)
		if err != nil {
			return err
		}
		x.posture = p
	}
	all := kinds()
	found := make([]*Finding, len(all))
	held := make([]string, len(all))
	g := new(errgroup.Group)
	g.SetLimit(insightsAtOnce)
	for i, k := range all {
		g.Go(func() error {
			f, err := k.find(ctx, x)
			switch e := err.(type) {
			case nil:
				found[i] = f
			case heldError:
				held[i] = string(e)
			default:
				if ctx.Err() != nil {
					return ctx.Err()
				}
				x.opt.Log.Warn("dashboard", "insight", k.kind, "err", err)
				held[i] = failed(err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, k := range all {
		out.Looked = append(out.Looked, Looked{k.kind, k.doc, held[i]})
		if f := found[i]; f != nil {
			f.Kind = k.kind
			if f.Examples == nil {
				f.Examples = []Ranked{}
			}
			out.Findings = append(out.Findings, *f)
		}
	}
	slices.SortStableFunc(out.Findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity))
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Insights = out
	return nil
}

var severities = []string{"High", "Medium", "Low", "Informational"}

// tally counts the mail of a measure in the range by the values of a column, most first: all of it, and the examples of a finding.
func (x *answering) tally(ctx context.Context, m measure, column string) (total int64, examples []Ranked, err error) {
	err = x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where("("+m.condition()+")")+
		"\n| summarize Events = count() by Value = "+column+"\n| sort by Events desc, Value asc", func(row []any) {
		value, n := kql.Text(row[0]), kql.Integer(row[1])
		total += n
		if len(examples) == 5 {
			return
		}
		r := Ranked{Value: value, Label: value, Figure: x.here(m.and(column+" == "+kql.Quote(value)), n), Details: []Detail{}}
		if value == "" {
			r.Label = "Not said"
		}
		examples = append(examples, r)
	})
	return total, examples, err
}

// opens is a deed that opens Explorer on what was found.
func (x *answering) opens(label string, m measure) Deed {
	return Deed{Label: label, Explorer: x.state(m, x.from, x.to)}
}

// goes is a deed on another page. Values stand in its query as pairs.
func goes(label, why, path string, pairs ...string) Deed {
	var q []string
	for i := 0; i+1 < len(pairs); i += 2 {
		q = append(q, pairs[i]+"="+url.QueryEscape(pairs[i+1]))
	}
	if len(q) > 0 {
		path += "?" + strings.Join(q, "&")
	}
	return Deed{Label: label, Why: why, Page: path}
}

// span is the range in words: "the last 7 days", or from and to.
func (s *scope) span() string {
	length := s.to.Sub(s.from)
	if s.now.Sub(s.to).Abs() < time.Minute && length >= time.Hour {
		if days := length / (24 * time.Hour); length%(24*time.Hour) == 0 && days > 1 {
			return fmt.Sprintf("the last %d days", days)
		}
		return fmt.Sprintf("the last %d hours", length/time.Hour)
	}
	return s.from.Format("2 January 15:04") + " to " + s.to.Format("2 January 15:04 UTC")
}
