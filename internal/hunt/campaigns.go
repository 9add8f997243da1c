package hunt

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/kql"
)

// Unit is what a count counts, in Explorer's words.
type Unit string

// The units.
const (
	Deliveries Unit = "deliveries" // email events: one message to one recipient
	Messages   Unit = "messages"
	Mailboxes  Unit = "mailboxes"
)

// unitCount is the aggregate of a unit.
var unitCount = map[Unit]string{Deliveries: "count()", Messages: "count_distinct(NetworkMessageId)", Mailboxes: "count_distinct(RecipientEmailAddress)"}

// Counted is a number with the question that it answers. Filter is Explorer's for the mail that was counted: what Count says of it in the unit
// is the number.
type Counted struct {
	Value  int64
	Unit   Unit
	KQL    string
	Filter string
}

// mailOfCampaign is the condition that an event is a campaign's.
func mailOfCampaign(id string) string {
	return "NetworkMessageId in ((CampaignInfo | where CampaignId == " + kql.Quote(id) + " | distinct NetworkMessageId))"
}

// CampaignFilter is Explorer's filter for the mail of a campaign, with more conditions; empty ones are left out.
func CampaignFilter(id string, conditions ...string) string {
	q := emailEvents.Name + " | where " + mailOfCampaign(id)
	for _, c := range conditions {
		if c != "" {
			q += " | where " + c
		}
	}
	return q
}

// pair names an email event in tables that know the recipient by another column.
func pair(recipient string) string {
	return `strcat(NetworkMessageId, " ", tolower(` + recipient + `))`
}

// Conditions of the figures, over EmailEvents. What delivery did adds up to all: inbox, junk and blocked. So does what is now: blocked, removed,
// in a junk folder, and still in an inbox.
const (
	toInbox   = `DeliveryAction !in ("Junked", "Blocked")`
	toJunk    = `DeliveryAction == "Junked"`
	toNowhere = `DeliveryAction == "Blocked"`
	nowGone   = outcomeKQL + ` == "removed"`
	nowJunk   = outcomeKQL + ` == "junked"`
	nowThere  = outcomeKQL + ` !in ("removed", "blocked", "junked")`
)

// clickedIn says of an event that its recipient clicked on a link of the message, among the mail that the condition names.
func clickedIn(mail string) string {
	return pair("RecipientEmailAddress") + ` in ((UrlClickEvents | where ` + mail + ` | distinct Pair = ` + pair("AccountUpn") + `))`
}

func reportedIn(mail string) string {
	return pair("RecipientEmailAddress") + ` in ((UserSubmissions | where ActionType != "UserSubmissionTriage" and ` + mail + ` | distinct Pair = ` + pair("RecipientEmailAddress") + `))`
}

// campaignFigures are the figures of a campaign in order: key, unit, condition.
func campaignFigures(mail string) [][3]string {
	return [][3]string{
		{"messages", string(Messages), ""}, {"recipients", string(Mailboxes), ""}, {"deliveries", string(Deliveries), ""},
		{"inboxed", string(Deliveries), toInbox}, {"junked", string(Deliveries), toJunk}, {"blocked", string(Deliveries), toNowhere},
		{"clicked", string(Deliveries), clickedIn(mail)}, {"reported", string(Deliveries), reportedIn(mail)},
		{"removed", string(Deliveries), nowGone}, {"in_junk", string(Deliveries), nowJunk}, {"still", string(Deliveries), nowThere}, {"targets", string(Mailboxes), "IsPriorityAccount"},
	}
}

// CampaignsAsk says which campaigns a list shows.
type CampaignsAsk struct {
	From, To time.Time // of the mail; To excluded
	Types    []string  // Malware, Phish, Spam; none: all
	Text     string    // in the name, subtype, id or a sender's domain
	Only     []string  // inboxed, clicked, still, targets: campaigns with at least one
	Sort     string    // a key of CampaignSorts; "" is last
	Asc      bool
	Offset   int
	Limit    int
}

// CampaignRow is a campaign in a list: counts of its mail within the range.
type CampaignRow struct {
	ID, Name, Type, Subtype                                                                                       string
	First, Last                                                                                                   time.Time
	Messages, Recipients, Deliveries, Inboxed, Junked, Blocked, Clicked, Removed, InJunk, Still, Targets, Senders int64
	Domains                                                                                                       int64
	Domain                                                                                                        string // one of the senders'
}

// CampaignList is one page.
type CampaignList struct {
	Answer
	Rows  []CampaignRow
	Total int64
}

