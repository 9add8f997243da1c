package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/incident"
	"tocsin/internal/incident/report"
	"tocsin/internal/remediate"
)

// What one report holds.
const (
	reportHit     = 500
	reportValues  = 100 // of each kind
	reportMail    = 300
	reportActions = 50
	reportLines   = 1000
	reportNotes   = 256 << 10 // octets of notes
)

// reportCSP lets the page draw itself and do nothing else.
const reportCSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

func (s *Server) declareIncidentFiles() {
	add(s, auth.IncidentRead, "GET /incidents/{id}/report", planning, "What is known of it as one page for others; audited", s.incidentReport, withFile("text/html", "application/pdf"))
	add(s, auth.IncidentRead, "POST /incidents/{id}/bundle", streaming, "All of it as an encrypted zip; with messages, mail that its recipient has needs email.preview; audited", s.incidentBundle, withFile("application/zip"))
}

func (s *Server) incidentReport(ctx context.Context, in *incidentReportInput) (*huma.StreamResponse, error) {
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	d, err := s.reportOf(ctx, &i)
	if err != nil {
		return nil, err
	}
	var body []byte
	kind, shown := "text/html; charset=utf-8", "inline"
	if in.Format == "pdf" {
		kind, shown = "application/pdf", "attachment"
		body, err = report.PDF(ctx, s.deps.Incidents.Printer, d)
	} else {
		body, err = report.HTML(d)
	}
	if err != nil {
		return nil, err
	}
	if err := s.noteIncident(ctx, auth.ActIncidentReport, &i, "", map[string]any{"format": in.Format}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition", fmt.Sprintf(`%s; filename="%s.%s"`, shown, incident.Label(i.Number), in.Format))
		h.Set("Content-Security-Policy", reportCSP)
		_, _ = w.Write(body) // a client that went away is nobody's trouble
	}}, nil
}

