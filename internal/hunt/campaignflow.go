package hunt

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/internal/kql"
)

// Stage of a campaign's way.
type Stage string

// The stages in order. Every email event has one node in each of the first three; what was stopped goes no further.
const (
	BySenderDomain Stage = "sender"   // domain of the sender
	ByPayload      Stage = "payload"  // host of its links, or kind of its files
	ByDelivery     Stage = "delivery" // inbox, junk, blocked
	ByClick        Stage = "click"    // clicked, unclicked
	ByNow          Stage = "now"      // removed, junk, still
)

// Node is a place on the way. The zero Node is none: all mail.
type Node struct {
	Stage Stage
	Value string   // Others for those that are not in Except
	But   []string // with Others: the values that have nodes of their own
}

// Others is the value of the node for what has none of its own.
const Others = "*"

// maxNodes is how many values of the sender and payload stages have nodes of their own.
const maxNodes = 7

// filesThatLure are no pictures: a logo is no payload.
const filesThatLure = `FileExtension !in ("png", "jpg", "jpeg", "gif", "bmp", "svg", "webp", "ics", "p7s", "asc", "")`

const nothing = "no link or file"

// payloads give each message of the mail its payload: the first kind of file, else the first host by the alphabet.
func payloads(mail string) (files, hosts string) {
	return "EmailAttachmentInfo | where " + mail + " and " + filesThatLure + ` | summarize Payload = strcat("file .", min(tolower(FileExtension))) by NetworkMessageId`,
		"EmailUrlInfo | where " + mail + ` and UrlDomain != "" | summarize Payload = min(UrlDomain) by NetworkMessageId`
}

// condition is the node's over EmailEvents; mail is the condition for the campaign.
func (n Node) condition(mail string) (string, error) {
	list := func() string {
		quoted := make([]string, len(n.But))
		for i, v := range n.But {
			quoted[i] = kql.Quote(v)
		}
		return "(" + strings.Join(quoted, ", ") + ")"
	}
	switch n.Stage {
	case "":
		return "", nil
	case BySenderDomain:
		if n.Value == Others {
			return "SenderFromDomain !in " + list(), nil
		}
		return "SenderFromDomain == " + kql.Quote(n.Value), nil
	case ByPayload:
		return n.payload(mail, list()), nil
	case ByDelivery:
		if c, ok := map[string]string{"inbox": toInbox, "junk": toJunk, "blocked": toNowhere}[n.Value]; ok {
			return c, nil
		}
	case ByClick:
		reached := outcomeKQL + ` != "blocked"`
		switch n.Value {
		case "clicked":
			return reached + " and " + clickedIn(mail), nil
		case "unclicked":
			return reached + " and not(" + clickedIn(mail) + ")", nil
		}
	case ByNow:
		if c, ok := map[string]string{"removed": nowGone, "junk": nowJunk, "still": nowThere}[n.Value]; ok {
			return c, nil
		}
	}
	return "", inputError("node", "%q has no place %q", string(n.Stage), n.Value)
}

func (n Node) payload(mail, list string) string {
	files, hosts := payloads(mail)
	in := func(q, where string) string {
		if where != "" {
			where = " | where " + where
		}
		return "NetworkMessageId in ((" + q + where + " | project NetworkMessageId))"
	}
	withFile, withHost := in(files, ""), in(hosts, "")
	switch {
	case n.Value == nothing:
		return "not(" + withFile + ") and not(" + withHost + ")"
	case n.Value == Others:
		other := "Payload !in " + list
		c := "(" + in(files, other) + " or (not(" + withFile + ") and " + in(hosts, other) + ")"
		if !slices.Contains(n.But, nothing) {
			c += " or (not(" + withFile + ") and not(" + withHost + "))"
		}
		return c + ")"
	case strings.HasPrefix(n.Value, "file ."):
		return in(files, "Payload == "+kql.Quote(n.Value))
	}
	return "not(" + withFile + ") and " + in(hosts, "Payload == "+kql.Quote(n.Value))
}

// FlowNode is a node with how many email events pass it.
type FlowNode struct {
	Node
	Counted
}

// FlowEdge leads from a node of one stage to one of a later stage; both are places in Flow.Nodes.
type FlowEdge struct {
	From, To int
	Value    int64
}

// Flow is the way of a campaign's mail: who sent it, what it brought, where it went, who clicked, what is now.
type Flow struct {
	Answer
	Nodes []FlowNode
	Edges []FlowEdge
	Total int64
}

