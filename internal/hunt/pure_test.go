package hunt

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"tocsin/internal/event"
)

func TestBucketsAreFewAndAligned(t *testing.T) {
	from := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		length, want time.Duration
	}{
		{time.Second, time.Second},
		{time.Hour, 30 * time.Second},
		{24 * time.Hour, 10 * time.Minute},
		{7 * 24 * time.Hour, time.Hour},
		{30 * 24 * time.Hour, 6 * time.Hour},
		{90 * 24 * time.Hour, 24 * time.Hour},
		{365 * 24 * time.Hour, 7 * 24 * time.Hour},
	} {
		if got := bucket(from, from.Add(c.length)); got != c.want {
			t.Errorf("%v: buckets of %v, want %v", c.length, got, c.want)
		}
	}
	for d := time.Second; d < 250*365*24*time.Hour; d += d/3 + time.Second {
		step := bucket(from, from.Add(d))
		first := from.Truncate(step)
		if n := int64(from.Add(d).Sub(first)/step) + 1; n > maxBuckets {
			t.Errorf("%v: %d buckets of %v", d, n, step)
		}
		if step < 24*time.Hour && (24*time.Hour)%step != 0 {
			t.Errorf("%v: %v does not divide the day", d, step)
		}
	}
}

func TestFieldsCoverEveryColumn(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Fields() {
		if seen[f.Name] {
			t.Errorf("%s is listed twice", f.Name)
		}
		seen[f.Name] = true
		if f.Label == "" || f.Group == "" || f.Doc == "" || len(f.Operators) == 0 || f.Values == nil {
			t.Errorf("%s is incomplete: %+v", f.Name, f)
		}
	}
	for _, c := range emailEvents.Columns {
		if c.Field != nil && !seen[c.Name] {
			t.Errorf("%s is in no group", c.Name)
		}
		if c.Type == event.Dynamic && c.Name != "To" && c.Name != "Cc" {
			t.Errorf("%s is dynamic but no list of text: decoderFor must learn it", c.Name)
		}
	}
	if s := Splits(); s[0].Key != "outcome" || len(s) < 20 {
		t.Errorf("splits: %v", s)
	}
}

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		action, latestAction, location, threats string
		want                                    Outcome
	}{
		{"Delivered", "Delivered", "Inbox/folder", "", Delivered},
		{"Delivered", "", "", "", Delivered},
		{"Delivered", "Delivered", "On-premises/external", "", Delivered},
		{"Delivered", "Delivered", "Inbox/folder", "Phish", DeliveredThreat},
		{"Delivered", "Moved to quarantine", "Quarantine", "Phish", Removed},
		{"Delivered", "Moved to junk folder", "Junk folder", "Spam", Removed},
		{"Delivered", "Hard delete", "Inbox/folder", "Phish", Removed}, // the place is not known to have followed
		{"Delivered", "User moved", "Deleted items folder", "", Removed},
		{"Replaced", "Replaced", "Inbox/folder", "Malware", Replaced},
		{"Replaced", "Moved to quarantine", "Quarantine", "Malware", Removed},
		{"Junked", "Junked", "Junk folder", "Spam", Junked},
		{"Junked", "", "", "Spam", Junked},
		{"Junked", "Moved to inbox", "Inbox/folder", "Spam", DeliveredThreat},
		{"Junked", "Soft delete", "Deleted items folder", "Spam", Removed},
		{"Blocked", "Blocked", "Quarantine", "Malware", Blocked},
		{"Blocked", "", "", "Malware", Blocked},
		{"Blocked", "Blocked", "Dropped", "Malware", Blocked},
		{"Blocked", "Hard delete", "Deleted items folder", "Malware", Blocked}, // deleted from quarantine: still never delivered
		{"Blocked", "Quarantine release", "Inbox/folder", "Phish", DeliveredThreat},
		{"Blocked", "Quarantine release", "Inbox/folder", "", Delivered},
		{"Blocked", "Quarantine release", "Junk folder", "Spam", Junked},
	} {
		e := &event.EmailEvent{DeliveryAction: c.action, LatestDeliveryAction: c.latestAction, LatestDeliveryLocation: c.location, LatestThreatTypes: c.threats}
		if got := OutcomeOf(e); got != c.want {
			t.Errorf("%s, then %q, now in %q, %q: %s, want %s", c.action, c.latestAction, c.location, c.threats, got, c.want)
		}
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"plain":                     "plain",
		"a=b":                       "a=b",
		`=cmd|' /C calc'!A0`:        `'=cmd|' /C calc'!A0`,
		"+49 30 1234":               "'+49 30 1234",
		"-1":                        "'-1",
		"@SUM(A1)":                  "'@SUM(A1)",
		"\tx":                       "'\tx",
		"\rx":                       "'\rx",
		"\n=1":                      "'\n=1",
		"  =1+1":                    "'  =1+1",
		"\u00a0=1":                  "'\u00a0=1",
		"\uff1d1+1":                 "'\uff1d1+1",
		`"=1"`:                      `"=1"`, // the CSV writer's quoting keeps it text
		"user@corp.example":         "user@corp.example",
		"<a=b@mail.example>":        "<a=b@mail.example>",
		"\u202e=1":                  "\u202e=1",
		strings.Repeat(" ", 50):     strings.Repeat(" ", 50),
		"\xff=not utf8 from a file": "\xff=not utf8 from a file",
	} {
		if got := Cell(in); got != want {
			t.Errorf("Cell(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[any]string{
		int64(-5): "-5", // a number, not text
		math.Pi:   "3.141592653589793",
		true:      "true",
		nil:       "",
		time.Date(2026, 1, 2, 3, 4, 5, 6e3, time.FixedZone("", 3600)): "2026-01-02T02:04:05.000006Z",
	} {
		if got := Cell(in); got != want {
			t.Errorf("Cell(%v) = %q, want %q", in, got, want)
		}
	}
	if got := Cell(json.RawMessage(`["a"]`)); got != `["a"]` {
		t.Error(got)
	}
}

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		in   string
		kind Kind
		has  string // part of the query
	}{
		{"ann@corp.example", KindAddress, `RecipientEmailAddress =~ "ann@corp.example"`},
		{" 'ann[@]corp[.]example' ", KindAddress, `"ann@corp.example"`},
		{"evil.example", KindDomain, `SenderFromDomain == "evil.example"`},
		{"EVIL[.]example", KindDomain, `endswith ".evil.example"`},
		{"@evil.example", KindDomain, `"evil.example"`},
		{"bücher.example", KindDomain, `"xn--bcher-kva.example"`},
		{"https://evil.example/a?b=c", KindURL, `Url == "https://evil.example/a?b=c"`},
		{"hxxps://evil[.]example/a", KindURL, `Url == "https://evil.example/a"`},
		{"d41d8cd98f00b204e9800998ecf8427e", KindHash, "MD5 =="},
		{"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", KindHash, `SHA1 == "da39a3ee`},
		{strings.Repeat("ab", 32), KindHash, "RawSHA256 =="},
		{"<CAF=abc+d@mail.example>", KindMessageID, `InternetMessageId == "<CAF=abc+d@mail.example>"`},
		{"019DE5FC-2654-71C9-8963-70D9F8762370", KindNetworkMessageID, `NetworkMessageId == "019de5fc-`},
		{"192.0.2.7", KindIP, `SenderIPv4 == "192.0.2.7"`},
		{"192.0[.]2.7", KindIP, `SenderIPv4 == "192.0.2.7"`},
		{"::ffff:192.0.2.7", KindIP, `SenderIPv4 == "192.0.2.7"`},
		{"192.0.2.77/24", KindIP, `ipv4_is_in_range(SenderIPv4, "192.0.2.0/24")`},
		{"2001:DB8::1", KindIP, `SenderIPv6 == "2001:db8::1"`},
		{"2001:db8::/32", KindIP, `SenderIPv6 startswith "2001:db8:"`},
		{"2001:db8:1:2:3:4:5:6/128", KindIP, `SenderIPv6 == "2001:db8:1:2:3:4:5:6"`},
		{"your invoice", KindText, `Subject contains "your invoice"`},
		{`he said "now" \ | where 1==1`, KindText, `\"now\" \\ | where 1==1"`},
		{"invoice", KindText, "Subject contains"},
		{"javascript:alert(1)", KindText, "Subject contains"},
		{"a@b", KindText, "Subject contains"},
	} {
		kind, query, err := Recognise(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if kind != c.kind || !strings.Contains(query, c.has) {
			t.Errorf("%q: %s\n%s\nwant %s with %s", c.in, kind, query, c.kind, c.has)
		}
		if _, err := parseFilter(query); err != nil {
			t.Errorf("%q: Explorer refuses the query: %v\n%s", c.in, err, query)
		}
	}
	for _, bad := range []string{"", "   ", `""`, strings.Repeat("x", maxSearch+1), "\xff", "2001:db8::/33", "2001:db8::/48", "::/0"} {
		var in *InputError
		if _, _, err := Recognise(bad); !errors.As(err, &in) {
			t.Errorf("%.20q: %v, want an InputError", bad, err)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	for _, s := range []string{"ann@corp.example", `a" or true`, "hxxp://[::1]/", "10.0.0.0/8", "\\", "|", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, query, err := Recognise(s)
		if err != nil {
			var in *InputError
			if !errors.As(err, &in) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if _, err := parseFilter(query); err != nil {
			t.Fatalf("%q gave a query that Explorer refuses: %v\n%s", s, err, query)
		}
	})
}

func TestIDTime(t *testing.T) {
	from, to := idTime("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") // RFC 9562, appendix A.6
	if from.Format(time.RFC3339Nano) != "2022-02-22T19:22:22Z" || to.Sub(from) != time.Millisecond {
		t.Error(from, to)
	}
	for _, id := range []string{"", "x", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "zzzzzzzz-79b0-7cc3-98c4-dc0c0c07398f", "ffffffff-ffff-7cc3-98c4-dc0c0c07398f", strings.Repeat("7", 36)} {
		if from, _ := idTime(id); !from.IsZero() && id != strings.Repeat("7", 36) {
			t.Errorf("%q has the time %v", id, from)
		}
	}
}

// FuzzCursor: a cursor comes from the address bar. Whatever it holds, it is refused or it becomes a condition of its own
// sort order that parses.
func FuzzCursor(f *testing.F) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)
	sorts := []Page{{}, {Asc: true}, {Sort: "Subject"}, {Sort: "ThreatScore"}, {Sort: "LastEventExecutionTime", Asc: true}, {Sort: "IsFirstContact"}}
	keys := []any{nil, nil, "a \"subject\" \\", int64(77), at, int64(1)}
	for i, p := range sorts {
		o, err := sortOf(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(o.cursor([]any{at, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "ann@corp.example", keys[i]}), i)
	}
	f.Add("eyJzIjoiVGltZXN0YW1wIiwidCI6OTIyMzM3MjAzNjg1NDc3NTgwNywiaSI6IiIsInIiOiIifQ", 0)
	f.Fuzz(func(t *testing.T, s string, i int) {
		o, err := sortOf(sorts[uint(i)%uint(len(sorts))])
		if err != nil {
			t.Fatal(err)
		}
		c, err := decodeCursor(s)
		var in *InputError
		if err != nil {
			if !errors.As(err, &in) {
				t.Fatal(err)
			}
			return
		}
		where, err := o.after(c)
		if err != nil {
			if !errors.As(err, &in) {
				t.Fatal(err)
			}
			return
		}
		q, err := parseFilter("EmailEvents")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pipe(q, "| where %s", where); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	})
}
