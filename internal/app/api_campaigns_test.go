package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/event"
)

// noticeFrom is one copy of a phishing mailing: from this domain, with a link to this host.
func noticeFrom(n int, domain, host string) []byte {
	page := `<html><body><div><table><tr><td><h1>Notice</h1><p>Dear customer, your account will be suspended within 24 hours because of unusual activity. Verify your password on the page below before the end of the day to keep it. The PayPal security team.</p>` +
		`<a href="https://` + host + `/keep?u=` + fmt.Sprint(n) + `"><b>https://www.paypal.com/signin</b></a></td></tr></table><form action="https://` + host + `/post"><input name="password" type="password"></form><ul><li><span>end</span></li></ul></div></body></html>`
	return letter(`From: "PayPal Security" <support@`+domain+`>`, "To: bob@harbour.test", fmt.Sprintf("Subject: Account notice %d", n), fmt.Sprintf("Message-ID: <%d@%s>", n, domain), "Date: Fri, 2 Jan 2026 03:04:05 +0000",
		"MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8", "", page)
}

// span is all time.
var span = []string{"from", "2020-01-01T00:00:00Z", "to", "2100-01-01T00:00:00Z"}

// equal fails unless Explorer counts as many as the figure says.
func (c caller) equal(t *testing.T, what string, f api.CampaignFigure) {
	t.Helper()
	pairs := []string{"view", f.Explorer.View, "q", f.Explorer.Q}
	if f.Explorer.From != nil {
		if f.Explorer.From.Nanosecond() != 0 || f.Explorer.To.Nanosecond() != 0 {
			t.Errorf("%s: the range %s to %s is finer than an address", what, f.Explorer.From, f.Explorer.To)
		}
		pairs = append(pairs, "from", f.Explorer.From.Format(time.RFC3339Nano), "to", f.Explorer.To.Format(time.RFC3339Nano))
	}
	n := ok[api.Count](c.get(t, "/explorer/count", pairs...))
	if got := map[string]int64{"deliveries": n.Events, "messages": n.Messages, "mailboxes": n.Mailboxes}[f.Unit]; got != f.Value {
		t.Errorf("%s: %d, and Explorer counts %d %s by %s", what, f.Value, got, f.Unit, f.Explorer.Q)
	}
	if rows := c.site.kql(t, f.KQL); len(rows) != 1 || rows[0] != fmt.Sprint(f.Value) {
		t.Errorf("%s: %d, and its KQL answers %v", what, f.Value, rows)
	}
}

