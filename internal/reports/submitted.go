package reports

import (
	"context"

	"tocsin/internal/dashboard"
	"tocsin/internal/kql"
)

// closed are the latest results of submissions.
const closed = `UserSubmissions | where ActionType == "UserSubmissionTriage" | summarize arg_max(Timestamp, Result) by SubmissionId | project SubmissionId, Closed = Result`

// Whether a report was right: it said bad of what is bad, or harmless of what is harmless. What is open or unknown is neither.
const (
	bad   = `Closed in ("Phishing", "Malware", "Spam", "Simulation")`
	right = `(SubmissionType != "Not junk" and ` + bad + `) or (SubmissionType == "Not junk" and Closed == "Not junk")`
	wrong = `(SubmissionType == "Not junk" and ` + bad + `) or (SubmissionType != "Not junk" and Closed == "Not junk")`
)

// resultOf is the result of a report as an expression.
const resultOf = `iff(Closed == "", "Open", Closed)`

var submissions = ReportKind{
	Name: "submissions", Title: "Submissions", Says: "What people reported, what it was, how long it took to find out, and whose reports were right.", Submitted: true,
	Splits: []ReportChoice{{"type", "Reported as"}, {"result", "Result"}, {"source", "Way in"}},
	fill: func(ctx context.Context, x *making) error {
		x.out.Chart.What = "report"
		bare := x.table("UserSubmissions", "ReporterEmailAddress", `ActionType != "UserSubmissionTriage"`)
		reports := bare + "\n| join kind=leftouter (" + closed + ") on SubmissionId"
		for _, p := range []part{
			{"reports", "Reports", "Reports of people and of operators. Several can be about one message", ""},
			{"open", "Open", "Of these, reports whose submission nobody has closed", `Closed == ""`},
			{"bad", "Threats found", "Reports of mail that turned out to be phish, malware, spam or a simulation", bad},
			{"right", "Right", "Reports that said bad of what is bad, or not junk of what is not", right},
			{"wrong", "Wrong", "Reports that said bad of harmless mail, or not junk of what is bad", wrong},
		} {
			if err := x.count(ctx, p, "count", reports+where(p.where)+"\n| count"); err != nil {
				return err
			}
		}
		triage := "UserSubmissions" + where(x.between(), `ActionType == "UserSubmissionTriage"`) + "\n| summarize Ended = max(Timestamp) by SubmissionId\n| join kind=inner (UserSubmissions" +
			where(`ActionType != "UserSubmissionTriage"`, x.narrow.People("ReporterEmailAddress")) + " | summarize Began = min(Timestamp) by SubmissionId) on SubmissionId\n| summarize Seconds = percentile(datetime_diff('second', Ended, Began), 50)"
		if err := x.count(ctx, part{key: "triage", label: "From report to result", says: "Median time from the first report of a message to its result, of submissions that were closed in this time"}, "seconds", triage); err != nil {
			return err
		}
		column := map[string]string{"type": "SubmissionType", "source": "SubmissionSource", "result": resultOf}[x.split]
		if err := x.chartValues(ctx, reports, column, false, or("Not said"), nil); err != nil {
			return err
		}
		err := x.detail(ctx, ReportTable{Key: "results", Title: "By type and result", Says: "Reports that said the same and came to the same.",
			Columns: columns("type|Reported as|text", "result|Result|text", "reports|Reports|number", "submissions|Submissions|number", "people|Reporters|number")},
			reports+"\n| summarize Reports = count(), Submissions = count_distinct(SubmissionId), People = count_distinct(tolower(ReporterEmailAddress)) by SubmissionType, Result = "+resultOf+"\n| sort by Reports desc, SubmissionType asc, Result asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return nil, reports + where(is("SubmissionType", kql.Text(row[0])), is(resultOf, kql.Text(row[1])))
			})
		if err != nil {
			return err
		}
		return x.detail(ctx, ReportTable{Key: "reporters", Title: "Reporters", Says: "People whose reports are proven to be theirs. Open ones are neither right nor wrong.",
			Columns: columns("reporter|Reporter|address", "reports|Reports|number", "right|Right|number", "wrong|Wrong|number", "open|Open|number", "last|Last report|time")},
			reports+where("IsReporterProven")+"\n| summarize Reports = count(), Right = countif("+right+"), Wrong = countif("+wrong+"), Open = countif(Closed == \"\"), Last = max(Timestamp) by Reporter = tolower(ReporterEmailAddress)\n| sort by Right desc, Reports desc, Reporter asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return nil, reports + where("IsReporterProven", is("tolower(ReporterEmailAddress)", kql.Text(row[0])))
			})
	},
}
