package reports_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/eventstore/mailtest"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
	"tocsin/internal/paper"
	"tocsin/internal/reports"
)

var now = time.Date(2026, 4, 20, 12, 0, 0, 0, time.UTC)

// made is mail that a test writes down, one line an event.
type made struct{ mailtest.Made }

func (m *made) mail(hours int, change func(e *event.EmailEvent)) event.EmailEvent {
	return *m.Mail(now, hours, func(e *event.EmailEvent) { e.SenderIPv4, e.AuthDMARC = "192.0.2.7", "pass" }, change)
}

func (m *made) file(e event.EmailEvent, kind, name, sha, threat string) {
	m.Batch.Attachments = append(m.Batch.Attachments, event.EmailAttachment{Timestamp: e.Timestamp, NetworkMessageId: e.NetworkMessageId, RecipientEmailAddress: e.RecipientEmailAddress,
		FileName: name, FileType: kind, SHA256: sha, ThreatTypes: threat, ReportId: fmt.Sprint("file", m.Next())})
}

func (m *made) click(e event.EmailEvent, url, action string, through bool, who string) {
	m.Batch.Clicks = append(m.Batch.Clicks, event.UrlClick{Timestamp: e.Timestamp.Add(time.Minute), NetworkMessageId: e.NetworkMessageId, Url: url, AccountUpn: who, ActionType: action, IsClickedThrough: through, ReportId: fmt.Sprint("click", m.Next())})
}

// report is a report, closed after some minutes when there is a result.
func (m *made) report(hours int, reporter, kind, result string, minutes int) {
	at, id := now.Add(-time.Duration(hours)*time.Hour), fmt.Sprint("report", m.Next())
	m.Batch.Submissions = append(m.Batch.Submissions, event.UserSubmission{Timestamp: at, ActionType: "UserSubmission", SubmissionId: id, SubmissionType: kind, SubmissionSource: "Mail", ReporterEmailAddress: reporter, IsReporterProven: true, ReportId: id})
	if result != "" {
		m.Batch.Submissions = append(m.Batch.Submissions, event.UserSubmission{Timestamp: at.Add(time.Duration(minutes) * time.Minute), ActionType: "UserSubmissionTriage", SubmissionId: id, SubmissionType: kind, Result: result, ReporterEmailAddress: "desk@corp.example", ReportId: id + "-closed"})
	}
}

// world is a store with made mail.
type world struct {
	t       *testing.T
	folder  string
	store   *duckdb.Store
	reports *reports.Reports
}

func newWorld(t *testing.T, batch event.Batch) *world {
	t.Helper()
	w := &world{t: t}
	w.store, w.folder = mailtest.Store(t, batch)
	clock := func() time.Time { return now }
	board := dashboard.New(dashboard.Options{Store: w.store, Now: clock, Known: func(context.Context) (dashboard.Known, error) {
		return dashboard.Known{Oldest: now.Add(-200 * 24 * time.Hour), Newest: now, GeoIP: true, Files: true}, nil
	}})
	w.reports = reports.New(reports.Options{Board: board, Store: w.store, Now: clock, Domains: []string{"corp.example"}})
	return w
}

func (w *world) make(a reports.Ask) *reports.Report {
	w.t.Helper()
	r, err := w.reports.Make(w.t.Context(), a)
	if err != nil {
		w.t.Fatalf("%s: %v", a.Name, err)
	}
	return r
}

// rows is how many rows a query of Hunting gives.
func (w *world) rows(text string) (n int64, only int64) {
	w.t.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	s, err := kql.Compile(q, kql.Options{Now: now}, w.store.Dialect())
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	err = w.store.Query(w.t.Context(), s, func(row []any) error {
		n++
		only, _ = row[0].(int64)
		return nil
	})
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	return n, only
}

func (w *world) opened(s *dashboard.ExplorerState) int64 {
	w.t.Helper()
	c, err := hunt.New(w.store, func() time.Time { return now }).Count(w.t.Context(), hunt.Request{View: hunt.View(s.View), Query: s.Q, From: s.From, To: s.To})
	if err != nil {
		w.t.Fatalf("%s: %v", s.Q, err)
	}
	return c.Events
}

