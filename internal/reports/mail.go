package reports

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"tocsin/internal/dashboard"
	"tocsin/internal/detect"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// Conditions over EmailEvents that several reports share.
var (
	malware  = part{"malware", "Malware", "Mail with malware, at delivery or by the latest judgement", hunt.ViewWhere(hunt.Malware)}
	phish    = part{"phish", "Phish", "Phish, at delivery or by the latest judgement", hunt.ViewWhere(hunt.Phish)}
	spam     = part{"spam", "Spam", "Spam, at delivery or by the latest judgement", `ThreatTypes has "Spam" or LatestThreatTypes has "Spam"`}
	threats  = []part{malware, phish, spam}
	threat   = `ThreatTypes != "" or LatestThreatTypes != ""`
	stopped  = `(` + hunt.OutcomeWhere(hunt.Blocked) + `) or (` + hunt.OutcomeWhere(hunt.Junked) + `) or (` + hunt.OutcomeWhere(hunt.Replaced) + `)`
	outcomes = outcomeParts()
)

func outcomeParts() (out []part) {
	for _, o := range hunt.Outcomes {
		out = append(out, part{string(o.Key), o.Label, "", hunt.OutcomeWhere(o.Key)})
	}
	return out
}

// found is the condition that one of the technologies found something.
func found(by ...detect.Technology) string {
	names := make([]string, len(by))
	for i, t := range by {
		names[i] = string(t)
	}
	return "LatestDetectionTechnologies has_any " + anyOf(names)
}

// or is a value, or what stands for none.
func or(none string) func(string) string {
	return func(value string) string { return cmp.Or(value, none) }
}

// became are the columns that say what became of mail, for questions that have made the column Outcome.
const became = `Blocked = countif(Outcome == "blocked"), Junked = countif(Outcome == "junked"), Removed = countif(Outcome == "removed"), StillDelivered = countif(Outcome == "delivered_threat")`

var outcomeColumn = "\n| extend Outcome = " + hunt.OutcomeCase()

var threatProtection = ReportKind{
	Name: "threat-protection", Title: "Threat protection status", Says: "How much mail with a threat came, what found it, and what became of it.",
	Splits: []ReportChoice{{"threat", "Threat"}, {"technology", "Detection technology"}, {"outcome", "Outcome"}},
	fill: func(ctx context.Context, x *making) error {
		list := append([]part{{"threats", "Threats", "Mail with a threat, at delivery or by the latest judgement. Each recipient counts", ""}}, threats...)
		list = append(list, part{"stopped", "Stopped", "Blocked, junked, or delivered without the file, and not out since", stopped},
			part{"removed", "Removed later", "Delivered, and taken out of the mailbox afterwards", hunt.OutcomeWhere(hunt.Removed)},
			part{"delivered", "Still delivered", "In an inbox, and held to be a threat today", hunt.OutcomeWhere(hunt.DeliveredThreat)})
		if err := x.figures(ctx, []string{threat}, list...); err != nil {
			return err
		}
		state := func(p part) *dashboard.ExplorerState { return x.state(threat, p.where) }
		var err error
		switch x.split {
		case "technology":
			err = x.chartValues(ctx, x.emails(threat), "LatestDetectionTechnologies", true, or("Not said"), func(v string) *dashboard.ExplorerState {
				return x.state(threat, lists("LatestDetectionTechnologies", v))
			})
		case "outcome":
			err = x.chartParts(ctx, x.emails(threat), false, outcomes, state)
		default:
			err = x.chartParts(ctx, x.emails(threat), true, threats, state)
		}
		if err != nil {
			return err
		}
		err = x.detail(ctx, ReportTable{Key: "technologies", Title: "By detection technology", Says: "Mail that several found counts for each.",
			Columns: columns("technology|Technology|text", "mail|Email events|number", "blocked|Blocked|number", "junked|Junked|number", "removed|Removed later|number", "still|Still delivered|number")},
			x.emails(threat)+outcomeColumn+"\n| summarize Mail = count(), "+became+" by LatestDetectionTechnologies\n| mv-expand Technology = split(LatestDetectionTechnologies, \", \") to typeof(string)"+
				"\n| summarize Mail = sum(Mail), Blocked = sum(Blocked), Junked = sum(Junked), Removed = sum(Removed), StillDelivered = sum(StillDelivered) by Technology\n| sort by Mail desc, Technology asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return x.state(threat, lists("LatestDetectionTechnologies", kql.Text(row[0]))), ""
			})
		if err != nil {
			return err
		}
		const latest = `iff(LatestThreatTypes != "", LatestThreatTypes, ThreatTypes)`
		return x.detail(ctx, ReportTable{Key: "details", Title: "Details", Says: "Mail of one day with the same threat, found by the same technologies, with the same outcome.",
			Columns: columns("day|Day (UTC)|day", "threat|Threat|text", "technologies|Found by|text", "outcome|Outcome|text", "mail|Email events|number")},
			x.emails(threat)+outcomeColumn+fmt.Sprintf("\n| summarize Mail = count() by Day = bin(Timestamp, 1d), Threat = %s, LatestDetectionTechnologies, Outcome\n| sort by Day desc, Mail desc, Threat asc, LatestDetectionTechnologies asc, Outcome asc", latest),
			func(row []any) (*dashboard.ExplorerState, string) {
				o := named(outcomes, kql.Text(row[3]))
				s := x.onDay(x.state(threat, is(latest, kql.Text(row[1])), is("LatestDetectionTechnologies", kql.Text(row[2])), o.where), kql.Moment(row[0]))
				row[3] = o.label
				return s, ""
			})
	},
}

