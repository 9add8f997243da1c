package dashboard

import (
	"context"
	"fmt"
)

var allowedThreats = insight{
	kind: "allowed_threats",
	doc:  "Mail held to be malware or phish that was delivered because an allow entry of the organisation decided (OrgLevelAction is Allow).",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := measure{where: []string{`OrgLevelAction == "Allow"`, malware.condition() + " or " + phish.condition(), `DeliveryAction == "Delivered"`}}
		n, examples, err := x.tally(ctx, m, "SenderFromDomain")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "High", Title: "Threats delivered because of an allow entry",
			Text:   fmt.Sprintf("%s held to be malware or phish and delivered all the same in %s, because an allow entry says so. An entry that is wider than it must be lets attackers through.", many(n, "email event was", "email events were"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples,
			Do: []Deed{goes("Look at the allow entries", "Narrow or remove the entry that let them through", "/policy", "tab", "list", "action", "Allow"), x.opens("Show the mail", m)},
		}, nil
	},
}

var userAllowedThreats = insight{
	kind: "user_allowed_threats",
	doc:  "Mail held to be a threat that was delivered because a setting of the mailbox decided: its safe senders or domains, or junk mail turned off (UserLevelAction is Allow).",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := threats.and(`UserLevelAction == "Allow"`, `DeliveryAction == "Delivered"`)
		n, examples, err := x.tally(ctx, m, "RecipientEmailAddress")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Medium", Title: "Threats delivered because of a mailbox's own settings",
			Text:   fmt.Sprintf("%s held to be a threat and delivered in %s because the mailbox trusts the sender, or wants no junk mail filtered.", many(n, "email event was", "email events were"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples,
			Do: []Deed{goes("Look at the settings of mailboxes", "", "/policy", "tab", "mailboxes"), x.opens("Show the mail", m)},
		}, nil
	},
}
