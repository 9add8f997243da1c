package dashboard

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"tocsin/internal/kql"
)

var failedRemovals = insight{
	kind: "failed_removals",
	doc:  "Email events that zero-hour auto purge wanted out of a mailbox in the range, and that ended in an error.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		list := "EmailPostDeliveryEvents | where " + between(x.from, x.to) + ` | where ActionType has "ZAP" and ActionResult == "Error"`
		// The mail is older than what was done to it, so Explorer is opened from 90 days before the end.
		from := x.to.Add(-Longest)
		m := measure{where: []string{`strcat(NetworkMessageId, " ", tolower(RecipientEmailAddress)) in ((` + list + ` | project Failed = strcat(NetworkMessageId, " ", tolower(RecipientEmailAddress))))`}}
		var n int64
		err := x.rows(ctx, "EmailEvents"+where(between(from, x.to))+where(x.mail...)+where(m.where...)+"\n| count", func(row []any) { n = kql.Integer(row[0]) })
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "High", Title: "Threats that could not be taken out",
			Text:   fmt.Sprintf("%s should have been taken out after delivery in %s, and the mail system did not let it happen. The mail may still be there.", many(n, "email event", "email events"), x.span()),
			Figure: x.figure(m, from, x.to, n), Unit: "email events",
			Do: []Deed{goes("Try again", "The action says why it failed, mailbox by mailbox", "/actions", "tab", "history"), {Label: "Show the mail", Explorer: x.state(m, from, x.to)}},
		}, nil
	},
}

var watchOnly = insight{
	kind: "watch_only",
	doc:  "The policy only watches: threats of the range that were delivered.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		if !x.posture.Watching {
			return nil, nil
		}
		m := threats.and(`DeliveryAction == "Delivered"`, inward)
		n, examples, err := x.tally(ctx, m, "LatestDetectionTechnologies")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "High", Title: "The policy only watches",
			Text:   fmt.Sprintf("%s found in %s and delivered, because the policy acts on nothing. What it would have done stands on the page of each message.", many(n, "threat was", "threats were"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples,
			Do: []Deed{goes("Let the policy act", "Try first what it would do with the mail of the last days", "/policy", "set", "mode:act"), x.opens("Show the mail", m)},
		}, nil
	},
}

var unreadMail = insight{
	kind: "unread_mail",
	doc:  "Mail that could not be read or judged in full (defects raw-missing, raw-damaged, parse-error, judge-error, judge-partial, judge-crashed, event-refused).",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := measure{where: []string{`Defects has_any ("raw-missing", "raw-damaged", "parse-error", "judge-error", "judge-partial", "judge-crashed", "event-refused")`}}
		n, examples, err := x.tally(ctx, m, "Defects")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Medium", Title: "Mail that nobody judged in full",
			Text:   fmt.Sprintf("%s of %s could not be read or judged in full. Nobody knows what is in it until somebody looks.", many(n, "email event", "email events"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples, Do: []Deed{x.opens("Look at the mail", m)},
		}, nil
	},
}

var enginesAway = insight{
	kind: "engines_away",
	doc:  "Engines that are set up (antivirus, YARA, sandbox, page visits) and do not answer.",
	find: func(_ context.Context, x *answering) (*Finding, error) {
		f := &Finding{Severity: "High", Title: "Engines do not answer", Unit: "engines", Figure: Figure{Page: "/settings", Gaps: []string{}}}
		var names []string
		for _, e := range x.posture.Engines {
			if e.Away {
				names = append(names, e.Name)
				f.Examples = append(f.Examples, Ranked{Value: e.Name, Label: strings.TrimSuffix(e.Name+": "+e.Problem, ": "), Figure: Figure{Value: 1, Gaps: []string{}}, Details: []Detail{}})
			}
		}
		if len(names) == 0 {
			return nil, nil
		}
		f.Figure.Value = int64(len(names))
		f.Text = fmt.Sprintf("%s does not answer, so files and links of new mail are judged without it.", strings.Join(names, ", "))
		f.Do = []Deed{goes("See what it says", "", "/settings", "tab", "engines")}
		return f, nil
	},
}