// TestCampaignCounts: known mail, known figures; everything adds up, and every number is what Explorer and KQL count.
func TestCampaignCounts(t *testing.T) {
	t.Parallel()
	s := open(t, boss)
	c := s.as(t, auth.SecurityReader)
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	var b event.Batch
	// Twelve deliveries of ten senders: three to the inbox (one removed since), two to junk, seven blocked (one let go since). Every second has a file.
	for i := range 12 {
		when := at.Add(time.Duration(i) * time.Minute)
		id := timeID(when, i)
		to := []string{"bob@harbour.test", "cat@harbour.test", "far@harbour.test"}[i%3]
		e := event.EmailEvent{Timestamp: when, NetworkMessageId: id, RecipientEmailAddress: to, Subject: "Parcel fee", SenderFromAddress: fmt.Sprintf("a@s%d.test", i%10), SenderFromDomain: fmt.Sprintf("s%d.test", i%10), SenderIPv4: "192.0.2.7",
			ThreatTypes: "Phish", LatestThreatTypes: "Phish", DeliveryAction: "Blocked", DeliveryLocation: "Quarantine", LatestDeliveryLocation: "Quarantine", IsPriorityAccount: to == "bob@harbour.test",
			To: []string{}, Cc: []string{}, AdditionalFields: "{}", ReportId: id, LastEventExecutionTime: when}
		switch {
		case i < 3:
			e.DeliveryAction, e.DeliveryLocation, e.LatestDeliveryLocation = "Delivered", "Inbox/folder", "Inbox/folder"
			if i == 2 {
				e.LatestDeliveryLocation = "Quarantine"
			}
		case i < 5:
			e.DeliveryAction, e.DeliveryLocation, e.LatestDeliveryLocation = "Junked", "Junk folder", "Junk folder"
		case i == 5:
			e.LatestDeliveryLocation = "Inbox/folder"
		}
		b.Emails = append(b.Emails, e)
		b.Urls = append(b.Urls, event.EmailUrl{Timestamp: when, NetworkMessageId: id, Url: fmt.Sprintf("https://h%d.test/%d", i%2, i), UrlDomain: fmt.Sprintf("h%d.test", i%2), UrlLocation: "Body", ReportId: id})
		if i%2 == 0 {
			b.Attachments = append(b.Attachments, event.EmailAttachment{Timestamp: when, NetworkMessageId: id, RecipientEmailAddress: to, FileName: "fee.html", FileExtension: "html", SHA256: strings.Repeat("ab", 32), ReportId: id})
		}
		b.Campaigns = append(b.Campaigns, event.Campaign{Timestamp: when, CampaignName: "Parcel fee", CampaignId: "c7", OriginalCampaignId: "c7", CampaignType: "Phish", NetworkMessageId: id, RecipientEmailAddress: to, Likeness: "30 of 32 text samples alike, same subject, numbers and names aside"})
	}
	// Bob clicked twice on one message, cat reported one, and somebody else clicked on a message that is not theirs.
	click := func(i int, who string) event.UrlClick {
		return event.UrlClick{Timestamp: at.Add(2 * time.Hour), AccountUpn: who, NetworkMessageId: b.Emails[i].NetworkMessageId, ActionType: "ClickAllowed", ReportId: fmt.Sprint("c", i, who, len(b.Clicks))}
	}
	b.Clicks = append(b.Clicks, click(0, "BOB@harbour.test"))
	b.Clicks = append(b.Clicks, click(0, "bob@harbour.test"))
	b.Clicks = append(b.Clicks, click(1, "else@harbour.test"))
	b.Submissions = []event.UserSubmission{{Timestamp: at.Add(time.Hour), ActionType: "UserSubmission", NetworkMessageId: b.Emails[1].NetworkMessageId, RecipientEmailAddress: "cat@harbour.test", ReportId: "r"}}
	if err := s.Events().Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	list := ok[api.CampaignPage](c.get(t, "/campaigns", span...))
	if len(list.Campaigns) != 1 || list.Total != 1 || list.Coverage.Missing != "" {
		t.Fatalf("%+v", list)
	}
	l := list.Campaigns[0]
	if got := fmt.Sprint(l.Name, l.From, l.Type, l.Messages, l.Recipients, l.Deliveries, l.Inboxed, l.Junked, l.Blocked, l.Clicked, l.Removed, l.InJunk, l.Still, l.Targets); got != fmt.Sprint("Parcel fee", "10 sender domains", "Phish", 12, 3, 12, 3, 2, 7, 1, 1, 2, 3, 1) {
		t.Errorf("the list says %s", got)
	}
	for filter, want := range map[string]int{"inboxed": 1, "clicked": 1, "still": 1, "targets": 1} {
		if n := len(ok[api.CampaignPage](c.get(t, "/campaigns", append(slices.Clone(span), "only", filter, "type", "Phish", "text", "s0.TEST")...)).Campaigns); n != want {
			t.Errorf("only %s: %d campaigns", filter, n)
		}
	}
	if n := len(ok[api.CampaignPage](c.get(t, "/campaigns", append(slices.Clone(span), "type", "Malware")...)).Campaigns); n != 0 {
		t.Errorf("%d of malware", n)
	}
	d := ok[api.CampaignDetail](c.get(t, "/campaigns/c7"))
	for k, want := range map[string]int64{"messages": 12, "recipients": 3, "deliveries": 12, "inboxed": 3, "junked": 2, "blocked": 7, "clicked": 1, "reported": 1, "removed": 1, "in_junk": 2, "still": 3, "targets": 1} {
		if d.Figures[k].Value != want {
			t.Errorf("%s: %d, want %d", k, d.Figures[k].Value, want)
		}
		c.equal(t, k, d.Figures[k])
	}
	stage, into, from := map[string]int64{}, map[int]int64{}, map[int]int64{}
	for _, e := range d.Flow.Edges {
		from[e.From] += e.Value
		into[e.To] += e.Value
	}
	at2 := map[string]int64{}
	for i, n := range d.Flow.Nodes {
		stage[n.Stage] += n.Value
		at2[n.Stage+":"+n.Name] = n.Value
		c.equal(t, n.Stage+":"+n.Name, n.CampaignFigure)
		if n.Stage != "sender" && into[i] != n.Value || n.Stage != "now" && n.Name != "blocked" && from[i] != n.Value {
			t.Errorf("%s:%s has %d, %d come and %d go", n.Stage, n.Name, n.Value, into[i], from[i])
		}
	}
	if stage["sender"] != 12 || stage["payload"] != 12 || stage["delivery"] != 12 || stage["click"] != 6 || stage["now"] != 6 {
		t.Errorf("stages %v", stage)
	}
	for k, want := range map[string]int64{"sender:s0.test": 2, "sender:*": 3, "payload:file .html": 6, "payload:h1.test": 6, "delivery:inbox": 3, "click:clicked": 1, "now:removed": 1, "now:junk": 2, "now:still": 3} {
		if at2[k] != want {
			t.Errorf("node %s has %d, want %d: %v", k, at2[k], want, at2)
		}
	}
	for _, list := range d.Lists {
		for _, v := range list.Values {
			c.equal(t, list.Key+" "+v.Text, v.CampaignFigure)
		}
	}
	if len(d.Reasons) != 2 || d.Reasons[0].Messages != 12 || d.Reasons[0].Text+d.Reasons[1].Text != "30 of 32 text samples alikesame subject, numbers and names aside" {
		t.Errorf("reasons %+v", d.Reasons)
	}
	// In Explorer's filter the campaign is a chip with its name, and the chip is the same filter again.
	type chips struct {
		Chips []api.Chip `json:"chips"`
	}
	filter := ok[api.Filter](c.post(t, "/explorer/filter", map[string]string{"kql": d.Figures["junked"].Explorer.Q}))
	if got := fmt.Sprint(filter.Chips); got != "[{DeliveryAction is [Junked] []} {CampaignId is [c7] [Parcel fee]}]" {
		t.Errorf("chips %s", got)
	}
	for want, chip := range map[int64]api.Chip{12: {Field: "CampaignId", Op: "is", Values: []string{"c7", `c"8`}}, 0: {Field: "CampaignId", Op: "is_not", Values: []string{"c7"}}} {
		f := ok[api.Filter](c.post(t, "/explorer/filter", chips{[]api.Chip{chip}}))
		if n := ok[api.Count](c.get(t, "/explorer/count", "q", f.KQL, "from", "2025-01-01T00:00:00Z", "to", "2035-01-01T00:00:00Z")); n.Events != want || len(f.Chips) != 1 || f.Chips[0].Op != chip.Op || !slices.Equal(f.Chips[0].Values, chip.Values) {
			t.Errorf("%v: %d events of %+v", chip, n.Events, f)
		}
	}
	// Narrowed to a node, all of it is about that node's mail.
	few := ok[api.CampaignDetail](c.get(t, "/campaigns/c7", "node", "sender:*"))
	if few.Figures["deliveries"].Value != 3 || few.Flow.Total != 12 {
		t.Errorf("of the other senders: %d deliveries, %d in the flow", few.Figures["deliveries"].Value, few.Flow.Total)
	}
	c.equal(t, "narrowed", few.Figures["blocked"])
	c.get(t, "/campaigns/c7", "node", "weather:rain").want(http.StatusUnprocessableEntity)
	c.get(t, "/campaigns/c8").want(http.StatusNotFound)
}

