package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// The invented security desk. Nobody signs in as one of them: they have no password, and their tokens end with the hour.
var invented = map[string][]auth.Role{
	"r.oduya@kestrelquay.example":  {auth.SecurityAdministrator, auth.Approve},
	"r.pillai@kestrelquay.example": {auth.SecurityOperator, auth.SearchAndPurge, auth.Preview},
}

// colleague is one of them at work, through the API as everybody's programs are.
type colleague struct{ *remote }

// hire makes the operators and returns them by address.
func hire(ctx context.Context, a *app.App, cfg app.Config) (map[string]colleague, error) {
	here, err := findRemote("", "", cfg)
	if err != nil || here == nil {
		return nil, fmt.Errorf("the server of this folder: %w", err)
	}
	out := map[string]colleague{}
	for email, roles := range invented {
		if _, err := a.Gate().AddOperator(ctx, email, "", "", roles); err != nil {
			return nil, err
		}
		token, err := a.Gate().MakeToken(ctx, email, "a day at the desk", time.Hour)
		if err != nil {
			return nil, err
		}
		out[email] = colleague{&remote{url: here.url, token: token, client: here.client}}
	}
	return out, nil
}

// ask sends in as JSON and reads the answer into out; either may be nil.
func (c colleague) ask(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := c.send(ctx, method, path, "application/json", body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer answer.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(answer).Decode(out)
}

// until asks again until done says so.
func (c colleague) until(ctx context.Context, path string, out any, done func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := c.ask(ctx, http.MethodGet, path, nil, out); err != nil || done() {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// allowed is a decision that somebody made long ago and nobody looked at again: it lets mail through that the judge would keep.
func allowed(ctx context.Context, admin colleague) error {
	return admin.ask(ctx, http.MethodPost, "/policy/entries", api.EntryDraft{
		Action: "Allow", Kind: "domain", Values: []string{"nordlicht-gmbh.example"}, Unproven: true, Reason: "Accounts payable: their invoices went to quarantine",
	}, nil)
}

// exposed makes the host that the reported links lead to an indicator, and waits until the mail that has it is found and taken out.
func exposed(ctx context.Context, analyst colleague, mail string) error {
	if err := analyst.ask(ctx, http.MethodPost, "/indicators", api.NewIndicators{
		Indicators: []api.IndicatorDraft{{Kind: "domain", Value: "share.tidewayropes.example"}}, Threat: "Tycoon 2FA", Confidence: 95, State: "confirmed", TLP: "amber",
		Description: "Sign-in page behind a supplier's share; three people reported it", Reason: "Reported by Operations",
	}, nil); err != nil {
		return err
	}
	var left api.Count
	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := analyst.until(soon, "/explorer/count?view=all&q="+url.QueryEscape(mail+` | where LatestDeliveryLocation == "Inbox/folder"`), &left, func() bool { return left.Events == 0 })
	if ctx.Err() == nil && soon.Err() != nil {
		return nil // on a slow machine it comes later
	}
	return err
}

// followed keeps an eye on what exceptions let through: a query that is asked every hour and raises an alert.
func followed(ctx context.Context, analyst colleague) error {
	var query api.HuntSaved
	if err := analyst.ask(ctx, http.MethodPost, "/hunt/queries", api.HuntSave{
		Name: "Let through by an exception", Description: "Threats that an allow entry or a mailbox's own list delivered", Query: `EmailEvents | where ThreatTypes != "" and DeliveryAction == "Delivered"`, Shared: true,
	}, &query); err != nil {
		return err
	}
	var tracked api.Tracked
	if err := analyst.ask(ctx, http.MethodPost, "/trackers/tracked", api.TrackedNew{QueryID: query.ID, TrackedAsk: api.TrackedAsk{
		EverySeconds: 3600, WindowSeconds: 30 * 86400, Condition: "Above", Threshold: 5, Severity: "High", Category: "Threat management", On: true,
	}}, &tracked); err != nil {
		return err
	}
	return analyst.ask(ctx, http.MethodPost, "/trackers/tracked/"+tracked.ID+"/run", nil, nil)
}

// findings is what the desk did after the reports came: where the links lead became known, the mail was taken out, and incidents were opened.
func findings(ctx context.Context, analyst colleague) error {
	const broken, copies = `EmailEvents | where SenderFromAddress == "r.tew@tidewayropes.example"`, `EmailEvents | where SenderFromDomain == "nordlicht-gmbh.example" and DeliveryAction == "Delivered"`
	if err := exposed(ctx, analyst, broken); err != nil {
		return err
	}
	if err := followed(ctx, analyst); err != nil {
		return err
	}
	var made api.Incident
	if err := analyst.ask(ctx, http.MethodPost, "/incidents", api.NewIncident{
		Name: "Supplier's mailbox sends links to a sign-in page", Severity: "High", Owner: "r.pillai@kestrelquay.example", Tags: []string{"supplier", "credential phishing"},
		Description: "Three people of Operations reported mail from Tideway Ropes. The link leads to a page that asks for the Microsoft 365 password.",
		Mail:        &api.IncidentMailAsk{Query: &api.ActionQuery{View: "all", Q: broken}, Name: "All from that mailbox"},
	}, &made); err != nil {
		return err
	}
	for _, words := range []string{"Called Tideway Ropes: they see sign-ins from abroad on that mailbox and have reset it.", "@r.oduya please approve taking the invoices out, the entry that lets them through is from last spring."} {
		if err := analyst.ask(ctx, http.MethodPost, "/incidents/"+made.ID+"/notes", api.IncidentWords{Text: words}, nil); err != nil {
			return err
		}
	}
	if err := analyst.ask(ctx, http.MethodPost, "/incidents/"+made.ID+"/tasks", api.IncidentTaskDraft{Title: "Reset the passwords of everybody who clicked", Owner: "r.pillai@kestrelquay.example"}, nil); err != nil {
		return err
	}
	if err := analyst.ask(ctx, http.MethodPost, "/incidents", api.NewIncident{Name: "Payroll letters with a QR code", Severity: "High", Tags: []string{"qr"},
		Mail: &api.IncidentMailAsk{Query: &api.ActionQuery{View: "all", Q: `EmailEvents | where SenderFromDomain == "kestrelquay-hr.example"`}}}, nil); err != nil {
		return err
	}
	return removed(ctx, analyst, copies)
}

// removed takes the older copies out of the mailboxes; that the newer ones be destroyed waits for a second person. When chance put all of them on one side,
// there is nothing to ask for on the other.
func removed(ctx context.Context, analyst colleague, copies string) error {
	for _, part := range []struct{ kind, when string }{{"Soft delete", " | where Timestamp < ago(10d)"}, {"Hard delete", " | where Timestamp >= ago(10d)"}} {
		var there api.Count
		if err := analyst.ask(ctx, http.MethodGet, "/explorer/count?view=all&q="+url.QueryEscape(copies+part.when), nil, &there); err != nil {
			return err
		}
		if there.Events == 0 {
			continue
		}
		var action api.Action
		if err := analyst.ask(ctx, http.MethodPost, "/actions", api.ActionAsk{Kind: part.kind, Name: "Invoices with macros", Reason: "Malicious documents; the allow entry let them through",
			Query: &api.ActionQuery{View: "all", Q: copies + part.when}}, &action); err != nil {
			return err
		}
		if action.State == "Waiting for approval" {
			continue
		}
		if err := analyst.until(ctx, "/actions/"+action.ID, &action, func() bool { return action.Over }); err != nil {
			return err
		}
	}
	return nil
}