var sourcesSilent = insight{
	kind: "sources_silent",
	doc:  "Sources that failed, or that listen and brought no mail for 24 hours although they did before.",
	find: func(_ context.Context, x *answering) (*Finding, error) {
		list := silent(x.known.Sources, x.now)
		if len(list) == 0 {
			return nil, nil
		}
		f := &Finding{Severity: "High", Title: "Sources are silent", Unit: "sources", Figure: Figure{Value: int64(len(list)), Gaps: []string{}}}
		for _, s := range list[:min(len(list), 5)] {
			f.Examples = append(f.Examples, Ranked{Value: s.Name, Label: s.Name, Figure: Figure{Value: 1, Gaps: []string{}}, Details: []Detail{}})
		}
		f.Text = fmt.Sprintf("%s no mail. If people still get mail, it comes past Tocsin, and nothing here knows of it.", many(int64(len(list)), "source brings", "sources bring"))
		f.Do = []Deed{goes("Look at the sources", "", "/settings", "tab", "sources")}
		return f, nil
	},
}

// waitTooLong is how long a request for release may wait.
const waitTooLong = 24 * time.Hour

var releaseWaits = insight{
	kind: "release_waits",
	doc:  "People who asked for a message in quarantine more than 24 hours ago and got no answer.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		if x.opt.Desk == nil || !x.may.Quarantine {
			return nil, heldError("This needs the permission quarantine.read.")
		}
		q, err := x.opt.Desk.ReleaseRequests(ctx)
		if err != nil || q.Count == 0 || x.now.Sub(q.Oldest) < waitTooLong {
			return nil, err
		}
		page := "/quarantine?state=asked&last=all"
		return &Finding{
			Severity: "Low", Title: "People wait for their mail",
			Text:   fmt.Sprintf("%s for a message in quarantine, the first since %s. Who gets no answer looks for ways around.", many(q.Count, "person asks", "people ask"), q.Oldest.UTC().Format("2 January")),
			Figure: Figure{Value: q.Count, Page: page, Gaps: []string{}}, Unit: "requests", Do: []Deed{goes("Answer them", "", "/quarantine", "state", "asked", "last", "all")},
		}, nil
	},
}

const (
	rulesLooked = 40                  // rules of the organisation that are counted
	ruleSettled = 14 * 24 * time.Hour // a rule that is younger may not have met its mail yet
	ruleSpan    = 7 * 24 * time.Hour  // before the end of the range, and less where that is more than ruleMail: signals are long texts
	ruleMail    = 200_000             // email events, or one hour of them
	ruleHits    = 10                  // from which on a rule that hits clean mail is shown
)

// ruleCount is what a rule did.
type ruleCount struct {
	RuleState
	hits, clean int64
}

// condition finds the mail that a rule spoke on. Signals are kept as JSON; ids are kebab case, so that nothing in them needs an escape.
func (r *RuleState) condition() string {
	return "AdditionalFields contains_cs " + kql.Quote(`"id":"`+r.ID+`"`)
}

// ruleCounts counts the mail that the organisation's own rules spoke on in the last week of the range. Two kinds of finding ask; the store is
// asked once.
func (x *answering) ruleCounts(ctx context.Context) ([]ruleCount, error) {
	x.rulesOnce.Do(func() { x.rules, x.rulesErr = x.countRules(ctx) })
	return x.rules, x.rulesErr
}

func (x *answering) countRules(ctx context.Context) ([]ruleCount, error) {
	if !x.may.Rules {
		return nil, heldError("This needs the permission rules.read.")
	}
	rules := x.posture.Rules[:min(len(x.posture.Rules), rulesLooked)]
	if len(rules) == 0 {
		return nil, nil
	}
	if err := x.findRuleFrom(ctx); err != nil {
		return nil, err
	}
	out := make([]ruleCount, len(rules))
	sums := make([]string, 0, 2*len(rules))
	ids := make([]string, 0, len(rules))
	for i := range rules {
		out[i].RuleState = rules[i]
		ids = append(ids, regexp.QuoteMeta(rules[i].ID))
		c := rules[i].condition()
		sums = append(sums, fmt.Sprintf("h%d = countif(%s), c%d = countif(%s and LatestThreatTypes == \"\")", i, c, i, c))
	}
	spoke := "AdditionalFields matches regex " + kql.Quote(`"id":"(`+strings.Join(ids, "|")+`)"`) // one look at each text instead of one for each rule
	err := x.rows(ctx, "EmailEvents"+where(between(x.ruleFrom, x.to))+where(x.mail...)+where(spoke)+"\n| summarize "+strings.Join(sums, ", "), func(row []any) {
		for i := range out {
			out[i].hits, out[i].clean = kql.Integer(row[2*i]), kql.Integer(row[2*i+1])
		}
	})
	return out, err
}

