package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/remediate"
)

// settleEvery is how often first aid that was left open is looked at.
const settleEvery = 10 * time.Minute

// aidDeps is first aid for the API.
func (a *App) aidDeps() *api.MailboxAid {
	a.acting.aid = &remediate.Aid{Store: a.cases, Provider: a.provider, Now: a.opt.Now}
	return &api.MailboxAid{Aid: a.acting.aid, Mailbox: mailboxes{a}.Mailbox, Reach: a.reach}
}

// settleAid looks at what was left open, at the start and now and then.
func (a *App) settleAid(ctx context.Context) {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		if err := a.acting.aid.Settle(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("first aid: what was left open cannot be looked at yet", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// reach says how Tocsin gets at a mailbox.
func (a *App) reach(mailbox string) (out api.Reach) {
	_, domain, _ := strings.Cut(mailbox, "@")
	lies := func(domains []string) bool {
		return slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, domain) })
	}
	out.Own = lies(a.cfg.Organisation.Domains)
	readOnly := ""
	for _, m := range a.cfg.Mailboxes {
		if !lies(m.domains(a.cfg)) {
			continue
		}
		out.Own, out.System = true, m.Name
		if m.ReadOnly {
			readOnly = m.Name
		}
		if m.Watch && slices.ContainsFunc(a.toWatch(m), func(s string) bool { return strings.EqualFold(s, mailbox) }) {
			out.Watched = append(out.Watched, m.Name)
		}
	}
	p := a.provider(mailbox)
	switch {
	case p != nil:
		out.Reached, out.Own = true, true
		if out.System == "" {
			out.System = p.Name()
		}
	case readOnly != "":
		out.Say = fmt.Sprintf("Tocsin only reads the mailboxes of %s (read_only in the settings), so nothing can be done in this one from here.", readOnly)
	case !out.Own:
		out.Say = "This address is not of your organisation. Its mailbox lies with somebody else, and Tocsin cannot do anything in it."
	default:
		out.Say = "No mail system is connected for this mailbox, so Tocsin can neither see its rules nor change them. An administrator connects one with mailboxes: in the settings; until then, look at it on the mail server."
	}
	return out
}
