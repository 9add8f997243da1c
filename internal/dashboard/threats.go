package dashboard

import (
	"context"
	"slices"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
)

// Technologies by what they can do that signatures and lists cannot.
var (
	// advancedPhish looks at who a message pretends to be, at what is usual between two people, at the likeness of
	// many messages, and at pages and files that were opened.
	advancedPhish = []detect.Technology{detect.ImpersonationBrand, detect.ImpersonationDomain, detect.ImpersonationUser, detect.MailboxIntelligenceImpersonation,
		detect.SpoofIntraOrg, detect.SpoofExternalDomain, detect.Campaign, detect.FingerprintMatching, detect.MixedAnalysisDetection, detect.AdvancedFilter,
		detect.URLDetonation, detect.FileDetonation}
	// advanced are all that are more than signatures, lists and reputation.
	advanced = slices.Concat(advancedPhish, []detect.Technology{detect.MailBombing, detect.URLDetonationReputation, detect.FileDetonationReputation})
	// badLinks find that a link is malicious.
	badLinks = []detect.Technology{detect.URLMaliciousReputation, detect.URLDetonation, detect.URLDetonationReputation}
	// opened run a file or open a page; known recognise one that was seen before, anywhere.
	opened = []detect.Technology{detect.FileDetonation, detect.URLDetonation}
	known  = []detect.Technology{detect.AntimalwareProtection, detect.FileReputation, detect.FileDetonationReputation, detect.URLDetonationReputation, detect.URLMaliciousReputation, detect.FingerprintMatching}
)

// longer are the technologies whose name is the beginning of another's: has finds that one too.
var longer = map[detect.Technology]detect.Technology{
	detect.URLDetonation: detect.URLDetonationReputation, detect.FileDetonation: detect.FileDetonationReputation,
}

// found is the condition that one of the technologies found something.
func found(by []detect.Technology) string {
	var names, all []string
	for _, t := range by {
		if l, ok := longer[t]; ok && !slices.Contains(by, l) {
			all = append(all, listed("LatestDetectionTechnologies", string(t)))
			continue
		}
		names = append(names, string(t))
	}
	if len(names) > 0 {
		all = append(all, "LatestDetectionTechnologies has_any "+quoted(names))
	}
	return strings.Join(all, " or ")
}

// The measures over mail with threats.
var (
	malware = measure{view: hunt.Malware}
	phish   = measure{view: hunt.Phish}
	spam    = measure{where: []string{`ThreatTypes has "Spam" or LatestThreatTypes has "Spam"`}}
	threats = measure{where: []string{threatened}}

	// stopped is what delivery kept out of the inbox, and is out of it still.
	stopped   = `(` + hunt.OutcomeWhere(hunt.Blocked) + `) or (` + hunt.OutcomeWhere(hunt.Junked) + `) or (` + hunt.OutcomeWhere(hunt.Replaced) + `)`
	delivered = measure{where: []string{hunt.OutcomeWhere(hunt.DeliveredThreat)}}
	removed   = threats.and(hunt.OutcomeWhere(hunt.Removed))

	malwareBlocked = malware.and(stopped)
	phishBlocked   = phish.and(stopped)
	zeroDay        = malware.and(stopped, found(opened), "not("+found(known)+")")
	smartPhish     = phish.and(found(advancedPhish))
	linksBlocked   = threats.and(stopped, found(badLinks))
	threatsStopped = threats.and(stopped)
	smartStopped   = threats.and(stopped, found(advanced))
)

// outcomes are the parts of mail with threats, in the order of charts.
var outcomes = []struct {
	key   hunt.Outcome
	label string
}{
	{hunt.Blocked, "Blocked"}, {hunt.Junked, "Junked"}, {hunt.Replaced, "Replaced"}, {hunt.Removed, "Removed"},
	{hunt.DeliveredThreat, "Still delivered"}, {hunt.Delivered, "Delivered, found harmless since"},
}

