package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/incident"
	"tocsin/internal/remediate"
)

// tocsin is who does what nobody asked for.
const tocsin = "Tocsin"

// tellIncident writes what became of an action into the timeline of its incident, with what it tells of. An empty by is whoever the
// context says.
func (r *Remediation) tellIncident(ctx context.Context, tx *sql.Tx, a *remediate.Action, kind incident.Kind, say, by string, at time.Time) error {
	if a.Incident == "" {
		return nil
	}
	actor := incident.Actor{Email: by, At: at}
	if p := auth.From(ctx); p != nil && p.Operator.Email != "" && (by == "" || by == p.Operator.Email) {
		actor.ID, actor.Email = p.Operator.ID, p.Operator.Email
	}
	if actor.Email == "" {
		actor.Email = tocsin
	}
	x := r.s.Incidents()
	i, err := x.get(ctx, tx, a.Incident, "")
	if errors.Is(err, incident.ErrNotFound) { // actions are older than incidents: somebody may have given them any id
		return nil
	}
	if err != nil {
		return err
	}
	return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: kind, Say: say, Subject: a.ID, Count: a.Counts.Targets}, actor)
}

// named is an action in a sentence.
func named(a *remediate.Action) string {
	if a.Name == "" || a.Name == string(a.Kind) {
		return strings.ToLower(string(a.Kind))
	}
	return fmt.Sprintf("%s %q", strings.ToLower(string(a.Kind)), a.Name)
}

func askedSay(a *remediate.Action) string {
	say := fmt.Sprintf("asked for %s: %s in %s", named(a), counted(a.Counts.Targets, "email event"), mailboxes(a.Counts.Mailboxes))
	if a.State == remediate.Waiting {
		say += fmt.Sprintf("; it waits for %s", counted(a.Needs, "approval"))
	}
	return say
}

func mailboxes(n int) string {
	if n == 1 {
		return "1 mailbox"
	}
	return fmt.Sprintf("%d mailboxes", n)
}

func answeredSay(a *remediate.Action, x remediate.Approval) string {
	say := "rejected "
	if x.Yes {
		say = "approved "
	}
	say += named(a)
	if x.Comment != "" {
		say += ": " + x.Comment
	}
	return say
}

func overSay(a *remediate.Action) string {
	c := &a.Counts
	parts := []string{fmt.Sprintf("%d of %d done", c.Done, c.Targets)}
	for _, x := range []struct {
		n   int
		say string
	}{{c.NotFound, "not found"}, {c.Skipped, "impossible or different"}, {c.Failed, "failed"}, {c.Cancelled, "cancelled"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.say))
		}
	}
	return fmt.Sprintf("ended %s: %s; %s", named(a), a.State, strings.Join(parts, ", "))
}
