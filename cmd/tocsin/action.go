package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/remediate"
)

// actionCommand goes through a running server: its workers do what is asked. Whoever changes something needs a token of their own, because
// taking mail out of mailboxes is a decision of a person with a name.
type actionCommand struct {
	Plan    actionPlanCommand    `cmd:"" help:"Say what an action would touch. Nothing is kept."`
	Run     actionRunCommand     `cmd:"" help:"Ask for an action, and follow it."`
	List    actionListCommand    `cmd:"" help:"Actions, newest first."`
	Show    actionShowCommand    `cmd:"" help:"One action, and what became of every target."`
	Approve actionApproveCommand `cmd:"" help:"Approve what somebody else asked for."`
	Reject  actionRejectCommand  `cmd:"" help:"Reject what somebody else asked for."`
	Cancel  actionCancelCommand  `cmd:"" help:"End an action; what is begun is finished."`
	Retry   actionRetryCommand   `cmd:"" help:"Try again what failed."`
	Undo    actionUndoCommand    `cmd:"" help:"Put back what an action took out."`
}

// actionFlags say which server, and as whom.
type actionFlags struct {
	settings
	remoteFlags
}

// server returns the running server. A token that is given counts for the one of this machine too.
func (f actionFlags) server() (desk, error) {
	cfg, err := f.load(nil)
	if err != nil {
		return desk{}, err
	}
	r, err := findRemote(f.Server, f.Token, cfg)
	if err != nil {
		return desk{}, err
	}
	if r == nil {
		return desk{}, errors.New("no server runs in this data folder; start it with tocsin serve, or name another with --server")
	}
	if f.Token != "" {
		r.token = f.Token
	}
	return desk{*r, cfg}, nil
}

// actionTargetFlags choose mail.
type actionTargetFlags struct {
	Kind    string   `arg:"" help:"soft-delete, hard-delete, move-to-junk, move-to-deleted-items, move-to-inbox, quarantine or release."`
	Query   string   `short:"q" help:"KQL: EmailEvents, or EmailEvents with where operators." placeholder:"KQL"`
	Since   span     `help:"With a query: only mail of the last 7d, 12h." placeholder:"TIME"`
	Message []string `short:"m" help:"One email event: network message id and recipient." placeholder:"ID=RECIPIENT" sep:"none"`
}

func (f actionTargetFlags) ask() (api.ActionAsk, error) {
	flat := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(s))
	}
	var ask api.ActionAsk
	for _, k := range remediate.Kinds() {
		if flat(string(k)) == flat(f.Kind) {
			ask.Kind = string(k)
		}
	}
	if ask.Kind == "" {
		return ask, fmt.Errorf("there is no action %q; there are soft-delete, hard-delete, move-to-junk, move-to-deleted-items, move-to-inbox, quarantine and release", f.Kind)
	}
	if (f.Query == "") == (len(f.Message) == 0) {
		return ask, errors.New("give --query, or --message once or several times")
	}
	if f.Query != "" {
		ask.Query = &api.ActionQuery{Q: f.Query}
		if f.Since > 0 {
			from := time.Now().Add(-time.Duration(f.Since)).UTC()
			ask.Query.From = &from
		}
		return ask, nil
	}
	for _, m := range f.Message {
		id, recipient, found := strings.Cut(m, "=")
		if !found {
			return ask, fmt.Errorf("--message %q: write ID=RECIPIENT", m)
		}
		ask.Events = append(ask.Events, api.ActionEvent{NetworkMessageID: id, Recipient: recipient})
	}
	return ask, nil
}

type actionPlanCommand struct {
	actionFlags
	actionTargetFlags
	JSON bool `name:"json" help:"The answer of the API."`
}

// Run shows the plan.
func (c actionPlanCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	ask, err := c.ask()
	if err != nil {
		return err
	}
	var plan api.ActionPlan
	if err := d.ask(ctx, http.MethodPost, "/actions/plan", ask, &plan); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, plan)
	}
	return showPlan(out, &plan)
}

