package reports

import (
	"context"

	"tocsin/internal/dashboard"
	"tocsin/internal/detect"
	"tocsin/internal/kql"
)

// clickVerdicts are what a click can come to.
var clickVerdicts = []part{
	{"ClickAllowed", "Allowed", "", `ActionType == "ClickAllowed"`},
	{"ClickBlocked", "Blocked", "", `ActionType == "ClickBlocked" and not(IsClickedThrough)`},
	{"through", "Clicked through", "", `ActionType startswith "ClickBlocked" and IsClickedThrough`},
	{"ClickBlockedByTenantPolicy", "Blocked by policy", "", `ActionType == "ClickBlockedByTenantPolicy" and not(IsClickedThrough)`},
	{"other", "Not decided", "", `ActionType !startswith "ClickBlocked" and ActionType != "ClickAllowed"`},
}

// badLinks found that a link is malicious.
var badLinks = found(detect.URLMaliciousReputation, detect.URLDetonation, detect.URLDetonationReputation)

var urlProtection = ReportKind{
	Name: "url-protection", Title: "URL protection", Says: "Which links people clicked, what was stopped, and who went on past a warning.",
	Splits: []ReportChoice{{"verdict", "Verdict of the click"}, {"threat", "Threat at the click"}},
	fill: func(ctx context.Context, x *making) error {
		x.out.Chart.What = "click"
		clicks := func(conditions ...string) string {
			return x.table("UrlClickEvents", "AccountUpn", conditions...)
		}
		if err := x.clickGap(ctx); err != nil {
			return err
		}
		for _, p := range []part{
			{"clicks", "Clicks", "Clicks on rewritten links, whatever came of them", ""},
			{"blocked", "Stopped", "Clicks that met a warning", `ActionType startswith "ClickBlocked"`},
			{"through", "Clicked through", "Stopped clicks after which the person went on past the warning", clickVerdicts[2].where},
			{"threats", "On a threat", "Clicks on links that were held to be malicious at that time", `ThreatTypes != ""`},
		} {
			if err := x.count(ctx, p, "count", clicks(p.where)+"\n| count"); err != nil {
				return err
			}
		}
		if err := x.count(ctx, part{key: "people", label: "People who clicked", says: "Different people"}, "count", clicks()+"\n| summarize People = count_distinct(tolower(AccountUpn))"); err != nil {
			return err
		}
		err := x.figures(ctx, []string{threat}, part{"messages", "Mail stopped for links", "Mail kept out of inboxes in which a link is known, or was found, to be malicious. Each recipient counts", "(" + badLinks + ") and (" + stopped + ")"})
		if err != nil {
			return err
		}
		if x.split == "threat" {
			err = x.chartValues(ctx, clicks(), "ThreatTypes", false, or("No threat known"), nil)
		} else {
			err = x.chartParts(ctx, clicks(), false, clickVerdicts, func(part) *dashboard.ExplorerState { return nil })
		}
		if err != nil {
			return err
		}
		const counts = "Clicks = count(), Stopped = countif(ActionType startswith \"ClickBlocked\"), Through = countif(ActionType startswith \"ClickBlocked\" and IsClickedThrough)"
		err = x.detail(ctx, ReportTable{Key: "urls", Title: "Links", Says: "Links that were clicked. They are written so that nobody opens them by accident.",
			Columns: columns("url|Link|link", "clicks|Clicks|number", "stopped|Stopped|number", "through|Clicked through|number", "people|People|number", "last|Last click|time")},
			clicks()+"\n| summarize "+counts+", People = count_distinct(tolower(AccountUpn)), Last = max(Timestamp) by Url\n| sort by Clicks desc, Url asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return nil, clicks(is("Url", kql.Text(row[0])))
			})
		if err != nil {
			return err
		}
		err = x.detail(ctx, ReportTable{Key: "people", Title: "People", Says: "Who clicked, those who went on past a warning first.",
			Columns: columns("person|Person|address", "clicks|Clicks|number", "stopped|Stopped|number", "through|Clicked through|number", "last|Last click|time")},
			clicks()+"\n| summarize "+counts+", Last = max(Timestamp) by Person = tolower(AccountUpn)\n| sort by Through desc, Stopped desc, Clicks desc, Person asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return nil, clicks(is("tolower(AccountUpn)", kql.Text(row[0])))
			})
		if err != nil {
			return err
		}
		hit := "(" + threat + ") and (" + badLinks + ") and (" + stopped + ")"
		carrying := "EmailEvents" + where(x.between(), hit) + where(x.narrow.Mail()...) + "\n| distinct NetworkMessageId"
		links := "EmailUrlInfo" + where(x.between(), "NetworkMessageId in (("+carrying+"))")
		return x.detail(ctx, ReportTable{Key: "domains", Title: "Domains of links in stopped mail", Says: "Hosts of all links in mail that was stopped because of a link; harmless ones that stood beside it too.",
			Columns: columns("domain|Host|link", "links|Links|number", "messages|Messages|number")},
			links+"\n| summarize Links = count(), Messages = count_distinct(NetworkMessageId) by UrlDomain\n| sort by Messages desc, Links desc, UrlDomain asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return nil, links + where(is("UrlDomain", kql.Text(row[0])))
			})
	},
}

// clickGap says when nobody tells of clicks at all: no clicks are not the same as no answer.
func (x *making) clickGap(ctx context.Context) error {
	told := false
	err := x.ask(ctx, "UrlClickEvents\n| take 1", func([]any) { told = true })
	if err == nil && !told {
		x.out.Coverage.Gaps = append(x.out.Coverage.Gaps, dashboard.Gap{ID: "clicks", Text: "No mail system tells of clicks, so nothing is known of them. Mail that was stopped for its links is counted all the same."})
	}
	return err
}
