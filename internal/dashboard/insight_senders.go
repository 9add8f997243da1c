package dashboard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// ours is the condition that a column is a domain of the organisation.
func (x *answering) ours(column string) (string, error) {
	if len(x.posture.Domains) == 0 {
		return "", heldError("No domains of the organisation are set (organisation.domains).")
	}
	return column + " in~ " + quoted(x.posture.Domains), nil
}

// askedDomains is how many own domains are asked about in DNS.
const askedDomains = 20

var ownDMARC = insight{
	kind: "own_dmarc",
	doc:  "Domains of the organisation whose DMARC policy in DNS is none, or that publish no DMARC record (20 domains at most). Where DNS is not asked, domains in whose name mail came from outside that had no DMARC record when it was checked.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		own, err := x.ours("SenderFromDomain")
		if err != nil {
			return nil, err
		}
		f := &Finding{Severity: "High", Title: "Your domains do not enforce DMARC", Unit: "domains", Figure: Figure{Gaps: []string{}}}
		claims := measure{where: []string{`EmailDirection == "Inbound"`, own}}
		if x.opt.DMARC == nil {
			m := claims.and(`AuthDMARC == "none"`, "DeliveryAction != \"Blocked\"")
			if _, f.Examples, err = x.tally(ctx, m, "SenderFromDomain"); err != nil {
				return nil, err
			}
		} else if f.Examples, err = x.unenforced(ctx, claims); err != nil {
			return nil, err
		}
		n := int64(len(f.Examples))
		if n == 0 {
			return nil, nil
		}
		f.Figure.Value, f.Examples = n, f.Examples[:min(n, 5)]
		f.Text = fmt.Sprintf("%s no DMARC policy that asks other servers to refuse forgeries. Anybody can write to your customers, and to you, in your name.", many(n, "domain has", "domains have"))
		f.Do = []Deed{x.opens("Show mail from outside in your name", claims), goes("Ask whoever runs DNS to publish p=quarantine, then p=reject", "Look at who sends in your name first: the mail above says", "")}
		return f, nil
	},
}

// unenforced asks DNS for the policy of every own domain.
func (x *answering) unenforced(ctx context.Context, claims measure) ([]Ranked, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var out []Ranked
	failed := 0
	for _, d := range x.posture.Domains[:min(len(x.posture.Domains), askedDomains)] {
		policy, err := x.policies.of(ctx, x.now, d, x.opt.DMARC)
		switch {
		case err != nil:
			failed++
			continue
		case policy == "quarantine" || policy == "reject":
			continue
		}
		says := "no DMARC record"
		if policy != "" {
			says = "p=" + policy
		}
		m := claims.and("SenderFromDomain =~ " + kql.Quote(d))
		r := Ranked{Value: d, Label: d + ": " + says, Details: []Detail{}}
		err = x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where(m.where...)+"\n| count", func(row []any) { r.Figure = x.here(m, kql.Integer(row[0])) })
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if failed > 0 && len(out) == 0 {
		return nil, heldError("DNS did not answer, so what your domains publish is not known.")
	}
	return out, nil
}

var ownSpoofed = insight{
	kind: "own_spoofed",
	doc:  "Mail from outside in the name of a domain of the organisation that failed DMARC, or that was found to be forged (Spoof intra-org), by the address it came from.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		own, err := x.ours("SenderFromDomain")
		if err != nil {
			return nil, err
		}
		m := measure{where: []string{`EmailDirection == "Inbound"`, own, `AuthDMARC == "fail" or LatestDetectionTechnologies has "Spoof intra-org"`}}
		n, examples, err := x.tally(ctx, m, "SenderIPv4")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Medium", Title: "Mail is forged in your name",
			Text:   fmt.Sprintf("%s came from outside in your name in %s and %s not yours, or was sent past your own servers.", many(n, "email event", "email events"), x.span(), isAre(n)),
			Figure: x.here(m, n), Unit: "email events", Examples: examples,
			Do: []Deed{x.opens("Show the mail", m), goes("Block the addresses that send nothing of yours", "If one is a service that writes for you, add it to SPF and sign its mail instead", "/policy", "tab", "list")},
		}, nil
	},
}

var lookAlikes = insight{
	kind: "look_alikes",
	doc:  "Mail from domains that look like one of yours or of somebody you know (detection technology Impersonation domain), by the domain.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := threats.and(`LatestDetectionTechnologies has "Impersonation domain"`)
		n, examples, err := x.tally(ctx, m, "SenderFromDomain")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Medium", Title: "Domains that look like yours",
			Text:   fmt.Sprintf("%s in %s came from domains that look like yours or those of partners. Somebody registered them to deceive.", many(n, "email event", "email events"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples,
			Do: []Deed{goes("Block these domains", "", "/policy", "tab", "list"), x.opens("Show the mail", m)},
		}, nil
	},
}