// findRuleFrom goes back from the end, hour by hour, until there is enough mail.
func (x *answering) findRuleFrom(ctx context.Context) error {
	x.ruleFrom = x.to.Add(-ruleSpan)
	hours := map[int64]int64{} // back from the end
	err := x.rows(ctx, "EmailEvents"+where(between(x.ruleFrom, x.to))+where(x.mail...)+"\n| summarize Events = count() by Hour = tolong(("+datetime(x.to)+" - Timestamp) / 1h)", func(row []any) {
		hours[kql.Integer(row[0])] = kql.Integer(row[1])
	})
	var sum int64
	for h := range int64(ruleSpan / time.Hour) {
		if sum += hours[h]; sum > ruleMail {
			x.ruleFrom = x.to.Add(-time.Duration(max(h, 1)) * time.Hour)
			break
		}
	}
	return err
}

var rulesSilent = insight{
	kind: "rules_silent",
	doc:  "Rules of the organisation (40 at most) that are at work in their present form for 14 days and spoke on no mail in the last 7 days of the range, or in its last 200,000 email events.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		list, err := x.ruleCounts(ctx)
		if err != nil {
			return nil, err
		}
		f := &Finding{Severity: "Informational", Title: "Rules that never hit", Unit: "rules", Figure: Figure{Gaps: x.gaps()}}
		for _, r := range list {
			if r.hits > 0 || x.now.Sub(r.Since) < ruleSettled {
				continue
			}
			f.Figure.Value++
			if len(f.Examples) < 5 {
				f.Examples = append(f.Examples, Ranked{Value: r.ID, Label: r.Title, Figure: Figure{Page: "/rules/" + r.ID, Gaps: []string{}}, Details: []Detail{}})
			}
		}
		if f.Figure.Value == 0 {
			return nil, nil
		}
		f.Text = fmt.Sprintf("%s on no mail since %s. What it was written for is over, or it has a mistake.", many(f.Figure.Value, "rule of yours spoke", "rules of yours spoke"), x.ruleFrom.Format("2 January 15:04 UTC"))
		f.Do = []Deed{goes("Look at the rules", "Test one against a message it should find, or turn it off", "/rules", "origin", "own")}
		return f, nil
	},
}

var rulesOnClean = insight{
	kind: "rules_on_clean",
	doc:  "Rules of the organisation that speak against mail, spoke on at least 10 email events in the last 7 days of the range (200,000 email events at most), and at least 9 of 10 of these were held to be harmless all the same.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		list, err := x.ruleCounts(ctx)
		if err != nil {
			return nil, err
		}
		f := &Finding{Severity: "Low", Title: "Rules that hit clean mail", Unit: "rules", Figure: Figure{Gaps: x.gaps()}}
		for _, r := range list {
			if r.Weight <= 0 || r.hits < ruleHits || 10*r.clean < 9*r.hits {
				continue
			}
			f.Figure.Value++
			if len(f.Examples) == 5 {
				continue
			}
			m := measure{where: []string{r.condition()}}
			one := Figure{Value: r.hits, Page: "/rules/" + r.ID, Gaps: x.gaps()}
			if x.may.Content { // signals quote messages, so only who may read those can look for them
				one = x.figure(m, x.ruleFrom, x.to, r.hits)
			}
			f.Examples = append(f.Examples, Ranked{Value: r.ID, Label: r.Title, Figure: one, Details: []Detail{}})
		}
		if f.Figure.Value == 0 {
			return nil, nil
		}
		f.Text = fmt.Sprintf("%s mostly on mail that is harmless in the end. Together with another sign they stop good mail.", many(f.Figure.Value, "rule of yours speaks", "rules of yours speak"))
		f.Do = []Deed{goes("Look at the rules", "Narrow the condition, or lower the weight", "/rules", "origin", "own")}
		return f, nil
	},
}