// reportOf gathers what a report says.
func (s *Server) reportOf(ctx context.Context, i *incident.Incident) (*report.Data, error) {
	due := s.deps.Incidents.Clocks.Of(i, s.deps.Now())
	d := &report.Data{
		Organisation: cmp.Or(s.deps.Organisation.Name, "Tocsin"), Made: s.deps.Now(), By: auth.From(ctx).Operator.Email, Version: s.deps.Version,
		Label: incident.Label(i.Number), Name: i.Name, Severity: i.Severity.String(), Status: string(i.Status), Owner: i.Owner, Classification: string(i.Classification), Determination: string(i.Determination), Tags: i.Tags,
		Description: i.Description, Closing: i.Closing, Opened: i.Created, OpenedBy: i.Author, Acknowledged: i.Acknowledged, Resolved: i.Resolved, ResolvedBy: i.ResolvedBy, First: i.First, Last: i.Last,
		AcknowledgeDue: due.Acknowledge, AcknowledgeLate: due.AcknowledgeLate, ResolveDue: due.Resolve, ResolveLate: due.ResolveLate,
	}
	members, err := s.deps.Incidents.Store.Members(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	for n := range members[1:] {
		m := &members[1:][n]
		labels[m.ID] = incident.Label(m.Number)
		d.Merged = append(d.Merged, labels[m.ID]+" "+m.Name)
	}
	if err := s.reportMail(ctx, i, d); err != nil {
		return nil, err
	}
	if err := s.reportWork(ctx, i, d); err != nil {
		return nil, err
	}
	return d, s.reportTimeline(ctx, i, labels, d)
}

// indicatorGroups are the kinds of values by which others know the mail again.
var indicatorGroups = []struct {
	entity hunt.Entity
	title  string
	plain  bool
}{
	{hunt.Senders, "Senders", false}, {hunt.Domains, "Domains of senders", false}, {hunt.IPs, "Sending addresses", false}, {hunt.Hosts, "Hosts of links", false}, {hunt.Links, "Links", false},
	{hunt.Files, "Files (SHA-256)", true}, {hunt.CampaignsOf, "Campaigns", true}, {hunt.Subjects, "Subjects", true}, {hunt.Threats, "Threats", true},
}

func (s *Server) reportMail(ctx context.Context, i *incident.Incident, d *report.Data) error {
	picks, err := s.deps.Incidents.Store.Messages(ctx, incident.MessageFilter{Incident: i.ID})
	if err != nil {
		return err
	}
	x, err := s.deps.Explorer.Derive(ctx, huntPicks(picks))
	if err != nil {
		return err
	}
	d.Events, d.Messages, d.Missing, d.People = x.Events, x.Messages, x.Missing, len(x.Things[hunt.Recipients])
	for _, o := range hunt.Outcomes {
		d.Outcomes = append(d.Outcomes, report.Count{Label: o.Label, N: x.Outcomes[o.Key]})
	}
	d.Still = still(x)
	for n, t := range x.Things[hunt.Recipients] {
		if t.Priority {
			d.Priority++
		}
		if n < reportHit {
			d.Hit = append(d.Hit, report.Person{Address: t.Value, Priority: t.Priority, Messages: t.Messages, Still: t.Still})
		}
	}
	d.HitMore = max(0, d.People-reportHit)
	for _, g := range indicatorGroups {
		all := x.Things[g.entity]
		if len(all) == 0 {
			continue
		}
		group := report.Group{Title: g.title, More: max(0, len(all)-reportValues)}
		for _, t := range all[:min(len(all), reportValues)] {
			group.Values = append(group.Values, report.Value{Value: t.Value, Label: t.Label, Plain: g.plain, Messages: t.Messages})
		}
		d.Indicators = append(d.Indicators, group)
	}
	found, err := s.deps.Explorer.Rows(ctx, huntPicks(picks[:min(len(picks), reportMail)]))
	if err != nil {
		return err
	}
	words := map[hunt.Outcome]string{"": "not kept any more"}
	for _, o := range hunt.Outcomes {
		words[o.Key] = o.Label
	}
	for n := range found {
		e := &found[n]
		d.Mail = append(d.Mail, report.Mail{At: picks[n].At, Recipient: e.RecipientEmailAddress, Sender: e.SenderFromAddress, Subject: e.Subject, Outcome: words[e.Outcome], Location: e.LatestDeliveryLocation})
	}
	d.MailMore = len(picks) - len(found)
	return nil
}

// still is how many events lie in a mailbox.
func still(x *hunt.Derived) (n int) {
	for _, o := range []hunt.Outcome{hunt.Delivered, hunt.DeliveredThreat, hunt.Junked, hunt.Replaced} {
		n += x.Outcomes[o]
	}
	return n
}

func (s *Server) reportWork(ctx context.Context, i *incident.Incident, d *report.Data) error {
	actions, err := s.deps.Acting.Store.Actions(ctx, remediate.ActionFilter{Incident: i.ID, Limit: reportActions + 1})
	if err != nil {
		return err
	}
	if len(actions) > reportActions {
		actions, d.ActionsMore = actions[:reportActions], true
	}
	slices.Reverse(actions)
	for n := range actions {
		a, c := &actions[n], &actions[n].Counts
		x := report.Action{Name: a.Name, Kind: string(a.Kind), State: string(a.State), By: a.By, Reason: a.Reason, Rule: a.Why, Asked: a.Created, Ended: a.Ended, Targets: c.Targets, Mailboxes: c.Mailboxes, Done: c.Done,
			Failed: c.Failed, NotFound: c.NotFound, Skipped: c.Skipped, Cancelled: c.Cancelled, Drifted: c.Drifted, Needs: a.Needs}
		for _, y := range a.Approvals {
			x.Approvals = append(x.Approvals, report.Approval{By: y.By, Comment: y.Comment, At: y.At, Yes: y.Yes})
		}
		d.Actions = append(d.Actions, x)
	}
	tasks, err := s.deps.Incidents.Store.Tasks(ctx, i.ID)
	for n := range tasks {
		t := &tasks[n]
		d.Tasks = append(d.Tasks, report.Task{Title: t.Title, Owner: t.Owner, DoneBy: t.DoneBy, Due: t.Due, Done: t.Done})
	}
	return err
}

func (s *Server) reportTimeline(ctx context.Context, i *incident.Incident, labels map[string]string, d *report.Data) error {
	all, err := s.deps.Incidents.Store.Timeline(ctx, incident.EntryFilter{Incident: i.ID, Limit: reportLines + 1})
	if err != nil {
		return err
	}
	if len(all) > reportLines {
		all, d.TimelineMore = all[:reportLines], true
	}
	slices.Reverse(all)
	room := reportNotes
	for n := range all {
		e := &all[n]
		line := report.Line{At: e.At, By: e.By, Say: e.Say, Elsewhere: labels[e.Incident]}
		if e.Note != nil {
			line.Note = e.Note.Text
			switch {
			case e.Note.Removed:
				line.Say = "wrote a note and removed it"
			case len(line.Note) > room:
				line.Note, line.Say = "", "wrote a note, which is left out here: the notes are too long for one report"
			}
			room -= len(line.Note)
		}
		d.Timeline = append(d.Timeline, line)
	}
	return nil
}