// everyKind is mail with something for every report.
func everyKind() *made {
	m := &made{}
	m.file(m.mail(20, nil), "txt", "minutes.txt", strings.Repeat("01", 32), "")
	m.mail(21, func(e *event.EmailEvent) {
		e.EmailDirection, e.SenderFromAddress, e.SenderFromDomain, e.RecipientEmailAddress = "Outbound", "ann@corp.example", "corp.example", "x@other.example"
	})
	m.mail(22, func(e *event.EmailEvent) { e.EmailDirection, e.RecipientEmailAddress = "Intra-org", "bob@corp.example" })
	bad := m.mail(30, func(e *event.EmailEvent) {
		e.ThreatTypes, e.DetectionTechnologies, e.DeliveryAction, e.DeliveryLocation = "Malware, Phish", "Antimalware protection, URL malicious reputation", "Blocked", "Quarantine"
		e.EmailActionPolicy, e.ThreatNames = "Antimalware", "Evil.A"
	})
	m.file(bad, "exe", "=cmd.exe", strings.Repeat("ab", 32), "Malware")
	m.file(bad, "pdf", "bill.pdf", strings.Repeat("cd", 32), "")
	m.mail(31, func(e *event.EmailEvent) {
		e.ThreatTypes, e.DetectionTechnologies, e.DeliveryAction, e.DeliveryLocation = "Phish", "Spoof intra-org", "Blocked", "Dropped"
		e.SenderFromAddress, e.SenderFromDomain, e.AuthDMARC, e.AuthSPF = "boss@corp.example", "corp.example", "fail", "fail"
	})
	still := m.mail(50, func(e *event.EmailEvent) {
		e.ThreatTypes, e.DetectionTechnologies, e.AuthDMARC, e.SenderFromDomain = "Phish", "URL malicious reputation", "fail", "bank.example"
	})
	m.mail(51, func(e *event.EmailEvent) {
		e.ThreatTypes, e.LatestDeliveryLocation, e.LatestDeliveryAction = "Spam", "Quarantine", "Moved to quarantine"
	})
	m.mail(52, func(e *event.EmailEvent) {
		e.ThreatTypes, e.DeliveryAction, e.DeliveryLocation = "Spam", "Junked", "Junk folder"
	})
	m.mail(53, func(e *event.EmailEvent) { e.DeliveryAction, e.ThreatTypes = "Replaced", "Malware" })
	m.mail(200, func(e *event.EmailEvent) { e.ThreatTypes = "Phish" }) // before the range
	m.file(still, "pdf", "a.pdf", strings.Repeat("ef", 32), "")
	m.click(still, "https://evil.example/x", "ClickAllowed", false, "ann@corp.example")
	m.click(still, "https://evil.example/x", "ClickBlocked", true, "ANN@corp.example")
	m.click(still, "https://evil.example/x", "ClickBlocked", false, "bob@corp.example")
	m.click(still, "https://fine.example/", "ClickBlockedByTenantPolicy", false, "bob@corp.example")
	m.Batch.Urls = append(m.Batch.Urls, event.EmailUrl{Timestamp: bad.Timestamp, NetworkMessageId: bad.NetworkMessageId, Url: "https://evil.example/y", UrlDomain: "evil.example", UrlLocation: "Body", ReportId: "u1"})
	m.report(10, "ann@corp.example", "Phish", "Phishing", 10)
	m.report(11, "Ann@corp.example", "Phish", "Not junk", 30)
	m.report(12, "bob@corp.example", "Not junk", "Not junk", 50)
	m.report(13, "bob@corp.example", "Spam", "", 0)
	return m
}

