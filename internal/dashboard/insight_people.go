package dashboard

import (
	"context"
	"fmt"

	"tocsin/internal/kql"
)

var priorityThreats = insight{
	kind: "priority_threats",
	doc:  "Threats that were sent to priority accounts, and how many of them lie in an inbox.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := threats.and("IsPriorityAccount == true", inward)
		n, examples, err := x.tally(ctx, m, "RecipientEmailAddress")
		if err != nil || n == 0 {
			return nil, err
		}
		still := m.and(delivered.where...)
		in, _, err := x.tally(ctx, still, "RecipientEmailAddress")
		if err != nil {
			return nil, err
		}
		f := &Finding{
			Severity: "Medium", Title: "Threats to priority accounts",
			Text:   fmt.Sprintf("%s sent to priority accounts in %s; none lies in an inbox.", many(n, "threat was", "threats were"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples, Do: []Deed{x.opens("Show the mail", m)},
		}
		if in > 0 {
			f.Severity = "High"
			f.Text = fmt.Sprintf("%s sent to priority accounts in %s, and %s in an inbox now.", many(n, "threat was", "threats were"), x.span(), many(in, "lies", "lie"))
			f.Do = []Deed{x.opens("Show what lies in inboxes, to take it out", still), x.opens("Show all", m)}
		}
		return f, nil
	},
}

// oftenClicked is how many different threats somebody must have followed a link of.
const oftenClicked = 3

var frequentClickers = insight{
	kind: "frequent_clickers",
	doc:  "People who followed links of at least 3 different messages that are held to be threats.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := threats.and(clicked)
		question := "EmailEvents" + where(between(x.from, x.to)) + where(x.mail...) + where(m.where...) +
			fmt.Sprintf("\n| summarize Events = count() by RecipientEmailAddress\n| where Events >= %d", oftenClicked)
		f := &Finding{
			Severity: "Medium", Title: "People who click often", Unit: "people",
			Do: []Deed{{}, goes("See who else gets threats", "", "/dashboard")},
		}
		var people []string
		err := x.rows(ctx, question+"\n| sort by Events desc, RecipientEmailAddress asc", func(row []any) {
			people = append(people, kql.Text(row[0]))
			if len(f.Examples) < 5 {
				address := kql.Text(row[0])
				f.Examples = append(f.Examples, Ranked{Value: address, Label: address, Figure: x.here(m.and("RecipientEmailAddress == "+kql.Quote(address)), kql.Integer(row[1]), "clicks"), Details: []Detail{}})
			}
		})
		if err != nil || len(people) == 0 {
			return nil, err
		}
		f.Text = fmt.Sprintf("%s followed links of %d or more threats in %s. They need help before the next one comes: training, and a look at what happened to their accounts.", many(int64(len(people)), "person", "people"), oftenClicked, x.span())
		f.Figure = Figure{Value: int64(len(people)), KQL: tidy(question + "\n| count"), Gaps: x.gaps("clicks")}
		f.Do = []Deed{x.opens("Show what they clicked", m.and("RecipientEmailAddress in "+quoted(people[:min(len(people), 50)]))), goes("Look at a mailbox", "First aid ends sessions and finds rules", "/mailbox/"+people[0])}
		return f, nil
	},
}

var imitatedPeople = insight{
	kind: "imitated_people",
	doc:  "Mail from outside under the name of a protected person (detection technologies Impersonation user and Mailbox intelligence impersonation), by the name it bears.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := threats.and(`LatestDetectionTechnologies has_any ("Impersonation user", "Mailbox intelligence impersonation")`)
		n, examples, err := x.tally(ctx, m, "SenderDisplayName")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Medium", Title: "Your people are imitated",
			Text:   fmt.Sprintf("%s in %s came from outside under the name of one of your people. Whoever is imitated, and whoever pays bills, should know.", many(n, "email event", "email events"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples, Do: []Deed{x.opens("Show the mail", m), goes("Protect more people", "Names of priority accounts are watched more closely", "/settings", "tab", "directory")},
		}, nil
	},
}

// Bounds of who reports well, or badly.
const (
	manyReports = 3
	goodShare   = 80 // per cent
	badShare    = 20
)

// reporters asks for people with enough closed reports, by how often they were right.
func (x *answering) reporters(ctx context.Context, condition string) (people []Ranked, question string, err error) {
	base := "UserSubmissions" + where(between(x.from, x.to)) + where(`ActionType == "UserSubmission" and IsReporterProven`) + where(x.persons("ReporterEmailAddress")) + `
| project SubmissionId, SubmissionType, ReporterEmailAddress
| join kind=inner (UserSubmissions | where ActionType == "UserSubmissionTriage" | summarize arg_max(Timestamp, Result) by SubmissionId | project SubmissionId, Closed = Result) on SubmissionId
| where Closed != "Unknown"`
	question = base + fmt.Sprintf(`
| summarize Reports = count(), Right = countif((SubmissionType == "Not junk") == (Closed == "Not junk")) by ReporterEmailAddress
| where Reports >= %d and %s`, manyReports, condition)
	err = x.rows(ctx, question+"\n| sort by Reports desc, ReporterEmailAddress asc", func(row []any) {
		address := kql.Text(row[0])
		people = append(people, Ranked{Value: address, Label: address, Figure: Figure{
			Value: kql.Integer(row[1]), KQL: tidy(base + where("ReporterEmailAddress == "+kql.Quote(address)) + "\n| count"), Page: "/submissions?stage=all&last=all&reporter=" + address, Gaps: []string{}}, Details: []Detail{}})
	})
	return people, question, err
}

var goodReporters = insight{
	kind: "good_reporters",
	doc:  "People whose reports were closed at least 3 times, at least 80 of 100 as what they said. Only reports that are proven to be theirs count, and none that ended as Unknown.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		people, question, err := x.reporters(ctx, fmt.Sprintf("100 * Right >= %d * Reports", goodShare))
		if err != nil || len(people) == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Informational", Title: "People who report well",
			Text:   fmt.Sprintf("%s reported %d or more messages in %s and %s mostly right. Thank them, and look at their reports first.", many(int64(len(people)), "person", "people"), manyReports, x.span(), wasWere(len(people))),
			Figure: Figure{Value: int64(len(people)), KQL: tidy(question + "\n| count"), Gaps: x.gaps()}, Unit: "people", Examples: people[:min(len(people), 5)],
			Do: []Deed{goes("See how reporters do", "", "/submissions", "part", "figures")},
		}, nil
	},
}

var wrongReporters = insight{
	kind: "wrong_reporters",
	doc:  "People whose reports were closed at least 3 times, at most 20 of 100 as what they said.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		people, question, err := x.reporters(ctx, fmt.Sprintf("100 * Right <= %d * Reports", badShare))
		if err != nil || len(people) == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Low", Title: "People whose reports are mostly harmless mail",
			Text:   fmt.Sprintf("%s reported %d or more messages in %s and %s mostly wrong. Each report costs somebody time: show them what phish looks like, and what newsletters are.", many(int64(len(people)), "person", "people"), manyReports, x.span(), wasWere(len(people))),
			Figure: Figure{Value: int64(len(people)), KQL: tidy(question + "\n| count"), Gaps: x.gaps()}, Unit: "people", Examples: people[:min(len(people), 5)],
			Do: []Deed{goes("See what they are told", "The answer to a report can teach", "/submissions", "part", "answers"), goes("See how reporters do", "", "/submissions", "part", "figures")},
		}, nil
	},
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
