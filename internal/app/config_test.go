package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestExample keeps tocsin.example.yaml true: it names every key, with its default.
func TestExample(t *testing.T) {
	const path = "../../tocsin.example.yaml"
	c, err := Load(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	for _, list := range []*[]string{&want.Organisation.Domains, &want.Organisation.Servers, &want.Organisation.AuthServ, &want.HTTP.TrustedProxies, &want.Indicators.Files} {
		*list = []string{}
	}
	want.Organisation.People = []Person{}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the example differs from the defaults (-default +example):\n%s", diff)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys() {
		_, last, _ := cutLast(key)
		if !strings.Contains(string(raw), "\n"+strings.Repeat("  ", strings.Count(key, "."))+last+":") {
			t.Errorf("%s is not in %s", key, path)
		}
	}
}

func TestLayers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tocsin.yaml")
	const file = "data: from-file\nhttp:\n  listen: 127.0.0.1:1\nretention:\n  events: 90d\n  mail: 30d\nevents:\n  memory: 2GB\norganisation:\n  domains: [a.example]\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, []string{"HOME=/", "TOCSIN_HTTP_LISTEN=127.0.0.1:2", "TOCSIN_ORGANISATION_DOMAINS=b.example,c.example", "TOCSIN_DNS_ENABLED=false"}, map[string]any{"http.listen": "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ name, got, want string }{
		{"file", c.Data, "from-file"},
		{"flag over environment", c.HTTP.Listen, "127.0.0.1:3"},
		{"environment over file", strings.Join(c.Organisation.Domains, " "), "b.example c.example"},
	} {
		if v.got != v.want {
			t.Errorf("%s: %q, want %q", v.name, v.got, v.want)
		}
	}
	if c.Retention.Events != 90*24*time.Hour || c.Events.Memory != 2<<30 || c.DNS.Enabled {
		t.Errorf("values: %+v", c)
	}
}

// TestWrongSettings: one line each, that names the key, the place and what would be right.
func TestWrongSettings(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env        []string
		want       []string
	}{
		{"unknown key", "data: x\nhttp:\n  lisen: 127.0.0.1:1\n", nil, []string{":3:", `"http.lisen"`, "did you mean http.listen?"}},
		{"unknown heading", "htp:\n  listen: x\n", nil, []string{":1:", `"htp"`, "did you mean http"}},
		{"twice", "data: x\ndata: y\n", nil, []string{":2:", "data"}},
		{"not yaml", "data: [x\n", nil, []string{"line"}},
		{"a list for a value", "data: [x]\n", nil, []string{":1:", "data"}},
		{"a value for a list", "organisation:\n  domains: x.example\n", nil, []string{":2:", "organisation.domains", "list"}},
		{"a wrong boolean", "dns:\n  enabled: perhaps\n", nil, []string{":2:", "dns.enabled", "true or false"}},
		{"a wrong duration", "retention:\n  events: soon\n", nil, []string{":2:", "retention.events", "90d"}},
		{"a wrong size", "intake:\n  max_message: huge\n", nil, []string{":2:", "intake.max_message", "64MB"}},
		{"a wrong address", "http:\n  listen: here\n", nil, []string{"http.listen", "host:port"}},
		{"a wrong port", "http:\n  listen: 127.0.0.1:99999\n", nil, []string{"http.listen", "port"}},
		{"half a certificate", "http:\n  certificate: x.pem\n", nil, []string{"http.certificate", "http.key"}},
		{"a wrong network", "smtp:\n  allow: [home]\n", nil, []string{"smtp.allow", "192.0.2.0/24"}},
		{"a wrong domain", "organisation:\n  domains: ['a@b.example']\n", nil, []string{"organisation.domains", "example.com"}},
		{"a wrong treatment", "policy:\n  malware: burn\n", nil, []string{"policy", "burn"}},
		{"retention the wrong way round", "retention:\n  events: 30d\n  mail: 90d\n", nil, []string{"retention.mail", "retention.events"}},
		{"little memory", "events:\n  memory: 1MB\n", nil, []string{"events.memory", "256MB"}},
		{"a list without TLS", "hunting:\n  external_data: ['http://lists.example/']\n", nil, []string{"hunting.external_data", "https"}},
		{"hunting without time", "hunting:\n  time: 0\n", nil, []string{"hunting.time", "1s to 24h"}},
		{"hunting without rows", "hunting:\n  rows: 0\n", nil, []string{"hunting.rows", "1 to 10000000"}},
		{"too many hunting queries", "hunting:\n  concurrent: 99\n", nil, []string{"hunting.concurrent", "1 to 12"}},
		{"hunting with all memory", "events:\n  memory: 512MB\nhunting:\n  memory: 512MB\n", nil, []string{"hunting.memory", "events.memory", "64MB"}},
		{"hunting without room", "hunting:\n  disk: 1MB\n", nil, []string{"hunting.disk", "64MB"}},
		{"a provider without a client", "oidc:\n  issuer: https://id.example\n", nil, []string{"oidc.client_id"}},
		{"a provider without an address of one's own", "oidc:\n  issuer: https://id.example\n  client_id: t\n", nil, []string{"http.public_url"}},
		{"a provider without TLS", "http:\n  public_url: https://t.example\noidc:\n  issuer: http://id.example\n  client_id: t\n", nil, []string{"oidc.issuer", "https://"}},
		{"a group without a role", "http:\n  public_url: https://t.example\noidc:\n  issuer: https://id.example\n  client_id: t\n  groups:\n    - {group: soc, roles: [Boss]}\n", nil, []string{"oidc.groups", "Boss", "Security Operator"}},
		{"operators without groups", "http:\n  public_url: https://t.example\noidc:\n  issuer: https://id.example\n  client_id: t\n  create: true\n", nil, []string{"oidc.create", "oidc.groups"}},
		{"nobody could sign in", "auth:\n  local: break-glass\n", nil, []string{"break-glass", "oidc.issuer", "auth.break_glass"}},
		{"groups in a variable", "", []string{"TOCSIN_OIDC_GROUPS=x"}, []string{"TOCSIN_OIDC_GROUPS", "config file"}},
		{"unknown variable", "", []string{"TOCSIN_HTTP_LISTN=x"}, []string{"TOCSIN_HTTP_LISTN", "TOCSIN_HTTP_LISTEN"}},
	} {
		path := filepath.Join(t.TempDir(), "tocsin.yaml")
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, c.env, nil)
		if err == nil {
			t.Errorf("%s: taken", c.name)
			continue
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %q", c.name, err)
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q says nothing of %q", c.name, err, w)
			}
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent.yaml"), nil, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("absent file: %v", err)
	}
}