// TestKnownAnswers: the figures of each report over mail that was counted by hand.
func TestKnownAnswers(t *testing.T) {
	w := newWorld(t, everyKind().Batch)
	for name, want := range map[string]string{
		"threat-protection":   "threats=6 malware=2 phish=3 spam=2 stopped=4 removed=1 delivered=1",
		"file-types":          "files=4 hostile=3 malicious=1 malware=1 phish=0 types=3",
		"message-disposition": "all=9 delivered=4 junked=1 replaced=1 quarantined=1 blocked=1 removed=1",
		"spoof-mail":          "spoofed=2 own=1 other=1 stopped=1 removed=0 delivered=1",
		"url-protection":      "clicks=4 blocked=3 through=1 threats=0 people=2 messages=1",
		"senders-recipients":  "mail=9 malware=2 phish=3 spam=2",
		"submissions":         "reports=4 open=1 bad=1 right=2 wrong=1 triage=1800",
	} {
		r := w.make(reports.Ask{Name: name})
		var got []string
		for _, f := range r.Figures {
			got = append(got, fmt.Sprintf("%s=%d", f.Key, f.Figure.Value))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", name, s, want)
		}
	}
	reporters := w.make(reports.Ask{Name: "submissions"}).Tables[1]
	if len(reporters.Rows) != 2 || strings.Join(reporters.Rows[0].Cells[:5], " ") != "ann@corp.example 2 1 1 0" || strings.Join(reporters.Rows[1].Cells[:5], " ") != "bob@corp.example 2 1 0 1" {
		t.Errorf("%+v", reporters.Rows)
	}
	sources := w.make(reports.Ask{Name: "spoof-mail"}).Tables[0]
	if len(sources.Rows) != 2 || strings.Join(sources.Rows[0].Cells, " ") != "bank.example 192.0.2.7   fail 1 0 0 0 1 0" || strings.Join(sources.Rows[1].Cells, " ") != "corp.example 192.0.2.7 fail  fail 1 1 0 0 0 0" {
		t.Errorf("%+v", sources.Rows)
	}
}