// CampaignSorts are the columns of a list by their key.
var CampaignSorts = map[string]string{
	"name": "CampaignName", "type": "CampaignType", "first": "First", "last": "Last", "messages": "Messages", "recipients": "Recipients", "inboxed": "Inboxed", "junked": "Junked",
	"blocked": "Blocked", "clicked": "Clicked", "removed": "Removed", "in_junk": "InJunk", "still": "Still", "targets": "Targets",
}

// maxCampaigns is how many a list reaches.
const maxCampaigns = 5000

// Campaigns lists campaigns by their mail of a range of time.
func (x *Explorer) Campaigns(ctx context.Context, a CampaignsAsk) (*CampaignList, error) {
	started := time.Now()
	if a.Sort == "" {
		a.Sort = "last"
	}
	by, ok := CampaignSorts[a.Sort]
	if !ok {
		return nil, inputError("sort", "%q is no column of the list", a.Sort)
	}
	if a.From.IsZero() || a.To.IsZero() || !a.From.Before(a.To) {
		return nil, inputError("to", "give a range of time: from, and a later to")
	}
	if a.Offset < 0 || a.Offset > maxCampaigns || a.Limit < 1 {
		return nil, inputError("cursor", "a list reaches %d campaigns; narrow the range", maxCampaigns)
	}
	all, err := kql.Parse(campaignsKQL(&a))
	if err != nil {
		return nil, queryError(err)
	}
	out := &CampaignList{Answer: Answer{KQL: all.String()}}
	total, err := pipe(all, "| count")
	if err != nil {
		return nil, err
	}
	n, err := x.numbers(ctx, total)
	if err != nil {
		return nil, err
	}
	if len(n) == 1 {
		out.Total = n[0]
	}
	order := " desc"
	if a.Asc {
		order = " asc"
	}
	if out.Total > 0 {
		page, err := pipe(all, "| sort by %s%s, CampaignId asc | take %d", by, order, a.Offset+a.Limit)
		if err != nil {
			return nil, err
		}
		row := 0
		if err := x.run(ctx, page, func(v []any) error {
			if row++; row > a.Offset {
				out.Rows = append(out.Rows, campaignRow(v))
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	out.TookMS = time.Since(started).Milliseconds()
	return out, nil
}

// campaignsKQL is the question of a list, but for its order.
func campaignsKQL(a *CampaignsAsk) string {
	span := timeRange(a.From, a.To)
	info := "CampaignInfo " + span
	if len(a.Types) > 0 {
		quoted := make([]string, len(a.Types))
		for i, t := range a.Types {
			quoted[i] = kql.Quote(t)
		}
		info += " | where CampaignType in (" + strings.Join(quoted, ", ") + ")"
	}
	known := "NetworkMessageId in ((" + info + " | distinct NetworkMessageId))"
	text, said := kql.Quote(a.Text), "" // said counts the mail from domains that hold the text: a campaign may have many
	if a.Text != "" {
		said = ", Said = countif(SenderFromDomain contains " + text + ")"
	}
	q := emailEvents.Name + " " + span +
		" | join kind=inner (" + info + " | distinct NetworkMessageId, CampaignId) on NetworkMessageId" +
		" | extend Clicks = " + clickedIn(known) +
		" | extend Now = " + outcomeKQL +
		" | summarize First = min(Timestamp), Last = max(Timestamp), Messages = count_distinct(NetworkMessageId), Recipients = count_distinct(RecipientEmailAddress), Deliveries = count()," +
		" Inboxed = countif(" + toInbox + "), Junked = countif(" + toJunk + "), Blocked = countif(" + toNowhere + "), Clicked = countif(Clicks)," +
		` Removed = countif(Now == "removed"), InJunk = countif(Now == "junked"), Still = countif(Now !in ("removed", "blocked", "junked")), Targets = count_distinctif(RecipientEmailAddress, IsPriorityAccount),` +
		" Senders = count_distinct(SenderFromAddress), Domains = count_distinct(SenderFromDomain), Domain = min(SenderFromDomain)" + said + " by CampaignId" +
		" | join kind=inner (" + info + " | summarize arg_min(Timestamp, CampaignName, CampaignSubtype), CampaignType = min(CampaignType) by CampaignId | project-away Timestamp) on CampaignId"
	if a.Text != "" {
		q += " | where CampaignName contains " + text + " or CampaignSubtype contains " + text + " or CampaignId == " + text + " or Said > 0"
	}
	for _, only := range a.Only {
		switch only {
		case "inboxed":
			q += " | where Inboxed > 0"
		case "clicked":
			q += " | where Clicked > 0"
		case "still":
			q += " | where Still > 0"
		case "targets":
			q += " | where Targets > 0"
		}
	}
	return q + " | project CampaignId, CampaignName, CampaignType, CampaignSubtype, First, Last, Messages, Recipients, Deliveries, Inboxed, Junked, Blocked, Clicked, Removed, InJunk, Still, Targets, Senders, Domains, Domain"
}

func campaignRow(v []any) CampaignRow {
	r := CampaignRow{ID: kql.Text(v[0]), Name: kql.Text(v[1]), Type: kql.Text(v[2]), Subtype: kql.Text(v[3])}
	r.First, _ = v[4].(time.Time)
	r.Last, _ = v[5].(time.Time)
	for i, n := range []*int64{&r.Messages, &r.Recipients, &r.Deliveries, &r.Inboxed, &r.Junked, &r.Blocked, &r.Clicked, &r.Removed, &r.InJunk, &r.Still, &r.Targets, &r.Senders, &r.Domains} {
		*n = kql.Integer(v[6+i])
	}
	r.Domain = kql.Text(v[19])
	return r
}

// CampaignHead is what a campaign is called and when it was.
type CampaignHead struct {
	ID, Name, Type, Subtype string
	First, Last             time.Time
	Domains, Senders        int64
	Domain                  string
}

// CampaignHead returns it, ErrNotFound when no mail is kept of the campaign.
func (x *Explorer) CampaignHead(ctx context.Context, id string) (h CampaignHead, err error) {
	q, err := kql.Parse("CampaignInfo | where CampaignId == " + kql.Quote(id) + " | summarize Rows = count(), First = min(Timestamp), Last = max(Timestamp), CampaignType = min(CampaignType), arg_min(Timestamp, CampaignName, CampaignSubtype) | project Rows, First, Last, CampaignType, CampaignName, CampaignSubtype")
	if err != nil {
		return h, err
	}
	err = x.run(ctx, q, func(v []any) error {
		if kql.Integer(v[0]) > 0 {
			h.ID, h.Type, h.Name, h.Subtype = id, kql.Text(v[3]), kql.Text(v[4]), kql.Text(v[5])
			h.First, _ = v[1].(time.Time)
			h.Last, _ = v[2].(time.Time)
		}
		return nil
	})
	if err == nil && h.ID == "" {
		return h, ErrNotFound
	}
	if err != nil {
		return h, err
	}
	base, err := kql.Parse(CampaignFilter(id))
	if err != nil {
		return h, err
	}
	if q, err = pipe(base, "| summarize Domains = count_distinct(SenderFromDomain), Senders = count_distinct(SenderFromAddress), Domain = min(SenderFromDomain)"); err != nil {
		return h, err
	}
	return h, x.run(ctx, q, func(v []any) error {
		h.Domains, h.Senders, h.Domain = kql.Integer(v[0]), kql.Integer(v[1]), kql.Text(v[2])
		return nil
	})
}

// CampaignFigures counts the mail of a campaign, by the key of each figure. node narrows it to what flows through a node.
func (x *Explorer) CampaignFigures(ctx context.Context, id string, node Node) (map[string]Counted, error) {
	base, condition, err := x.campaignBase(id, node)
	if err != nil {
		return nil, err
	}
	figures := campaignFigures(mailOfCampaign(id))
	parts := make([]string, len(figures))
	out := make(map[string]Counted, len(figures))
	for i, f := range figures {
		agg, one := unitCount[Unit(f[1])], ""
		if f[2] != "" {
			one = f[2]
			switch Unit(f[1]) {
			case Deliveries:
				agg = "countif(" + f[2] + ")"
			case Mailboxes:
				agg = "count_distinctif(RecipientEmailAddress, " + f[2] + ")"
			}
		}
		parts[i] = fmt.Sprintf("F%d = %s", i, agg)
		filter := CampaignFilter(id, condition, one)
		out[f[0]] = Counted{Unit: Unit(f[1]), Filter: filter, KQL: filter + " | summarize " + unitCount[Unit(f[1])]}
	}
	q, err := pipe(base, "| summarize %s", strings.Join(parts, ", "))
	if err != nil {
		return nil, err
	}
	n, err := x.numbers(ctx, q)
	if err != nil || len(n) != len(figures) {
		return nil, err
	}
	for i, f := range figures {
		c := out[f[0]]
		c.Value = n[i]
		out[f[0]] = c
	}
	return out, nil
}

// campaignBase is the mail of a campaign that flows through a node, and the node's condition.
func (x *Explorer) campaignBase(id string, node Node) (*kql.Query, string, error) {
	condition, err := node.condition(mailOfCampaign(id))
	if err != nil {
		return nil, "", err
	}
	q, err := kql.Parse(CampaignFilter(id, condition))
	return q, condition, queryError(err)
}

// CampaignValue is one value of a list and the mail that has it.
type CampaignValue struct {
	Value, Label string
	Counted
}

// campaignLists are the lists of a campaign: table, column, column of what people call it, and how the value is asked for.
var campaignLists = map[string][3]string{
	"sender": {"EmailEvents", "SenderFromAddress", ""}, "sender_domain": {"EmailEvents", "SenderFromDomain", ""}, "ip": {"EmailEvents", "SenderIPv4", ""}, "ipv6": {"EmailEvents", "SenderIPv6", ""},
	"display_name": {"EmailEvents", "SenderDisplayName", ""}, "subject": {"EmailEvents", "Subject", ""}, "family": {"EmailEvents", "ThreatNames", ""},
	"url": {"EmailUrlInfo", "Url", ""}, "url_host": {"EmailUrlInfo", "UrlDomain", ""}, "file": {"EmailAttachmentInfo", "SHA256", "FileName"},
}

// CampaignLists are their keys, in order.
func CampaignLists() []string {
	return []string{"sender", "sender_domain", "ip", "ipv6", "display_name", "subject", "url_host", "url", "file", "family"}
}

// CampaignList counts the messages of a campaign by the values of one list: the limit commonest. distinct is how many values there are.
func (x *Explorer) CampaignList(ctx context.Context, id string, node Node, list string, limit int) (out []CampaignValue, distinct int64, err error) {
	at, ok := campaignLists[list]
	if !ok {
		return nil, 0, inputError("list", "%q is no list of a campaign", list)
	}
	condition, err := node.condition(mailOfCampaign(id))
	if err != nil {
		return nil, 0, err
	}
	mail := CampaignFilter(id, condition)
	if at[0] != emailEvents.Name {
		mail = at[0] + " | where NetworkMessageId in ((" + mail + " | distinct NetworkMessageId))"
	}
	q, err := kql.Parse(mail + " | where isnotempty(" + at[1] + ")")
	if err != nil {
		return nil, 0, queryError(err)
	}
	label := at[1]
	if at[2] != "" {
		label = at[2]
	}
	counts, err := pipe(q, "| summarize Messages = count_distinct(NetworkMessageId), Label = min(%s) by Value = %s", label, at[1])
	if err != nil {
		return nil, 0, err
	}
	n, err := pipe(counts, "| count")
	if err != nil {
		return nil, 0, err
	}
	if all, err := x.numbers(ctx, n); err != nil {
		return nil, 0, err
	} else if len(all) == 1 {
		distinct = all[0]
	}
	top, err := pipe(counts, "| sort by Messages desc, Value asc | take %d | project Value, Messages, Label", limit)
	if err != nil {
		return nil, 0, err
	}
	err = x.run(ctx, top, func(v []any) error {
		value := kql.Text(v[0])
		has := at[1] + " == " + kql.Quote(value)
		if at[0] != emailEvents.Name {
			has = "NetworkMessageId in ((" + at[0] + " | where " + has + " | distinct NetworkMessageId))"
		}
		filter := CampaignFilter(id, condition, has)
		c := CampaignValue{Value: value, Counted: Counted{Value: kql.Integer(v[1]), Unit: Messages, Filter: filter, KQL: filter + " | summarize " + unitCount[Messages]}}
		if at[2] != "" {
			c.Label = kql.Text(v[2])
		}
		out = append(out, c)
		return nil
	})
	return out, distinct, err
}

// CampaignReader is a recipient of a campaign.
type CampaignReader struct {
	Address                                               string
	Priority                                              bool
	Deliveries, Inboxed, Clicked, Reported, InJunk, Still int64
}

// MaxCampaignReaders is how many recipients are looked at.
const MaxCampaignReaders = 20_000

// CampaignReaders lists who got a campaign's mail, those who clicked and those it lies with first; more says that there are more.
func (x *Explorer) CampaignReaders(ctx context.Context, id string, node Node) (out []CampaignReader, more bool, err error) {
	base, _, err := x.campaignBase(id, node)
	if err != nil {
		return nil, false, err
	}
	mail := mailOfCampaign(id)
	q, err := pipe(base, "| summarize Priority = countif(IsPriorityAccount), Deliveries = count(), Inboxed = countif(%s), Clicked = countif(%s), Reported = countif(%s), InJunk = countif(%s), Still = countif(%s) by RecipientEmailAddress | sort by Clicked desc, Still desc, InJunk desc, Inboxed desc, Deliveries desc, RecipientEmailAddress asc | take %d",
		toInbox, clickedIn(mail), reportedIn(mail), nowJunk, nowThere, MaxCampaignReaders+1)
	if err != nil {
		return nil, false, err
	}
	err = x.run(ctx, q, func(v []any) error {
		out = append(out, CampaignReader{kql.Text(v[0]), kql.Integer(v[1]) > 0, kql.Integer(v[2]), kql.Integer(v[3]), kql.Integer(v[4]), kql.Integer(v[5]), kql.Integer(v[6]), kql.Integer(v[7])})
		return nil
	})
	if len(out) > MaxCampaignReaders {
		out, more = out[:MaxCampaignReaders], true
	}
	return out, more, err
}

// CampaignReasons counts the messages of a campaign by why they belong to it, as they were told.
func (x *Explorer) CampaignReasons(ctx context.Context, id string) (map[string]int64, error) {
	q, err := kql.Parse("CampaignInfo | where CampaignId == " + kql.Quote(id) + " | summarize Messages = count_distinct(NetworkMessageId) by Likeness | sort by Messages desc | take 1000")
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	return out, x.run(ctx, q, func(v []any) error {
		out[kql.Text(v[0])] = kql.Integer(v[1])
		return nil
	})
}

// CampaignMember is a message of a campaign and the campaign it was in before a person merged it.
type CampaignMember struct{ ID, Original string }

// CampaignMembers lists messages of a campaign: the named ones, or those that have a value; at most limit and one more. All counts those of the whole.
func (x *Explorer) CampaignMembers(ctx context.Context, id string, messages []string, field, value string, limit int) (out []CampaignMember, all int64, err error) {
	info := "CampaignInfo | where CampaignId == " + kql.Quote(id)
	whole, err := kql.Parse(info + " | summarize count_distinct(NetworkMessageId)")
	if err != nil {
		return nil, 0, err
	}
	n, err := x.numbers(ctx, whole)
	if err != nil || len(n) != 1 {
		return nil, 0, err
	}
	has := ""
	switch field {
	case "":
		quoted := make([]string, len(messages))
		for i, m := range messages {
			quoted[i] = kql.Quote(m)
		}
		if len(quoted) == 0 {
			return nil, n[0], nil
		}
		has = "NetworkMessageId in (" + strings.Join(quoted, ", ") + ")"
	case "SenderFromAddress", "SenderFromDomain", "Subject":
		has = "NetworkMessageId in ((EmailEvents | where " + field + " == " + kql.Quote(value) + " | distinct NetworkMessageId))"
	case "UrlDomain":
		has = "NetworkMessageId in ((EmailUrlInfo | where UrlDomain == " + kql.Quote(value) + " | distinct NetworkMessageId))"
	case "SHA256":
		has = "NetworkMessageId in ((EmailAttachmentInfo | where SHA256 == " + kql.Quote(value) + " | distinct NetworkMessageId))"
	default:
		return nil, 0, inputError("field", "%q is nothing to split by", field)
	}
	q, err := kql.Parse(info + " | where " + has + " | summarize Original = min(OriginalCampaignId) by NetworkMessageId | sort by NetworkMessageId asc | take " + fmt.Sprint(limit+1))
	if err != nil {
		return nil, 0, queryError(err)
	}
	err = x.run(ctx, q, func(v []any) error {
		out = append(out, CampaignMember{kql.Text(v[0]), kql.Text(v[1])})
		return nil
	})
	return out, n[0], err
}

// CampaignOf lists the campaigns of a message: id and name.
func (x *Explorer) CampaignOf(ctx context.Context, message string) (out [][2]string, err error) {
	err = x.about(ctx, "CampaignInfo", []string{message}, "| distinct CampaignId, CampaignName | sort by CampaignId asc | take 5", func(v []any) error {
		if id := kql.Text(v[0]); !slices.ContainsFunc(out, func(o [2]string) bool { return o[0] == id }) {
			out = append(out, [2]string{id, kql.Text(v[1])})
		}
		return nil
	})
	return out, err
}