// threatBoard answers all widgets that count mail with threats, with one question.
func (x *answering) threatBoard(ctx context.Context, wanted func(string) bool) error {
	list := []measure{malwareBlocked, phishBlocked, zeroDay, smartPhish, linksBlocked, threatsStopped, smartStopped, delivered, removed, threats, malware, phish, spam}
	at := map[string]int{}
	add := func(key string, m measure) {
		at[key] = len(list)
		list = append(list, m)
	}
	for _, o := range outcomes {
		add("all "+string(o.key), threats.and(hunt.OutcomeWhere(o.key)))
		add("malware "+string(o.key), malware.and(hunt.OutcomeWhere(o.key)))
	}
	counts, err := x.wide(ctx, threatened, grouped, list)
	if err != nil {
		return err
	}
	var stoppedClicks []Detail
	if wanted(SummaryWidget) {
		d, err := x.clicks(ctx)
		if err != nil {
			return err
		}
		stoppedClicks = []Detail{d}
	}
	card := func(i int, key, label, says string, details ...Detail) Card {
		if details == nil {
			details = []Detail{}
		}
		return Card{Key: key, Label: label, Says: says, Figure: x.compared(list[i], counts[i]), Counts: counts[i].buckets, Details: details}
	}
	series := func(i int, key, label string) TrendSeries {
		return TrendSeries{Key: key, Label: label, Total: x.compared(list[i], counts[i]), Counts: counts[i].buckets}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if wanted(SummaryWidget) {
		x.summary().Cards = append(x.summary().Cards,
			card(0, "malware_blocked", "Malware blocked", "Mail with malware that was blocked, junked or delivered without the file, and did not get out since"),
			card(1, "phish_blocked", "Phish blocked", "Phish that was blocked or junked, and did not get out since"),
			card(2, "zero_day_malware", "Zero-day malware blocked", "Malware kept out of inboxes that showed itself only when a file was run or a page was opened: no signature, list or reputation knew it"),
			card(3, "advanced_phish", "Advanced phish detected", "Phish that was found by what it pretends (a brand, a domain, a person, our own domain), by what is usual between two people, by its likeness to other mail, by several signs together, or by opening its links and files"),
			card(4, "malicious_urls", "Malicious URLs blocked", "Mail kept out of inboxes in which a link is known, or was found, to be malicious. Clicks that were stopped stand beside it", stoppedClicks...))
	}
	if wanted(WeeklyWidget) {
		x.weekly().Cards = append(x.weekly().Cards,
			card(5, "stopped", "Threats stopped", "Mail with a threat that was blocked, junked or delivered without the file, and did not get out since"),
			card(6, "advanced", "Stopped by advanced protection", "Of these, what more than signatures, lists and reputation helped to find"),
			card(7, "delivered", "Threats delivered", "Mail that lies in an inbox and is held to be a threat today"),
			card(8, "removed", "Removed after delivery", "Mail with a threat that was delivered and taken out afterwards"))
	}
	if wanted(ProtectionWidget) {
		p := x.protection()
		p.Total = x.compared(threats, counts[9])
		p.Threats.Series = []TrendSeries{series(10, "malware", "Malware"), series(11, "phish", "Phish"), series(12, "spam", "Spam")}
		for _, o := range outcomes {
			p.Outcome.Series = append(p.Outcome.Series, series(at["all "+string(o.key)], string(o.key), o.label))
		}
	}
	if wanted(MalwareWidget) {
		for _, o := range outcomes {
			x.malware().Trend.Series = append(x.malware().Trend.Series, series(at["malware "+string(o.key)], string(o.key), o.label))
		}
	}
	return nil
}

// technologies fills the trend by detection technology.
func (x *answering) technologies(ctx context.Context) error {
	values, err := x.byValue(ctx, threatened, "LatestDetectionTechnologies", true, false)
	if err != nil {
		return err
	}
	out := []TrendSeries{}
	for _, v := range values {
		m, label := threats.and(listed("LatestDetectionTechnologies", v.name)), v.name
		if v.name == "" {
			m, label = threats.and(`LatestDetectionTechnologies == ""`), "Not said"
		}
		out = append(out, TrendSeries{Key: v.name, Label: label, Total: x.here(m, v.value), Counts: v.buckets})
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.protection().Technology.Series = out
	return nil
}

// families fills the families of malware.
func (x *answering) families(ctx context.Context) error {
	values, err := x.byValue(ctx, hunt.ViewWhere(hunt.Malware), "ThreatNames", true, true)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.malware()
	b.Unnamed = x.here(malware.and(`ThreatNames == ""`), 0)
	for _, v := range values {
		switch {
		case v.name == "":
			b.Unnamed.Value = v.value
		case v.value > 0 && len(b.Families) < 10:
			m := malware.and(listed("ThreatNames", v.name))
			b.Families = append(b.Families, Ranked{Value: v.name, Label: v.name, Figure: x.compared(m, v.counted), Details: []Detail{}})
		}
	}
	return nil
}

// flow fills sent and received mail, and what was scanned.
func (x *answering) flow(ctx context.Context, wanted func(string) bool) error {
	column, _ := emailEvents.Column("EmailDirection")
	all := measure{}
	list := []measure{all}
	for _, v := range column.Values {
		list = append(list, all.and(`EmailDirection == "`+v+`"`))
	}
	list = append(list, all.and("EmailDirection !in "+quoted(column.Values)))
	counts, err := x.wide(ctx, "", []string{"EmailDirection"}, list)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if wanted(WeeklyWidget) {
		x.weekly().Cards = append(x.weekly().Cards, Card{Key: "scanned", Label: "Messages scanned", Says: "All mail that was judged, each recipient counted",
			Figure: x.compared(all, counts[0]), Counts: counts[0].buckets, Details: []Detail{}})
	}
	if !wanted(FlowWidget) {
		return nil
	}
	f := &Flow{Total: x.compared(all, counts[0]), Trend: x.trend()}
	labels := map[string]string{"Inbound": "Received", "Outbound": "Sent", "Intra-org": "Inside"}
	for i, v := range column.Values {
		label := labels[v]
		if label == "" {
			label = v
		}
		f.Trend.Series = append(f.Trend.Series, TrendSeries{Key: v, Label: label, Total: x.compared(list[1+i], counts[1+i]), Counts: counts[1+i].buckets})
	}
	if last := len(list) - 1; counts[last].value > 0 {
		f.Trend.Series = append(f.Trend.Series, TrendSeries{Key: "", Label: "Not said", Total: x.compared(list[last], counts[last]), Counts: counts[last].buckets})
	}
	x.out.Flow = f
	return nil
}

// emailEvents is the table of the figures here.
var emailEvents = func() *event.Table {
	t, ok := event.TableNamed("EmailEvents")
	if !ok {
		panic("event: no table EmailEvents")
	}
	return t
}()