// CampaignFlow counts the mail of a campaign on its way.
func (x *Explorer) CampaignFlow(ctx context.Context, id string) (*Flow, error) {
	base, _, err := x.campaignBase(id, Node{})
	if err != nil {
		return nil, err
	}
	mail := mailOfCampaign(id)
	files, hosts := payloads(mail)
	q, err := pipe(base, `| extend Clicked = %s | extend Now = %s, Delivery = case(%s, "junk", %s, "blocked", "inbox")
| join kind=leftouter (%s | project NetworkMessageId, FilePayload = Payload) on NetworkMessageId
| join kind=leftouter (%s | project NetworkMessageId, HostPayload = Payload) on NetworkMessageId
| extend Payload = case(isnotempty(FilePayload), FilePayload, isnotempty(HostPayload), HostPayload, %s)
| summarize Events = count() by SenderFromDomain, Payload, Delivery, Clicked, Now
| sort by Events desc, SenderFromDomain asc, Payload asc, Delivery asc, Clicked asc, Now asc`, clickedIn(mail), outcomeKQL, toJunk, toNowhere, files, hosts, kql.Quote(nothing))
	if err != nil {
		return nil, err
	}
	var ways []way
	err = x.run(ctx, q, func(v []any) error {
		w := way{n: kql.Integer(v[5])}
		w.at[0], w.at[1], w.at[2], w.at[3] = kql.Text(v[0]), kql.Text(v[1]), kql.Text(v[2]), "unclicked"
		if c, _ := v[3].(bool); c {
			w.at[3] = "clicked"
		}
		switch kql.Text(v[4]) {
		case "blocked": // the way ends there
			w.at[3] = ""
		case "removed":
			w.at[4] = "removed"
		case "junked":
			w.at[4] = "junk"
		default:
			w.at[4] = "still"
		}
		ways = append(ways, w)
		return nil
	})
	if err != nil {
		return nil, err
	}
	f := fold(ways)
	f.KQL = q.String()
	for i := range f.Nodes {
		n := &f.Nodes[i]
		c, err := n.Node.condition(mail)
		if err != nil {
			return nil, err
		}
		n.Unit, n.Filter = Deliveries, CampaignFilter(id, c)
		n.KQL = n.Filter + " | count"
	}
	return f, nil
}

var stages = [...]Stage{BySenderDomain, ByPayload, ByDelivery, ByClick, ByNow}

// way is how many events went through the same places; "" where the way has ended.
type way struct {
	at [len(stages)]string
	n  int64
}

// fold makes nodes and edges of ways, with one node for the senders and payloads behind the largest.
func fold(ways []way) *Flow {
	f := &Flow{}
	var but [2][]string
	for s := range but {
		counts := map[string]int64{}
		for _, w := range ways {
			counts[w.at[s]] += w.n
		}
		names := make([]string, 0, len(counts))
		for v := range counts {
			names = append(names, v)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		but[s] = names
		if len(names) > maxNodes+1 { // a node for one other says less than the other
			but[s] = names[:maxNodes]
			for i := range ways {
				if !slices.Contains(but[s], ways[i].at[s]) {
					ways[i].at[s] = Others
				}
			}
		}
	}
	place := map[[2]string]int{}
	edges := map[[2]int]int64{}
	for _, w := range ways {
		f.Total += w.n
		last := -1
		for s, v := range w.at {
			if v == "" && s > 0 {
				continue
			}
			key := [2]string{string(stages[s]), v}
			i, ok := place[key]
			if !ok {
				i = len(f.Nodes)
				place[key] = i
				n := Node{Stage: stages[s], Value: v}
				if v == Others && s < len(but) {
					n.But = but[s]
				}
				f.Nodes = append(f.Nodes, FlowNode{Node: n})
			}
			f.Nodes[i].Counted.Value += w.n
			if last >= 0 {
				edges[[2]int{last, i}] += w.n
			}
			last = i
		}
	}
	for e, n := range edges {
		f.Edges = append(f.Edges, FlowEdge{e[0], e[1], n})
	}
	slices.SortFunc(f.Edges, func(a, b FlowEdge) int { return cmp.Or(a.From-b.From, a.To-b.To) })
	return f
}

// RelatedCampaign shares something with a campaign.
type RelatedCampaign struct {
	ID, Name string
	Kind     string // sender_domain, ip, url_host, file
	Value    string
	Messages int64 // of the other campaign that have it
}

// CampaignRelated lists what other campaigns share with this one: senders' domains and addresses, hosts of links, files. Values that shared says anybody can use
// are left out.
func (x *Explorer) CampaignRelated(ctx context.Context, id string, shared func(kind, value string) bool) (out []RelatedCampaign, err error) {
	for _, list := range []string{"file", "url_host", "ip", "sender_domain"} {
		at := campaignLists[list]
		own := at[0] + " | where " + mailOfCampaign(id) + " and isnotempty(" + at[1] + ") | distinct " + at[1]
		// Rows that are there twice are counted once at the end: making them different before costs three times as much.
		q, err := kql.Parse("CampaignInfo | where CampaignId != " + kql.Quote(id) +
			" | join kind=inner (" + at[0] + " | where " + at[1] + " in ((" + own + ")) | project NetworkMessageId, Value = " + at[1] + ") on NetworkMessageId" +
			" | summarize Messages = count_distinct(NetworkMessageId), Name = min(CampaignName) by CampaignId, Value | sort by Messages desc, CampaignId asc, Value asc | take 50")
		if err != nil {
			return nil, queryError(err)
		}
		if err := x.run(ctx, q, func(v []any) error {
			if r := (RelatedCampaign{kql.Text(v[0]), kql.Text(v[3]), list, kql.Text(v[1]), kql.Integer(v[2])}); !shared(list, r.Value) {
				out = append(out, r)
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