var newDomains = insight{
	kind: "new_domains",
	doc:  "Mail with attachments from outside, of domains that wrote nothing in the 30 days before the range.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		past := x.from.Add(-30 * 24 * time.Hour)
		m := measure{where: []string{`EmailDirection == "Inbound"`, "AttachmentCount > 0",
			"SenderFromDomain !in ((EmailEvents | where " + between(past, x.from) + ` | where EmailDirection == "Inbound" | distinct SenderFromDomain))`}}
		if x.known.Oldest.IsZero() || x.known.Oldest.After(x.from.Add(-7*24*time.Hour)) {
			return nil, heldError("Less than a week of mail is kept from before this range, so every domain would be new.")
		}
		n, examples, err := x.tally(ctx, m, "SenderFromDomain")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Low", Title: "New senders with attachments",
			Text:   fmt.Sprintf("%s with attachments in %s came from domains that wrote nothing in the 30 days before.", many(n, "email event", "email events"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples, Do: []Deed{x.opens("Look through them", m)},
		}, nil
	},
}

var newFamilies = insight{
	kind: "new_families",
	doc:  "Names of malware in mail of the range that no mail of the 90 days before bears.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		past := x.from.Add(-Longest)
		type family struct{ now, before int64 }
		seen, order := map[string]*family{}, []string{}
		question := "EmailEvents" + where(between(past, x.to)) + where(x.mail...) + where(hunt.ViewWhere(hunt.Malware), `ThreatNames != ""`) +
			"\n| summarize Events = count() by Listed = ThreatNames, Now = Timestamp >= " + datetime(x.from) +
			"\n| mv-expand Name = split(Listed, \", \") to typeof(string)\n| summarize Events = sum(Events) by Name, Now\n| sort by Events desc, Name asc"
		err := x.rows(ctx, question, func(row []any) {
			f := seen[kql.Text(row[0])]
			if f == nil {
				f = &family{}
				seen[kql.Text(row[0])] = f
				order = append(order, kql.Text(row[0]))
			}
			if kql.Truth(row[1]) {
				f.now += kql.Integer(row[2])
			} else {
				f.before += kql.Integer(row[2])
			}
		})
		if err != nil {
			return nil, err
		}
		var names, conditions []string
		f := &Finding{Severity: "Medium", Title: "Malware that is new here", Unit: "email events"}
		for _, name := range order {
			if one := seen[name]; one.before == 0 && one.now > 0 && len(names) < 50 {
				names = append(names, name)
				conditions = append(conditions, listed("ThreatNames", name))
				if len(f.Examples) < 5 {
					f.Examples = append(f.Examples, Ranked{Value: name, Label: name, Figure: x.here(malware.and(listed("ThreatNames", name)), one.now), Details: []Detail{}})
				}
			}
		}
		if len(names) == 0 {
			return nil, nil
		}
		m := malware.and(strings.Join(conditions, " or "))
		if err := x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where("("+m.condition()+")")+"\n| count", func(row []any) { f.Figure = x.here(m, kql.Integer(row[0])) }); err != nil {
			return nil, err
		}
		f.Text = fmt.Sprintf("%s of malware came in %s that nobody sent you in the 90 days before: %s.", many(int64(len(names)), "family", "families"), x.span(), strings.Join(names[:min(len(names), 3)], ", "))
		f.Do = []Deed{goes("Read what it does", "", "/intelligence/threats", "find", names[0]), x.opens("Show the mail", m)}
		return f, nil
	},
}

var spamRegions = insight{
	kind: "spam_regions",
	doc:  "Countries from which most spam came, by the country of the sender's address. It needs a GeoIP file.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		m := spam.and(`SenderCountry != ""`, `EmailDirection == "Inbound"`)
		n, examples, err := x.tally(ctx, m, "SenderCountry")
		if err == nil && n == 0 && !x.known.GeoIP {
			return nil, heldError("No GeoIP file is set up (geoip.file), so countries are not known.")
		}
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "Informational", Title: "Where spam comes from",
			Text:   fmt.Sprintf("%s of spam in %s came from known countries, most from %s.", many(n, "email event", "email events"), x.span(), examples[0].Value),
			Figure: x.here(m, n), Unit: "email events", Examples: examples, Do: []Deed{x.opens("Show the spam", m)},
		}, nil
	},
}

var forwardedOutside = insight{
	kind: "forwarded_outside",
	doc:  "Mail that was forwarded out of the organisation by itself: it left although its sender is no domain of yours, or a forwarding of a mailbox led outside.",
	find: func(ctx context.Context, x *answering) (*Finding, error) {
		own, err := x.ours("SenderFromDomain")
		if err != nil {
			return nil, err
		}
		ownTo, _ := x.ours("RecipientDomain")
		m := measure{where: []string{fmt.Sprintf(`(EmailDirection == "Outbound" and SenderFromDomain != "" and not(%s)) or (ForwardingInformation != "" and not(%s))`, own, ownTo)}}
		n, examples, err := x.tally(ctx, m, "RecipientEmailAddress")
		if err != nil || n == 0 {
			return nil, err
		}
		return &Finding{
			Severity: "High", Title: "Mail is forwarded to outside",
			Text:   fmt.Sprintf("%s left the organisation by a forwarding in %s. Attackers who are in a mailbox set up such rules to read on after they are thrown out.", many(n, "email event", "email events"), x.span()),
			Figure: x.here(m, n), Unit: "email events", Examples: examples,
			Do: []Deed{{Label: "Show the mail", Why: "Its first recipient is whose mailbox forwards: open that mailbox to see and remove the rule", Explorer: x.state(m, x.from, x.to)}},
		}, nil
	},
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