func showPlan(out io.Writer, p *api.ActionPlan) error {
	fmt.Fprintf(out, "%s: %d of %d email events, %d messages, %d mailboxes, %d of them priority accounts\n", p.Kind, p.Possible, p.Targets, p.Messages, p.Mailboxes, p.PriorityAccounts)
	if p.Already > 0 {
		fmt.Fprintf(out, "%d lie where they should go already\n", p.Already)
	}
	for _, o := range p.Impossible {
		fmt.Fprintf(out, "%d cannot be acted on: %s\n", o.Count, o.Why)
	}
	for _, l := range p.Locations {
		name := l.Location
		if name == "" {
			name = "an unknown place"
		}
		fmt.Fprintf(out, "%d in %s\n", l.Count, name)
	}
	need := "It runs at once"
	if p.Approvals > 0 {
		need = fmt.Sprintf("It needs %d approvals", p.Approvals)
	}
	undo := "it can be undone"
	if !p.Undoable {
		undo = "it cannot be undone"
	}
	_, err := fmt.Fprintf(out, "%s (%s); %s.\n", need, visible(p.Rule), undo)
	return err
}

type actionRunCommand struct {
	actionFlags
	actionTargetFlags
	Name   string `help:"What people call it."`
	Reason string `short:"r" required:"" help:"Why; whoever approves it reads it."`
	NoWait bool   `help:"Do not follow it."`
	JSON   bool   `name:"json" help:"The answer of the API."`
}

// Run asks for the action with the list that was planned a moment ago.
func (c actionRunCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	ask, err := c.ask()
	if err != nil {
		return err
	}
	var plan api.ActionPlan
	if err := d.ask(ctx, http.MethodPost, "/actions/plan", ask, &plan); err != nil {
		return err
	}
	if err := showPlan(errs, &plan); err != nil {
		return err
	}
	ask.Name, ask.Reason, ask.Plan = c.Name, c.Reason, plan.Digest
	var a api.Action
	if err := d.ask(ctx, http.MethodPost, "/actions", ask, &a); err != nil {
		return err
	}
	return d.followAction(ctx, a, c.NoWait, c.JSON, out, errs)
}

// followAction shows how far an action is until it is over, or waits for people.
func (d desk) followAction(ctx context.Context, a api.Action, leave, raw bool, out, errs io.Writer) error {
	bar := newProgress(errs)
	for !leave && !a.Over && a.State != string(remediate.Waiting) {
		select {
		case <-ctx.Done():
			bar.done()
			fmt.Fprintf(errs, "The action %s goes on in the server.\n", a.ID)
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if err := d.ask(ctx, http.MethodGet, "/actions/"+url.PathEscape(a.ID), nil, &a); err != nil {
			return err
		}
		const width = 30
		full := int(a.Progress * width)
		bar.show(fmt.Sprintf("[%s%s] ", strings.Repeat("#", full), strings.Repeat(" ", width-full)), fmt.Sprintf("%s: %d of %d", a.State, a.Counts.Targets-a.Counts.Todo, a.Counts.Targets))
	}
	bar.done()
	if raw {
		return writeJSON(out, a)
	}
	if err := showAction(out, &a); err != nil {
		return err
	}
	if a.State == string(remediate.Failed) || a.State == string(remediate.Partly) {
		return fmt.Errorf("not everything was done; tocsin action show %s says why", a.ID)
	}
	return nil
}

func showAction(out io.Writer, a *api.Action) error {
	fmt.Fprintf(out, "%s  %s: %s (%s), by %s on %s\n", a.ID, a.State, visible(a.Name), a.Kind, visible(a.By), a.Created.UTC().Format(time.RFC3339))
	fmt.Fprintf(out, "Reason: %s\n", visible(a.Reason))
	if a.Needs > 0 {
		fmt.Fprintf(out, "Needs %d approvals (%s)", a.Needs, visible(a.Rule))
		for _, x := range a.Approvals {
			word := "approved"
			if !x.Yes {
				word = "rejected"
			}
			fmt.Fprintf(out, "; %s by %s", word, visible(x.By))
			if x.Comment != "" {
				fmt.Fprintf(out, " (%s)", visible(x.Comment))
			}
		}
		fmt.Fprintln(out)
	}
	c := &a.Counts
	_, err := fmt.Fprintf(out, "%d targets in %d mailboxes: %d to do, %d done, %d not found, %d skipped, %d failed, %d cancelled, %d drifted\n", c.Targets, c.Mailboxes, c.Todo, c.Done, c.NotFound, c.Skipped, c.Failed, c.Cancelled, c.Drifted)
	return err
}

type actionListCommand struct {
	actionFlags
	State string `help:"Only waiting, running or over." enum:"waiting,running,over," default:""`
	ForMe bool   `help:"Only those that wait for one's own answer."`
	Limit int    `help:"At most so many." default:"50"`
	JSON  bool   `name:"json" help:"The answer of the API."`
}

// Run lists actions.
func (c actionListCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	var page api.ActionPage
	if err := d.ask(ctx, http.MethodGet, fmt.Sprintf("/actions?state=%s&for_me=%v&limit=%d", c.State, c.ForMe, min(max(c.Limit, 1), 200)), nil, &page); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, page)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "Id\tState\tKind\tTargets\tDone\tBy\tCreated\tName")
	for i := range page.Actions {
		a := &page.Actions[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", a.ID, a.State, a.Kind, a.Counts.Targets, a.Counts.Done, visible(a.By), a.Created.UTC().Format(time.RFC3339), visible(a.Name))
	}
	return w.Flush()
}

