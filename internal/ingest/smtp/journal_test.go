package smtp

import (
	"bytes"
	netsmtp "net/smtp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Exchange, Microsoft 365, Google Workspace and Postfix send, through the socket to the event rows.
func TestJournals(t *testing.T) {
	crlf := func(raw []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	}
	routed := "X-Gm-Original-To: kate@contoso.test\r\nX-Gm-Original-To: hidden@contoso.test\r\n" + string(crlf(readTestdata(t, "plain.eml")))
	const imitation = 0
	const journal = "tocsin@contoso.test"
	cases := []struct {
		name    string
		reports bool
		raw     []byte
		to      []string
		want    []string
	}{
		{"a stranger's imitation of a report", false, crlf(readTestdata(t, "exchange.eml")), []string{"kate@contoso.test"}, []string{
			"kate@contoso.test journal@contoso.test bounce@sender.test",
		}},
		{"Exchange", true, crlf(readTestdata(t, "exchange.eml")), []string{journal}, []string{
			"dave@contoso.test eve@sender.test eve@sender.test sales@contoso.test",
			"hidden@contoso.test eve@sender.test eve@sender.test",
			"kate@contoso.test eve@sender.test eve@sender.test",
			"kim@contoso.test eve@sender.test eve@sender.test",
		}},
		{"Exchange with lone line feeds", true, readTestdata(t, "exchange.eml"), []string{journal}, []string{
			"dave@contoso.test eve@sender.test eve@sender.test sales@contoso.test",
			"hidden@contoso.test eve@sender.test eve@sender.test",
			"kate@contoso.test eve@sender.test eve@sender.test",
			"kim@contoso.test eve@sender.test eve@sender.test",
		}},
		{"Exchange, encoded", true, crlf(readTestdata(t, "base64.eml")), []string{journal}, []string{
			"dave@contoso.test eve@sender.test eve@sender.test sales@contoso.test",
			"hidden@contoso.test eve@sender.test eve@sender.test",
			"kate@contoso.test eve@sender.test eve@sender.test",
			"kim@contoso.test eve@sender.test eve@sender.test",
		}},
		{"Google's journal", true, crlf(readTestdata(t, "google.eml")), []string{journal}, []string{
			"bob@contoso.test eve@sender.test eve@sender.test",
			"kate@contoso.test eve@sender.test eve@sender.test",
		}},
		{"Google's routing", false, []byte(routed), []string{journal}, []string{
			"hidden@contoso.test eve@sender.test bounce@sender.test",
			"kate@contoso.test eve@sender.test bounce@sender.test",
		}},
		{"always_bcc", false, crlf(readTestdata(t, "plain.eml")), []string{journal}, []string{
			"kate@contoso.test eve@sender.test bounce@sender.test",
		}},
		{"a relay that keeps the envelope", false, crlf(readTestdata(t, "plain.eml")), []string{"Kate@contoso.test", "hidden@contoso.test"}, []string{
			"hidden@contoso.test eve@sender.test bounce@sender.test",
			"kate@contoso.test eve@sender.test bounce@sender.test",
		}},
		{"a plain copy among reports", true, crlf(readTestdata(t, "plain.eml")), []string{journal}, []string{
			"kate@contoso.test eve@sender.test bounce@sender.test",
		}},
	}
	// One road for all. Their originals differ in the Message-ID, or they would be one message.
	h := build(t, t.TempDir())
	_, reports := start(t, Config{Reports: true, Journals: []string{journal}}, h.intake)
	_, copies := start(t, Config{Journals: []string{journal}}, h.intake)
	ids := map[string]int{}
	for i, c := range cases {
		id := strconv.Itoa(i+1) + "@sender.test"
		raw := bytes.ReplaceAll(c.raw, []byte("1@sender.test"), []byte(id))
		ids["<"+id+">"] = i
		addr := copies
		if c.reports {
			addr = reports
		}
		if bytes.Contains(raw, []byte("\r\n")) {
			if err := netsmtp.SendMail(addr, nil, "bounce@sender.test", c.to, raw); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			continue
		}
		// net/smtp mends line ends; a chunk is taken as it is.
		p := greeted(t, addr)
		p.envelope("bounce@sender.test", c.to...)
		p.send("BDAT " + strconv.Itoa(len(raw)) + " LAST\r\n" + string(raw))
		p.want("250")
	}
	got := make([][]string, len(cases))
	for _, e := range h.judge(t) {
		i, ok := ids[e.InternetMessageId]
		if !ok {
			i = imitation // the outer message has no Message-ID
		}
		got[i] = append(got[i], strings.TrimSpace(strings.Join([]string{e.RecipientEmailAddress, e.SenderFromAddress, e.SenderMailFromAddress, e.DistributionList}, " ")))
		if e.Connectors != "smtp" {
			t.Errorf("connector %q", e.Connectors)
		}
	}
	for i, c := range cases {
		slices.Sort(got[i])
		if d := cmp.Diff(c.want, got[i]); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
}