// TestLinksCountTheSame: every figure's own KQL gives the figure, and what every figure, series and row leads to has as many rows as it says.
func TestLinksCountTheSame(t *testing.T) {
	w := newWorld(t, everyKind().Batch)
	checked := 0
	for _, k := range reports.Kinds() {
		for _, split := range k.Splits {
			r := w.make(reports.Ask{Name: k.Name, Split: split.Key, Filter: dashboard.Filter{Domain: "corp.example"}})
			if split.Key != k.Splits[0].Key {
				r.Figures, r.Tables = nil, nil
			}
			for _, f := range r.Figures {
				if _, n := w.rows(f.Figure.KQL); n != f.Figure.Value && f.Unit == "count" {
					t.Errorf("%s, %s: %d, its KQL says %d", k.Name, f.Key, f.Figure.Value, n)
				}
				if s := f.Figure.Explorer; s != nil && w.opened(s) != f.Figure.Value {
					t.Errorf("%s, %s: %d, Explorer shows %d", k.Name, f.Key, f.Figure.Value, w.opened(s))
				}
			}
			var sum, total int64
			for _, s := range r.Chart.Series {
				total += s.Total
				for _, n := range s.Counts {
					sum += n
				}
				if s.Explorer != nil && w.opened(s.Explorer) != s.Total {
					t.Errorf("%s by %s: %s is %d, Explorer shows %d", k.Name, split.Key, s.Key, s.Total, w.opened(s.Explorer))
				}
			}
			if sum != total || len(r.Chart.Series) == 0 {
				t.Errorf("%s by %s: %d in %d series, %d in buckets", k.Name, split.Key, total, len(r.Chart.Series), sum)
			}
			for _, table := range r.Tables {
				n := slices.IndexFunc(table.Columns, func(c reports.ReportColumn) bool { return c.Kind == "number" })
				if len(table.Rows) == 0 {
					t.Errorf("%s: the table %s is empty", k.Name, table.Key)
				}
				for _, row := range table.Rows {
					want, err := strconv.ParseInt(row.Cells[n], 10, 64)
					var got int64
					if row.Explorer != nil {
						got = w.opened(row.Explorer)
					} else {
						got, _ = w.rows(row.KQL)
					}
					if err != nil || got != want {
						t.Errorf("%s, %s, %v: leads to %d rows, %v", k.Name, table.Key, row.Cells, got, err)
					}
					checked++
				}
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d rows were looked at", checked)
	}
}

// TestDispositionIsWhatSQLSays asks the store's file for the same numbers in SQL that was written by hand.
func TestDispositionIsWhatSQLSays(t *testing.T) {
	w := newWorld(t, everyKind().Batch)
	r := w.make(reports.Ask{Name: "message-disposition"})
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(w.folder, "*.duckdb"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	db, err := sql.Open("duckdb", files[0]+"?access_mode=READ_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `
		SELECT EmailDirection, place, count(*)::BIGINT, count(*) FILTER (ThreatTypes <> '' OR LatestThreatTypes <> '')::BIGINT, count(DISTINCT RecipientEmailAddress)::BIGINT FROM (
			SELECT *, CASE
				WHEN DeliveryAction = 'Blocked' AND DeliveryLocation = 'Quarantine' THEN 'Quarantined'
				WHEN DeliveryAction = 'Blocked' THEN 'Blocked'
				WHEN LatestDeliveryLocation NOT IN ('Inbox/folder', 'Junk folder') THEN 'Removed later'
				WHEN DeliveryAction = 'Junked' THEN 'Junked'
				WHEN DeliveryAction = 'Replaced' THEN 'Replaced'
				ELSE 'Delivered' END AS place
			FROM EmailEvents WHERE "Timestamp" >= ? AND "Timestamp" < ?)
		GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2`, now.Add(-7*24*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	labels := map[string]string{"Inbound": "Received", "Outbound": "Sent", "Intra-org": "Inside"}
	want := map[string]bool{}
	for rows.Next() {
		var way, place string
		var n, threats, people int64
		if err := rows.Scan(&way, &place, &n, &threats, &people); err != nil {
			t.Fatal(err)
		}
		want[fmt.Sprint(labels[way], " ", place, " ", n, " ", threats, " ", people)] = true
	}
	got := map[string]bool{}
	for _, row := range r.Tables[0].Rows {
		got[strings.Join(row.Cells, " ")] = true
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) != 8 {
		t.Errorf("the report says\n%v\nSQL says\n%v", got, want)
	}
}

func TestWrongAsks(t *testing.T) {
	w := newWorld(t, event.Batch{})
	for field, a := range map[string]reports.Ask{
		"name": {Name: "none"}, "split": {Name: "file-types", Split: "moon"}, "to": {Name: "file-types", From: now, To: now}, "from": {Name: "file-types", From: now.Add(-91 * 24 * time.Hour)},
		"department": {Name: "file-types", Filter: dashboard.Filter{Department: "Sales"}},
	} {
		_, err := w.reports.Make(t.Context(), a)
		if wrong, ok := err.(*dashboard.WrongError); !ok || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	r := w.make(reports.Ask{Name: "url-protection"})
	if len(r.Coverage.Gaps) != 1 || r.Coverage.Gaps[0].ID != "clicks" {
		t.Errorf("nobody tells of clicks, and the report does not say so: %+v", r.Coverage.Gaps)
	}
}

func TestFiles(t *testing.T) {
	w := newWorld(t, everyKind().Batch)
	var out bytes.Buffer
	r := w.make(reports.Ask{Name: "url-protection"})
	if err := r.Tables[0].CSV(&out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 3 || lines[1][0] != "hxxps://evil[.]example/x" || lines[1][1] != "3" {
		t.Errorf("%v %v", lines, err)
	}
	out.Reset()
	f := w.make(reports.Ask{Name: "file-types"})
	table, err := f.TableOf("malicious")
	if err != nil {
		t.Fatal(err)
	}
	if err := table.CSV(&out); err != nil || !strings.Contains(out.String(), ",'=cmd.exe,") {
		t.Errorf("a spreadsheet would run this: %s %v", &out, err)
	}
	cut := w.make(reports.Ask{Name: "url-protection", Rows: 1})
	if !cut.Tables[0].Cut || len(cut.Tables[0].Rows) != 1 {
		t.Errorf("%+v", cut.Tables[0])
	}
	raw, err := reports.PDF(t.Context(), paper.NewPrinter(nil), w.make(reports.Ask{Name: "message-disposition"}), reports.About{Organisation: "Harbour <b>", By: "dana@corp.example", Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (Debian: poppler-utils) is not installed")
	}
	cmd := exec.Command(tool, "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(raw)
	page, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Message disposition", "Harbour <b>", "13 April 2026, 12:00 to 20 April 2026, 12:00 UTC", "Quarantined", "Over time", "Nothing is known to be missing", "by dana@corp.example"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is not on paper:\n%s", want, page)
		}
	}
}