type actionShowCommand struct {
	actionFlags
	ID     string `arg:"" help:"Of the action."`
	Format string `help:"Of the targets: table, csv or json." enum:"table,csv,json" default:"table"`
}

// Run shows an action on stderr and its targets on stdout.
func (c actionShowCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	var a api.Action
	at := "/actions/" + url.PathEscape(c.ID)
	if err := d.ask(ctx, http.MethodGet, at, nil, &a); err != nil {
		return err
	}
	if err := showAction(errs, &a); err != nil {
		return err
	}
	p := newPrinter(c.Format, 0, out, errs, plainTerminal(out))
	var columns []api.HuntColumn
	for _, name := range []string{"Mailbox", "Outcome", "From", "To", "Copies", "Drifted", "Say", "Subject", "Recipient", "NetworkMessageId"} {
		columns = append(columns, api.HuntColumn{Name: name, Type: "string"})
	}
	if err := p.head(columns); err != nil {
		return err
	}
	for after := -1; ; {
		var page api.ActionTargets
		if err := d.ask(ctx, http.MethodGet, fmt.Sprintf("%s/targets?limit=1000&after=%d", at, after), nil, &page); err != nil {
			return err
		}
		for i := range page.Targets {
			t := &page.Targets[i]
			from, to, copies, drifted := t.Location, "", 0, ""
			if t.Receipt != nil {
				from, to = t.Receipt.From, t.Receipt.To
				for _, s := range t.Receipt.Steps {
					if s.Did != "left" {
						copies++
					}
				}
			}
			if t.Drifted {
				drifted = "drifted"
			}
			if err := p.row([]any{t.Mailbox, t.Outcome, from, to, fmt.Sprint(copies), drifted, t.Say, t.Subject, t.Recipient, t.NetworkMessageID}); err != nil {
				return err
			}
		}
		if after = page.Next; after < 0 {
			return p.end("")
		}
	}
}

// decide posts a decision about an action.
func (f actionFlags) decide(ctx context.Context, id, what, reason string, wait bool, out, errs io.Writer) error {
	d, err := f.server()
	if err != nil {
		return err
	}
	var a api.Action
	if err := d.ask(ctx, http.MethodPost, "/actions/"+url.PathEscape(id)+"/"+what, api.ActionWords{Reason: reason}, &a); err != nil {
		return err
	}
	return d.followAction(ctx, a, !wait, false, out, errs)
}

type actionApproveCommand struct {
	actionFlags
	ID     string `arg:"" help:"Of the action."`
	Reason string `short:"r" help:"A comment."`
}

// Run approves.
func (c actionApproveCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return c.decide(ctx, c.ID, "approve", c.Reason, false, out, errs)
}

type actionRejectCommand struct {
	actionFlags
	ID     string `arg:"" help:"Of the action."`
	Reason string `short:"r" required:"" help:"Why."`
}

// Run rejects.
func (c actionRejectCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return c.decide(ctx, c.ID, "reject", c.Reason, false, out, errs)
}

type actionCancelCommand struct {
	actionFlags
	ID     string `arg:"" help:"Of the action."`
	Reason string `short:"r" help:"Why."`
}

// Run cancels.
func (c actionCancelCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return c.decide(ctx, c.ID, "cancel", c.Reason, false, out, errs)
}

type actionRetryCommand struct {
	actionFlags
	ID     string `arg:"" help:"Of the action."`
	Reason string `short:"r" help:"Why."`
	NoWait bool   `help:"Do not follow it."`
}

// Run tries again.
func (c actionRetryCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return c.decide(ctx, c.ID, "retry", c.Reason, !c.NoWait, out, errs)
}

type actionUndoCommand struct {
	actionFlags
	ID     string `arg:"" help:"Of the action that is undone."`
	Reason string `short:"r" required:"" help:"Why."`
	NoWait bool   `help:"Do not follow it."`
}

// Run undoes.
func (c actionUndoCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return c.decide(ctx, c.ID, "undo", c.Reason, !c.NoWait, out, errs)
}