// places are what became of mail, in words of delivery. They add up to all mail.
var places = []part{
	{"delivered", "Delivered", "In an inbox, as it came", `(` + hunt.OutcomeWhere(hunt.Delivered) + `) or (` + hunt.OutcomeWhere(hunt.DeliveredThreat) + `)`},
	{"junked", "Junked", "In a junk folder", hunt.OutcomeWhere(hunt.Junked)},
	{"replaced", "Replaced", "In an inbox, without the file that was dangerous", hunt.OutcomeWhere(hunt.Replaced)},
	{"quarantined", "Quarantined", "Stopped at delivery and kept in quarantine", `(` + hunt.OutcomeWhere(hunt.Blocked) + `) and DeliveryLocation == "Quarantine"`},
	{"blocked", "Blocked", "Refused or dropped at delivery", `(` + hunt.OutcomeWhere(hunt.Blocked) + `) and DeliveryLocation != "Quarantine"`},
	{"removed", "Removed later", "Delivered, and taken out of the mailbox afterwards", hunt.OutcomeWhere(hunt.Removed)},
}

var ways = []part{
	{"Inbound", "Received", "", `EmailDirection == "Inbound"`},
	{"Outbound", "Sent", "", `EmailDirection == "Outbound"`},
	{"Intra-org", "Inside", "", `EmailDirection == "Intra-org"`},
	{"Unknown", "Not known", "", `EmailDirection !in ("Inbound", "Outbound", "Intra-org")`},
}

// placeCase is the place of a message as an expression.
var placeCase = func() string {
	var b strings.Builder
	for _, p := range places {
		fmt.Fprintf(&b, "%s, %q, ", p.where, p.key)
	}
	return "case(" + b.String() + `"")`
}()

