package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"tocsin/internal/api"
)

// incidentCommand goes through a running server. It reads; whoever works on an incident is a person in the pages, or a token of theirs.
type incidentCommand struct {
	List   incidentListCommand   `cmd:"" help:"Incidents, newest first."`
	Show   incidentShowCommand   `cmd:"" help:"One incident, where its mail is, and what happened."`
	Report incidentReportCommand `cmd:"" help:"Write its report as HTML or PDF."`
	Export incidentExportCommand `cmd:"" help:"Write all of it as an encrypted zip."`
}

type incidentListCommand struct {
	actionFlags
	Status  string `help:"Only Active, In progress or Resolved."`
	Overdue bool   `help:"Only those whose deadline has passed."`
	Text    string `short:"t" help:"In number, name, description and tags."`
	Limit   int    `help:"At most so many." default:"50"`
	JSON    bool   `name:"json" help:"The answer of the API."`
}

// Run lists incidents.
func (c incidentListCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	q := url.Values{"limit": {strconv.Itoa(min(max(c.Limit, 1), 200))}, "overdue": {strconv.FormatBool(c.Overdue)}, "text": {c.Text}}
	if c.Status != "" {
		q.Set("status", c.Status)
	}
	var page api.IncidentPage
	if err := d.ask(ctx, http.MethodGet, "/incidents?"+q.Encode(), nil, &page); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, page)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "Incident\tSeverity\tStatus\tOwner\tMessages\tDue\tOpened\tName")
	for n := range page.Incidents {
		i := &page.Incidents[n]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", i.Label, i.Severity, i.Status, visible(orNobody(i.Owner)), i.Messages, dueText(&i.Due), i.Created.UTC().Format(time.RFC3339), visible(i.Name))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if page.Next != "" {
		_, err = fmt.Fprintf(out, "%d of %d; --limit shows more\n", len(page.Incidents), page.Total)
	}
	return err
}

func orNobody(s string) string {
	if s == "" {
		return "nobody"
	}
	return s
}

func dueText(d *api.IncidentDue) string {
	switch {
	case d.Next == nil:
		return "-"
	case d.Overdue:
		return "overdue since " + d.Next.UTC().Format(time.RFC3339)
	}
	return d.Next.UTC().Format(time.RFC3339)
}

type incidentShowCommand struct {
	actionFlags
	Incident string `arg:"" help:"Its number: 147 or INC-0147."`
	JSON     bool   `name:"json" help:"The answers of the API: incident, summary, timeline."`
}

// Run shows one incident.
func (c incidentShowCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	path := "/incidents/" + url.PathEscape(c.Incident)
	var all struct {
		Incident api.Incident         `json:"incident"`
		Summary  api.IncidentSummary  `json:"summary"`
		Timeline api.IncidentTimeline `json:"timeline"`
	}
	for at, to := range map[string]any{"": &all.Incident, "/summary": &all.Summary, "/timeline?limit=500": &all.Timeline} {
		if err := d.ask(ctx, http.MethodGet, path+at, nil, to); err != nil {
			return err
		}
	}
	if c.JSON {
		return writeJSON(out, all)
	}
	i := &all.Incident
	fmt.Fprintf(out, "%s  %s\n%s, %s, owner %s; %s, %s; due %s\n", i.Label, visible(i.Name), i.Severity, i.Status, visible(orNobody(i.Owner)), i.Classification, i.Determination, dueText(&i.Due))
	if len(i.Tags) > 0 {
		fmt.Fprintf(out, "Tags: %s\n", visible(strings.Join(i.Tags, ", ")))
	}
	fmt.Fprintf(out, "%d email events to %d people; %d still in mailboxes\n", i.Messages, i.People, all.Summary.Still)
	for _, o := range all.Summary.Outcomes {
		if o.Count > 0 {
			fmt.Fprintf(out, "%8d  %s\n", o.Count, o.Label)
		}
	}
	for n := len(all.Timeline.Entries) - 1; n >= 0; n-- {
		e := &all.Timeline.Entries[n]
		fmt.Fprintf(out, "%s  %s %s\n", e.At.UTC().Format(time.RFC3339), visible(e.By), visible(e.Say))
		if e.Note != nil && e.Note.Text != "" {
			for line := range strings.Lines(e.Note.Text) {
				fmt.Fprintf(out, "    %s\n", visible(strings.TrimRight(line, "\r\n")))
			}
		}
	}
	return nil
}

type incidentReportCommand struct {
	actionFlags
	Incident string `arg:"" help:"Its number: 147 or INC-0147."`
	Out      string `short:"o" required:"" help:"File to write, which must not exist; .html or .pdf says which." placeholder:"FILE"`
}

// Run writes a report.
func (c incidentReportCommand) Run(ctx context.Context, errs stderr) error {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(c.Out), "."))
	if format != "html" && format != "pdf" {
		return fmt.Errorf("--out %q: a report is .html or .pdf", c.Out)
	}
	d, err := c.server()
	if err != nil {
		return err
	}
	body, err := d.send(ctx, http.MethodGet, "/incidents/"+url.PathEscape(c.Incident)+"/report?format="+format, "", nil)
	if err != nil {
		return err
	}
	return keepFile(c.Out, body, errs)
}

type incidentExportCommand struct {
	actionFlags
	Incident string `arg:"" help:"Its number: 147 or INC-0147."`
	Out      string `short:"o" required:"" help:"Zip to write, which must not exist." placeholder:"FILE"`
	Reason   string `required:"" help:"Why: for the audit log."`
	Password string `help:"Where the password of the zip comes from: ask (on a terminal) or stdin (one line)." enum:"ask,stdin" default:"ask"`
	NoMail   bool   `help:"Without the messages."`
}

// Run writes a bundle.
func (c incidentExportCommand) Run(ctx context.Context, errs stderr) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	if c.Password == "ask" && !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("--password ask needs a terminal; use --password stdin")
	}
	password, err := secretFrom(c.Password, "Password for the zip", errs)
	if err != nil {
		return err
	}
	mail := !c.NoMail
	ask, err := json.Marshal(api.IncidentBundle{Reason: c.Reason, Password: password, Messages: &mail})
	if err != nil {
		return err
	}
	body, err := d.post(ctx, "/incidents/"+url.PathEscape(c.Incident)+"/bundle", "application/json", ask)
	if err != nil {
		return err
	}
	return keepFile(c.Out, body, errs)
}

// keepFile writes what a server sends to a new file. What breaks off leaves none.
func keepFile(path string, body io.ReadCloser, errs io.Writer) error {
	defer body.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: the server broke off: %w", path, errors.Join(err, os.Remove(path)))
	}
	_, err = fmt.Fprintf(errs, "%s: %d octets\n", path, n)
	return err
}
