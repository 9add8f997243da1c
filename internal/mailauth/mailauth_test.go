package mailauth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"tocsin/internal/email"
	"tocsin/internal/mailauth/dnstest"
)

const plainMessage = "From: Ann <ann@mail.shop.example>\r\nTo: bob@corp.example\r\nSubject: Your order\r\n\r\nThank you.\r\n"

func sign(t *testing.T, raw, domain, selector string, key crypto.Signer) string {
	t.Helper()
	var out bytes.Buffer
	err := dkim.Sign(&out, strings.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: selector, Signer: key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func keyRecord(t *testing.T, key crypto.Signer) string {
	t.Helper()
	if pub, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// TestDKIM signs with both kinds of key, then changes the message, the key and the DNS.
func TestDKIM(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &Checker{Resolver: resolver(t, dnstest.Zone{
		"r._domainkey.shop.example":     {TXT: []string{keyRecord(t, rsaKey)}},
		"e._domainkey.shop.example":     {TXT: []string{keyRecord(t, edKey)}},
		"other._domainkey.shop.example": {TXT: []string{keyRecord(t, edKey)}},
		"gone._domainkey.shop.example":  {TXT: []string{"v=DKIM1; p="}},
		"down._domainkey.shop.example":  {Fail: true},
	})}
	byRSA := sign(t, plainMessage, "shop.example", "r", rsaKey)
	both := sign(t, byRSA, "shop.example", "e", edKey)
	for _, test := range []struct {
		name, raw string
		want      []Result
	}{
		{"unsigned", plainMessage, nil},
		{"rsa", byRSA, []Result{Pass}},
		{"ed25519 above rsa", both, []Result{Pass, Pass}},
		{"bare line feeds", strings.ReplaceAll(byRSA, "\r\n", "\n"), []Result{Pass}},
		{"from an mbox", "From ann@shop.example Thu Nov 12 10:00:00 2026\n" + byRSA, []Result{Pass}},
		{"changed body", strings.Replace(byRSA, "Thank you", "Pay now", 1), []Result{Fail}},
		{"changed subject", strings.Replace(byRSA, "Your order", "Overdue", 1), []Result{Fail}},
		{"no such key", strings.Replace(byRSA, "s=r;", "s=x;", 1), []Result{PermError}},
		{"key of another kind", strings.Replace(byRSA, "s=r;", "s=other;", 1), []Result{PermError}},
		{"key revoked", strings.Replace(byRSA, "s=r;", "s=gone;", 1), []Result{PermError}},
		{"name server down", strings.Replace(byRSA, "s=r;", "s=down;", 1), []Result{TempError}},
		{"broken tags", strings.Replace(byRSA, "v=1;", "v=1; v=1;;", 1), []Result{PermError}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []Result
			for _, k := range c.dkim(context.Background(), wireForm([]byte(test.raw))) {
				if k.Origin != Checked || k.Detail == "" {
					t.Errorf("check without origin or detail: %+v", k)
				}
				got = append(got, k.Result)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("without DNS it says who claims", func(t *testing.T) {
		got := (&Checker{}).dkim(context.Background(), wireForm([]byte(both)))
		if len(got) != 2 || got[0].Origin != Unknown || got[0].Result != None || got[0].Domain != "shop.example" {
			t.Errorf("got %+v", got)
		}
	})
}

func fromMessage(from ...string) *email.Message {
	m := &email.Message{}
	for _, f := range from {
		m.From = append(m.From, email.Address{Addr: f, Domain: domainOf(f)})
	}
	return m
}

// TestDMARC follows the examples of RFC 7489 appendix B and RFC 9091, and the cases between them.
func TestDMARC(t *testing.T) {
	zone := dnstest.Zone{
		"_dmarc.relaxed.example":   {TXT: []string{"v=DMARC1; p=reject; sp=quarantine; np=reject; rua=mailto:d@relaxed.example"}},
		"_dmarc.strict.example":    {TXT: []string{"v=DMARC1; p=quarantine; adkim=s; aspf=s"}},
		"_dmarc.some.example":      {TXT: []string{"v=DMARC1; p=reject; pct=0"}},
		"_dmarc.all.example":       {TXT: []string{"unrelated", "v=DMARC1;p=none"}},
		"_dmarc.two.example":       {TXT: []string{"v=DMARC1; p=reject", "v=DMARC1; p=none"}},
		"_dmarc.odd.example":       {TXT: []string{"v=DMARC1; p=maybe"}},
		"_dmarc.reports.example":   {TXT: []string{"v=DMARC1; p=maybe; rua=mailto:d@reports.example"}},
		"_dmarc.down.example":      {Fail: true},
		"_dmarc.co.uk":             {TXT: []string{"v=DMARC1; p=reject; np=quarantine; psd=y"}},
		"_dmarc.com.au":            {TXT: []string{"v=DMARC1; p=reject"}}, // says nothing of those below it
		"exists.relaxed.example":   {A: []string{"192.0.2.1"}},
		"mailonly.relaxed.example": {MX: []dnstest.MX{{Preference: 10, Host: "mx.relaxed.example"}}},
	}
	c := &Checker{Resolver: resolver(t, zone)}
	pass := func(domain string) Check { return Check{Result: Pass, Origin: Checked, Domain: domain} }
	for _, test := range []struct {
		name, from string
		spf        Check
		dkim       []Check
		want       Result
		policy, by string
	}{
		{"SPF aligned", "a@relaxed.example", pass("relaxed.example"), nil, Pass, "reject", "SPF"},
		{"SPF of a parent, relaxed", "a@exists.relaxed.example", pass("relaxed.example"), nil, Pass, "quarantine", "SPF"},
		{"SPF of a child, relaxed", "a@relaxed.example", pass("bounce.relaxed.example"), nil, Pass, "reject", "SPF"},
		{"SPF of another", "a@relaxed.example", pass("bulk.example"), nil, Fail, "reject", ""},
		{"DKIM aligned", "a@relaxed.example", Check{Result: Fail}, []Check{pass("other.example"), pass("relaxed.example")}, Pass, "reject", "DKIM"},
		{"both", "a@relaxed.example", pass("relaxed.example"), []Check{pass("relaxed.example")}, Pass, "reject", "SPF and DKIM"},
		{"strict refuses a child", "a@strict.example", pass("m.strict.example"), []Check{pass("m.strict.example")}, Fail, "quarantine", ""},
		{"strict takes itself", "a@strict.example", pass("m.strict.example"), []Check{pass("strict.example")}, Pass, "quarantine", "DKIM"},
		{"existing subdomain: sp", "a@exists.relaxed.example", Check{}, nil, Fail, "quarantine", ""},
		{"subdomain with mail only: sp", "a@mailonly.relaxed.example", Check{}, nil, Fail, "quarantine", ""},
		{"missing subdomain: np", "a@made-up.relaxed.example", Check{}, nil, Fail, "reject", ""},
		{"pct 0 weakens", "a@some.example", Check{}, nil, Fail, "quarantine", ""},
		{"other TXT beside it", "a@all.example", Check{}, nil, Fail, "none", ""},
		{"two records are none", "a@two.example", Check{}, nil, None, "", ""},
		{"unknown policy is none", "a@odd.example", Check{}, nil, None, "", ""},
		{"unknown policy with reports", "a@reports.example", Check{}, nil, Fail, "none", ""},
		{"nothing published", "a@silent.example", pass("silent.example"), nil, None, "", "SPF"},
		{"name server down", "a@down.example", pass("down.example"), nil, TempError, "", "SPF"},
		{"public suffix speaks for all below", "a@made-up.co.uk", Check{}, nil, Fail, "quarantine", ""},
		{"public suffix speaks for itself only", "a@made-up.com.au", Check{}, nil, None, "", ""},
		{"SPF undecided", "a@relaxed.example", Check{Result: TempError, Domain: "relaxed.example"}, nil, TempError, "reject", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Results{SPF: test.spf, DKIM: test.dkim}
			c.dmarc(context.Background(), fromMessage(test.from), []byte(plainMessage), &r, claims{})
			if r.DMARC.Result != test.want || r.Policy != test.policy || r.AlignedBy != test.by {
				t.Errorf("got %s, policy %q, aligned by %q (%s); want %s, %q, %q",
					r.DMARC.Result, r.Policy, r.AlignedBy, r.DMARC.Detail, test.want, test.policy, test.by)
			}
		})
	}
	t.Run("several From domains", func(t *testing.T) {
		var r Results
		c.dmarc(context.Background(), fromMessage("a@relaxed.example", "b@strict.example"), nil, &r, claims{})
		if r.DMARC.Result != PermError || !strings.Contains(r.DMARC.Detail, "strict.example") {
			t.Errorf("got %+v", r.DMARC)
		}
	})
}

// TestAuthenticationResults checks what is believed: a configured id above the trust boundary, and nothing else.
func TestAuthenticationResults(t *testing.T) {
	received := func(from string) (email.Header, email.Hop) {
		h := email.Hop{}
		if from != "" {
			h.FromIP = netip.MustParseAddr(from)
		}
		return email.Header{Key: "Received"}, h
	}
	results := func(v string) email.Header { return email.Header{Key: "Authentication-Results", Value: v} }
	inner, innerHop := received("10.0.0.7")
	edge, edgeHop := received("203.0.113.9")
	c := &Checker{TrustedIDs: []string{"mx.corp.example"}}

	m := fromMessage("ann@shop.example")
	m.Headers = []email.Header{
		inner,
		results(`mx.corp.example 1; spf=pass (ok; really) smtp.mailfrom=bounce@shop.example; dkim=fail reason="bad; sig" header.d=shop.example; dmarc=pass (p=REJECT dis=none) header.from=shop.example`),
		results("elsewhere.example; dmarc=pass header.from=shop.example"),
		edge,
		results("mx.corp.example; dkim=pass header.d=shop.example"),
	}
	m.Hops = []email.Hop{innerHop, edgeHop}
	got := c.Check(context.Background(), m, []byte(plainMessage), Envelope{})
	want := Results{
		SPF:       Check{Result: Pass, Origin: Reported, Domain: "shop.example", Detail: "reported by mx.corp.example"},
		DKIM:      []Check{{Result: Fail, Origin: Reported, Domain: "shop.example", Detail: "reported by mx.corp.example: bad; sig"}},
		DMARC:     Check{Result: Pass, Origin: Reported, Domain: "shop.example", Detail: "reported by mx.corp.example"},
		Aligned:   true,
		AlignedBy: "SPF",
		Policy:    "reject",
		ARC:       Check{Result: None, Origin: Checked, Detail: "not forwarded with ARC"},
		OrgDomain: "shop.example",
		Forged:    []string{"elsewhere.example", "mx.corp.example"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOrgDomain(t *testing.T) {
	for in, want := range map[string]string{"a.b.example.com": "example.com", "example.co.uk": "example.co.uk", "x.example.co.uk.": "example.co.uk", "co.uk": "co.uk", "localhost": "localhost", "": ""} {
		if got := OrgDomain(in); got != want {
			t.Errorf("OrgDomain(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParseAuthRes(f *testing.F) {
	f.Add(`mx.example; spf=pass (a (b) ;c) smtp.mailfrom="x y"@z; dkim = fail reason="q\"";`)
	f.Fuzz(func(t *testing.T, v string) {
		if _, results, ok := parseAuthRes(v); !ok && results != nil {
			t.Error("results without an id")
		}
	})
}

func FuzzARC(f *testing.F) {
	f.Add([]byte("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=x; b=AAAA\r\nARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed; d=a.example; s=x; h=from; bh=AA; b=AA\r\nARC-Authentication-Results: i=1; a.example; none\r\n\r\nx"))
	c := &Checker{}
	f.Fuzz(func(t *testing.T, raw []byte) {
		check, n := c.arc(context.Background(), wireForm(raw))
		if check.Result == Pass || n > maxARCInstances {
			t.Errorf("%d instances, %+v, without any key", n, check)
		}
		c.dkim(context.Background(), wireForm(raw))
	})
}

func FuzzRecord(f *testing.F) {
	f.Add("v=DMARC1; p=reject; pct=7; sp=; rua=mailto:a@b")
	f.Fuzz(func(t *testing.T, txt string) {
		r, err := parseRecord(txt)
		if err == nil && (policyWord(r.policy) == "" || policyWord(r.subdomain) == "" || policyWord(r.missing) == "" || r.percent < 0 || r.percent > 100) {
			t.Errorf("%q gives %+v", txt, r)
		}
	})
}