var disposition = ReportKind{
	Name: "message-disposition", Title: "Message disposition", Says: "What became of all mail: received, sent and inside.",
	Splits: []ReportChoice{{"disposition", "Disposition"}, {"direction", "Direction"}},
	fill: func(ctx context.Context, x *making) error {
		list := append([]part{{"all", "All mail", "All mail that was judged. Each recipient counts", ""}}, places...)
		if err := x.figures(ctx, nil, list...); err != nil {
			return err
		}
		parts := places
		if x.split == "direction" {
			parts = ways
		}
		if err := x.chartParts(ctx, x.emails(), false, parts, func(p part) *dashboard.ExplorerState { return x.state(p.where) }); err != nil {
			return err
		}
		err := x.detail(ctx, ReportTable{Key: "dispositions", Title: "By direction", Says: "Mail of one direction with the same disposition.",
			Columns: columns("direction|Direction|text", "disposition|Disposition|text", "mail|Email events|number", "threats|With a threat|number", "people|Recipients|number")},
			x.emails()+"\n| extend Way = iff(EmailDirection in (\"Inbound\", \"Outbound\", \"Intra-org\"), EmailDirection, \"Unknown\"), Disposition = "+placeCase+
				"\n| summarize Mail = count(), Threats = countif("+threat+"), People = count_distinct(RecipientEmailAddress) by Way, Disposition\n| project Way, Disposition, Mail, Threats, People\n| sort by Way asc, Mail desc, Disposition asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				way, place := named(ways, kql.Text(row[0])), named(places, kql.Text(row[1]))
				row[0], row[1] = way.label, place.label
				return x.state(way.where, place.where), ""
			})
		if err != nil {
			return err
		}
		return x.detail(ctx, ReportTable{Key: "policies", Title: "By what decided", Says: "Mail that one kind of policy, or one override, decided about.",
			Columns: columns("policy|Policy|text", "override|Override|text", "action|What was done at delivery|text", "mail|Email events|number")},
			x.emails()+"\n| summarize Mail = count() by EmailActionPolicy, OrgLevelPolicy, DeliveryAction\n| sort by Mail desc, EmailActionPolicy asc, OrgLevelPolicy asc, DeliveryAction asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return x.state(is("EmailActionPolicy", kql.Text(row[0])), is("OrgLevelPolicy", kql.Text(row[1])), is("DeliveryAction", kql.Text(row[2]))), ""
			})
	},
}

// spoofed is mail from outside that uses a domain without proving that it may.
var spoofed = `EmailDirection == "Inbound" and (AuthDMARC == "fail" or ` + found(detect.SpoofIntraOrg, detect.SpoofExternalDomain, detect.SpoofDMARC) + `)`

var spoofMail = ReportKind{
	Name: "spoof-mail", Title: "Spoof mail", Says: "Who sends in the name of our domains and of others' without proof, and what became of it.",
	Splits: []ReportChoice{{"whose", "Whose domain"}, {"dmarc", "DMARC result"}, {"outcome", "Outcome"}},
	fill: func(ctx context.Context, x *making) error {
		own := part{"own", "Our domains", "Mail from outside whose From is a domain of the organisation", "SenderFromDomain in~ " + anyOf(x.opt.Domains)}
		other := part{"other", "Other domains", "Mail in the name of somebody else's domain", "SenderFromDomain !in~ " + anyOf(x.opt.Domains)}
		if len(x.opt.Domains) == 0 {
			own.where, other.where = "false", "true"
		}
		err := x.figures(ctx, []string{spoofed}, part{"spoofed", "Spoofed mail", "Mail from outside whose DMARC check fails, or in which a spoofed domain was found. Each recipient counts", ""}, own, other,
			part{"stopped", "Stopped", "Blocked, junked, or delivered without the file, and not out since", stopped},
			part{"removed", "Removed later", "Delivered, and taken out of the mailbox afterwards", hunt.OutcomeWhere(hunt.Removed)},
			part{"delivered", "In inboxes", "In an inbox today, whether it is held to be a threat or not", places[0].where})
		if err != nil {
			return err
		}
		state := func(p part) *dashboard.ExplorerState { return x.state(spoofed, p.where) }
		switch x.split {
		case "dmarc":
			err = x.chartValues(ctx, x.emails(spoofed), "AuthDMARC", false, or("Not checked"), func(v string) *dashboard.ExplorerState { return x.state(spoofed, is("AuthDMARC", v)) })
		case "outcome":
			err = x.chartParts(ctx, x.emails(spoofed), false, outcomes, state)
		default:
			err = x.chartParts(ctx, x.emails(spoofed), false, []part{own, other}, state)
		}
		if err != nil {
			return err
		}
		const server = `iff(SenderIPv4 != "", SenderIPv4, SenderIPv6)`
		return x.detail(ctx, ReportTable{Key: "sources", Title: "Sources", Says: "A domain that was used, the server that sent, and what the checks said.",
			Columns: columns("domain|Domain in From|address", "server|Sent by|address", "spf|SPF|text", "dkim|DKIM|text", "dmarc|DMARC|text", "mail|Email events|number", "blocked|Blocked|number", "junked|Junked|number", "removed|Removed later|number", "still|Still delivered|number", "clean|Delivered, clean|number")},
			x.emails(spoofed)+outcomeColumn+"\n| summarize Mail = count(), "+became+", Clean = countif(Outcome == \"delivered\") by SenderFromDomain, Server = "+server+", AuthSPF, AuthDKIM, AuthDMARC\n| sort by Mail desc, SenderFromDomain asc, Server asc, AuthSPF asc, AuthDKIM asc, AuthDMARC asc",
			func(row []any) (*dashboard.ExplorerState, string) {
				return x.state(spoofed, is("SenderFromDomain", kql.Text(row[0])), is(server, kql.Text(row[1])), is("AuthSPF", kql.Text(row[2])), is("AuthDKIM", kql.Text(row[3])), is("AuthDMARC", kql.Text(row[4]))), ""
			})
	},
}