// TestCampaignSplitAndMerge takes a mailing in, has a person split and merge it, and lets later mail, judging again, a restart and undoing find
// what the person said.
func TestCampaignSplitAndMerge(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader, c := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator)
	send := func(n int, domain, host string) string {
		s.clock.move(time.Second)
		return s.take(t, noticeFrom(n, domain, host), "bob@harbour.test")
	}
	one := send(1, "one.test", "a.test")
	send(2, "one.test", "a.test")
	send(3, "two.test", "b.test")
	send(4, "two.test", "b.test")
	campaigns := func() string {
		rows := s.kql(t, "CampaignInfo | summarize Messages = count_distinct(NetworkMessageId) by CampaignId, CampaignName | sort by CampaignName asc | project CampaignName, Messages")
		return strings.Join(rows, ", ")
	}
	id := func(name string) string {
		rows := s.kql(t, `CampaignInfo | where CampaignName == "`+name+`" | distinct CampaignId`)
		if len(rows) != 1 {
			t.Fatalf("%q has ids %v", name, rows)
		}
		return rows[0]
	}
	first := campaigns()
	if !strings.HasSuffix(first, "4") || strings.Contains(first, ",") {
		t.Fatalf("campaigns %q", first)
	}
	was := strings.TrimSuffix(first, "4")
	whole := id(strings.TrimSpace(was))
	name := strings.TrimSpace(was)
	reader.post(t, "/campaigns/"+whole+"/split", api.CampaignSplit{Field: "UrlDomain", Value: "b.test", Name: "x", Note: "y"}).want(http.StatusForbidden)
	c.post(t, "/campaigns/"+whole+"/split", api.CampaignSplit{Field: "UrlDomain", Value: "none.test", Name: "x", Note: "y"}).want(http.StatusUnprocessableEntity)
	c.post(t, "/campaigns/"+whole+"/split", api.CampaignSplit{Field: "Subject", Value: "Account notice 1", Name: "x", Note: "y", Messages: []string{one}}).want(http.StatusUnprocessableEntity)
	split := ok[api.CampaignDecided](c.post(t, "/campaigns/"+whole+"/split", api.CampaignSplit{Field: "UrlDomain", Value: "b.test", Name: "B pages", Note: "another kit"}))
	want := func(what, want string) {
		t.Helper()
		if got := campaigns(); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	b := strings.Replace(was, name, "B pages", 1)
	want("split", sorted(was+"2", b+"2"))
	// Later mail with the mark goes there, whatever sender it comes from; without it, to the rest.
	send(5, "three.test", "b.test")
	send(6, "two.test", "a.test")
	want("later mail", sorted(was+"3", b+"3"))
	// Judged again, the first messages stay where they were put.
	if rows := s.kql(t, `CampaignInfo | where CampaignName == "B pages" | summarize Names = dcount(CampaignName), Ids = dcount(CampaignId), Original = dcount(OriginalCampaignId)`); rows[0] != "1 1 1" {
		t.Errorf("of the split: %v", rows)
	}
	// After a restart too.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	clock := s.clock
	s = open(t, func(x *app.Config, o *app.Options) { x.Data, o.Now = s.dir, clock.now })
	s.clock = clock
	c = s.as(t, auth.SecurityOperator)
	send(7, "four.test", "b.test")
	send(8, "four.test", "a.test")
	want("after a restart", sorted(was+"4", b+"4"))
	// Merged, all of it is one; later mail of either part too.
	merge := ok[api.CampaignDecided](c.post(t, "/campaigns/"+split.Campaign+"/merge", api.CampaignMerge{Into: whole, Note: "one hand after all"}))
	want("merged", was+"8")
	c.post(t, "/campaigns/"+split.Campaign+"/merge", api.CampaignMerge{Into: whole, Note: "again"}).want(http.StatusConflict)
	send(9, "five.test", "b.test")
	want("later mail of the merged part", was+"9")
	d := ok[api.CampaignDetail](c.get(t, "/campaigns/"+split.Campaign))
	if d.ID != whole || !d.Merged || d.Figures["messages"].Value != 9 || len(d.Decisions) != 2 || d.Decisions[0].Kind != "merge" || d.Decisions[0].By == "" {
		t.Errorf("asked for the merged one: %s, %v, %d messages, decisions %+v", d.ID, d.Merged, d.Figures["messages"].Value, d.Decisions)
	}
	renamed := ok[api.CampaignDecided](c.send(t, http.MethodPut, "/campaigns/"+whole, api.CampaignName{Name: "Account notices", Note: "clearer"}))
	want("renamed", strings.Replace(was, name, "Account notices", 1)+"9")
	c.post(t, "/campaigns/decisions/"+renamed.Decision.ID+"/undo", api.CampaignWhy{Note: "n"}).want(http.StatusConflict)
	c.post(t, "/campaigns/decisions/"+split.Decision.ID+"/undo", api.CampaignWhy{Note: "n"}).want(http.StatusConflict) // the merge came later
	ok[api.CampaignDecided](c.post(t, "/campaigns/decisions/"+merge.Decision.ID+"/undo", api.CampaignWhy{Note: "two hands"}))
	a := strings.Replace(was, name, "Account notices", 1)
	want("merge undone", sorted(a+"4", b+"5"))
	ok[api.CampaignDecided](c.post(t, "/campaigns/decisions/"+split.Decision.ID+"/undo", api.CampaignWhy{Note: "never mind"}))
	want("split undone", a+"9")
	c.post(t, "/campaigns/decisions/"+split.Decision.ID+"/undo", api.CampaignWhy{Note: "n"}).want(http.StatusConflict)
	send(10, "six.test", "b.test")
	want("and later mail follows", a+"10")
	// Picked messages are known by what only they have.
	picked := ok[api.CampaignDecided](c.post(t, "/campaigns/"+whole+"/split", api.CampaignSplit{Messages: []string{one}, Name: "One", Note: "mine"}))
	if !strings.Contains(picked.Decision.Say, `by the subject "Account notice 1"`) {
		t.Errorf("the picked one: %s", picked.Decision.Say)
	}
	if got := len(s.audited(t, auth.ActCampaignSplit, auth.ActCampaignMerged, auth.ActCampaignRenamed, auth.ActCampaignUndone)); got != 6 {
		t.Errorf("%d records", got)
	}
}

func sorted(rows ...string) string {
	slices.Sort(rows)
	return strings.Join(rows, ", ")
}
