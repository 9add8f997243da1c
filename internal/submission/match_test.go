package submission

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
)

// delivered is what a store of events holds.
type delivered struct {
	events []Found
	raw    map[string]string
	reads  int
}

func (d *delivered) ByMessageID(_ context.Context, id string, limit int) (out []Found, _ error) {
	for _, e := range d.events {
		if e.InternetMessageID == id && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (d *delivered) BySender(_ context.Context, address, name, recipient string, since, until time.Time, limit int) (out []Found, _ error) {
	for _, e := range d.events {
		by := address != "" && strings.EqualFold(e.Sender, address) || address == "" && strings.EqualFold(e.SenderName, name)
		if by && (recipient == "" || e.Recipient == recipient) && !e.At.Before(since) && e.At.Before(until) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (d *delivered) Raw(_ context.Context, sum string) ([]byte, error) {
	d.reads++
	if raw, ok := d.raw[sum]; ok {
		return []byte(raw), nil
	}
	return nil, errors.New("not kept")
}

func TestMatch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 3, 10, 15, 0, 0, time.UTC)
	mail := func(id, sum, to string, when time.Time) Found {
		return Found{NetworkMessageID: id, InternetMessageID: "<p1@parcel-fee.example>", Recipient: to, RawSHA256: sum, Sender: "billing@parcel-fee.example", SenderName: "Parcel", Subject: "Your parcel", At: when}
	}
	const maren, jon = "maren@northwind.example", "jon@northwind.example"
	forged := strings.Replace(phish, "Pay:", "Hello:", 1)
	attached := FromRaw([]byte(phish), email.Parse([]byte(phish), email.Limits{}))
	rewritten := FromRaw([]byte(strings.Replace(phish, "text/plain", "text/html", 1)), email.Parse([]byte(phish), email.Limits{}))
	without := strings.Replace(phish, "Message-ID: <p1@parcel-fee.example>\r\n", "", 1)
	noID := FromRaw([]byte(without), email.Parse([]byte(without), email.Limits{}))
	quoted := func(o Original) Original { o.Form = Quoted; return o }
	inlineFull := quoted(Original{From: "billing@parcel-fee.example", Subject: "FW: Your parcel", Date: at.Add(time.Hour)})
	inlineName := quoted(Original{FromName: "Parcel", Subject: "Your parcel"})
	for name, c := range map[string]struct {
		events []Found
		raw    map[string]string
		o      Original
		want   Match
		id     string
	}{
		"attached, the same bytes":             {[]Found{mail("m1", "a", maren, at)}, map[string]string{"a": phish}, attached, Exact, "m1"},
		"attached, behind a gateway's field":   {[]Found{mail("m1", "a", maren, at)}, map[string]string{"a": "Received: from gw\r\n" + phish}, attached, Exact, "m1"},
		"attached, another's copy":             {[]Found{mail("m1", "a", jon, at)}, map[string]string{"a": phish}, attached, Exact, "m1"},
		"attached, the reporter's copy first":  {[]Found{mail("m2", "b", jon, at), mail("m1", "a", maren, at)}, map[string]string{"a": forged, "b": phish}, attached, Exact, "m2"},
		"the same Message-ID, other bytes":     {[]Found{mail("m1", "a", jon, at)}, map[string]string{"a": forged}, attached, NoMatch, ""},
		"written anew by the mail program":     {[]Found{mail("m1", "a", maren, at)}, map[string]string{"a": phish}, rewritten, Likely, "m1"},
		"bytes not kept, another's":            {[]Found{mail("m1", "a", jon, at)}, nil, attached, NoMatch, ""},
		"no Message-ID, by digest":             {[]Found{mail("m1", "a", jon, at)}, map[string]string{"a": without}, noID, Exact, "m1"},
		"quoted with an address":               {[]Found{mail("m1", "a", maren, at)}, nil, inlineFull, Likely, "m1"},
		"quoted, nobody else's mail":           {[]Found{mail("m1", "a", jon, at)}, nil, inlineFull, NoMatch, ""},
		"quoted, long ago":                     {[]Found{mail("m1", "a", maren, at.Add(-72*time.Hour))}, nil, inlineFull, NoMatch, ""},
		"quoted, the nearest of two":           {[]Found{mail("m1", "a", maren, at.Add(-20*time.Hour)), mail("m2", "b", maren, at)}, nil, inlineFull, Likely, "m2"},
		"quoted with a name alone":             {[]Found{mail("m1", "a", maren, at)}, nil, inlineName, Likely, "m1"},
		"quoted, another subject":              {[]Found{mail("m1", "a", maren, at)}, nil, quoted(Original{From: "billing@parcel-fee.example", Subject: "Other"}), NoMatch, ""},
		"nothing to go by":                     {[]Found{mail("m1", "a", maren, at)}, nil, quoted(Original{Subject: "Your parcel"}), NoMatch, ""},
		"nothing was delivered":                {nil, nil, attached, NoMatch, ""},
		"a Message-ID that nothing else bears": {[]Found{{NetworkMessageID: "m9", InternetMessageID: "<p1@parcel-fee.example>", Recipient: maren, Sender: "x@y.example", Subject: "z", At: at}}, nil, attached, NoMatch, ""},
	} {
		got, err := MatchOriginal(t.Context(), &delivered{events: c.events, raw: c.raw}, &c.o, maren, at.Add(2*time.Hour))
		if err != nil || got.Match != c.want || got.Found.NetworkMessageID != c.id || got.How == "" {
			t.Errorf("%s: %+v, %v; want %s %s", name, got, err, c.want, c.id)
		}
	}
	var flood delivered
	flood.raw = map[string]string{}
	for i := range 200 {
		sum := string(rune('a'+i%26)) + strings.Repeat("x", i)
		flood.events = append(flood.events, mail("m", sum, jon, at))
		flood.raw[sum] = forged
	}
	if _, err := MatchOriginal(t.Context(), &flood, &attached, maren, at); err != nil || flood.reads > maxCompared {
		t.Errorf("%d messages were read for one report, %v", flood.reads, err)
	}
}

func TestPlainSubject(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"Your  parcel", "Re: your parcel", "FW: Re: AW: Your parcel", "WG: [EXTERNAL] Your parcel", "TR : Your parcel", "转发：Your parcel"} {
		if got := plainSubject(s); got != "your parcel" {
			t.Errorf("%q gives %q", s, got)
		}
	}
	if got := plainSubject(strings.Repeat("re: ", 1000) + "x"); len(got) > MaxSubject {
		t.Error("not bounded")
	}
}
