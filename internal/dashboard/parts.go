package dashboard

import (
	"context"
	"slices"
)

// parts are what has to be asked for some widgets: one wide question serves several of them.
func (x *answering) parts(widgets []string) []part {
	wanted := func(w string) bool { return slices.Contains(widgets, w) }
	var out []part
	// add makes a part of those of its widgets that are wanted; a part that none needs is not run.
	add := func(fill func(ctx context.Context) error, of ...string) {
		of = slices.DeleteFunc(of, func(w string) bool { return !wanted(w) })
		if len(of) > 0 {
			out = append(out, part{of, fill})
		}
	}
	add(func(ctx context.Context) error { return x.threatBoard(ctx, wanted) }, SummaryWidget, WeeklyWidget, ProtectionWidget, MalwareWidget)
	add(func(ctx context.Context) error { return x.flow(ctx, wanted) }, WeeklyWidget, FlowWidget)
	add(x.technologies, ProtectionWidget)
	add(x.families, MalwareWidget)
	add(x.reportedCard, SummaryWidget)
	add(x.needs, NeedsWidget)
	add(x.insights, InsightsWidget)
	add(x.targeted, TargetedWidget)
	add(x.origin, OriginWidget)
	add(x.reported, ReportedWidget)
	add(x.campaigns, CampaignsWidget)
	add(x.attention, AttentionWidget)
	add(x.work, WorkWidget)
	return out
}

// The widgets that several parts fill. Callers hold mu.

func (x *answering) summary() *ThreatSummary {
	if x.out.Summary == nil {
		x.out.Summary = &ThreatSummary{BucketSeconds: x.seconds(), Starts: x.starts, Cards: []Card{}}
	}
	return x.out.Summary
}

func (x *answering) weekly() *Detections {
	if x.out.Weekly == nil {
		x.out.Weekly = &Detections{BucketSeconds: x.seconds(), Starts: x.starts, Cards: []Card{}}
	}
	return x.out.Weekly
}

func (x *answering) protection() *Protection {
	if x.out.Protection == nil {
		x.out.Protection = &Protection{Threats: x.trend(), Technology: x.trend(), Outcome: x.trend()}
	}
	return x.out.Protection
}

func (x *answering) malware() *MalwareBoard {
	if x.out.Malware == nil {
		x.out.Malware = &MalwareBoard{Trend: x.trend(), Families: []Ranked{}}
	}
	return x.out.Malware
}

func (s *scope) seconds() int64 { return int64(s.step.Seconds()) }

func (s *scope) trend() Trend {
	return Trend{BucketSeconds: s.seconds(), Starts: s.starts, Series: []TrendSeries{}}
}

// order is how the cards of a widget follow each other, whichever part was first.
var order = []string{"malware_blocked", "phish_blocked", "reported", "zero_day_malware", "advanced_phish", "malicious_urls", "scanned", "stopped", "advanced", "delivered", "removed"}

func sortCards(cards []Card) {
	slices.SortFunc(cards, func(a, b Card) int { return slices.Index(order, a.Key) - slices.Index(order, b.Key) })
}

// finish puts what several parts filled into order.
func (x *answering) finish() {
	if x.out.Summary != nil {
		sortCards(x.out.Summary.Cards)
	}
	if x.out.Weekly != nil {
		sortCards(x.out.Weekly.Cards)
	}
}

// drop takes a widget out again: half of it would look like the whole. Callers hold mu.
func (x *answering) drop(widget string) {
	o := x.out
	switch widget {
	case NeedsWidget:
		o.Needs = nil
	case SummaryWidget:
		o.Summary = nil
	case ProtectionWidget:
		o.Protection = nil
	case WeeklyWidget:
		o.Weekly = nil
	case MalwareWidget:
		o.Malware = nil
	case InsightsWidget:
		o.Insights = nil
	case TargetedWidget:
		o.Targeted = nil
	case OriginWidget:
		o.Origin = nil
	case FlowWidget:
		o.Flow = nil
	case ReportedWidget:
		o.Reported = nil
	case WorkWidget:
		o.Work = nil
	case AttentionWidget:
		o.Attention = nil
	case CampaignsWidget:
		o.Campaigns = nil
	}
}