var topPeople = ReportKind{
	Name: "senders-recipients", Title: "Top senders and recipients", Says: "Who sends and who gets the most mail, malware, phish and spam.",
	Splits: []ReportChoice{{"mail", "All mail"}, {"malware", "Malware"}, {"phish", "Phish"}, {"spam", "Spam"}},
	fill: func(ctx context.Context, x *making) error {
		all := append([]part{{"mail", "All mail", "All mail that was judged. Each recipient counts", "true"}}, threats...)
		if err := x.figures(ctx, nil, all...); err != nil {
			return err
		}
		by := named(all, x.split)
		order, counts := []part{by}, ""
		for _, p := range all {
			if p.key != by.key {
				order = append(order, p)
			}
		}
		heads := make([]string, len(order))
		for i, p := range order {
			heads[i] = p.key + "|" + p.label + "|number"
			counts += fmt.Sprintf("%s = countif(%s), ", identifier(p.key), p.where)
		}
		err := x.chartValues(ctx, x.emails(by.where), "SenderFromAddress", false, or("(no address)"), func(v string) *dashboard.ExplorerState { return x.state(by.where, is("SenderFromAddress", v)) })
		if err != nil {
			return err
		}
		for _, side := range []struct{ key, title, says, column, head string }{
			{"senders", "Senders", "Addresses of From, whoever really sent.", "SenderFromAddress", "address|Sender|address"},
			{"recipients", "Recipients", "Mailboxes, and addresses outside that our people write to.", "RecipientEmailAddress", "address|Recipient|address"},
		} {
			other := map[string]string{"senders": "RecipientEmailAddress", "recipients": "SenderFromAddress"}[side.key]
			label := map[string]string{"senders": "others|Recipients|number", "recipients": "others|Senders|number"}[side.key]
			err := x.detail(ctx, ReportTable{Key: side.key, Title: side.title, Says: side.says, Columns: columns(append(append([]string{side.head}, heads...), label)...)},
				x.emails()+fmt.Sprintf("\n| summarize %sOthers = count_distinct(%s) by %s\n| where %s > 0\n| sort by %s desc, %s asc", counts, other, side.column, identifier(by.key), identifier(by.key), side.column),
				func(row []any) (*dashboard.ExplorerState, string) {
					return x.state(by.where, is(side.column, kql.Text(row[0]))), ""
				})
			if err != nil {
				return err
			}
		}
		return nil
	},
}
