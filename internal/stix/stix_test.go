package stix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"tocsin/internal/stix/stixtest"
)

func TestATTACK(t *testing.T) {
	path := os.Getenv("TOCSIN_STIX_BUNDLE")
	if path == "" {
		t.Skip("no real bundle: set TOCSIN_STIX_BUNDLE to a file of MITRE ATT&CK in STIX 2.1")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var whole struct {
		Objects []json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	var got []*Object
	var e Envelope
	for o, err := range Read(bytes.NewReader(raw), Limits{}, &e) {
		if err != nil {
			t.Fatal(err)
		}
		if wrong := stixtest.Strict(o.Raw); wrong != nil {
			t.Errorf("%s: %v", o.ID, wrong)
		}
		got = append(got, o)
	}
	if len(got) != len(whole.Objects) || e.Type != "bundle" || !strings.HasPrefix(e.ID, "bundle--") {
		t.Fatalf("%d of %d objects, envelope %+v", len(got), len(whole.Objects), e)
	}
}

func read(t *testing.T, text string, l Limits) (ids []string, refused []string, end error, e Envelope) {
	t.Helper()
	for o, err := range Read(strings.NewReader(text), l, &e) {
		var no *Refused
		switch {
		case errors.As(err, &no):
			refused = append(refused, no.Error())
		case err != nil:
			return ids, refused, err, e
		default:
			ids = append(ids, o.ID)
		}
	}
	return ids, refused, nil, e
}

const (
	aURL    = `{"type":"url","id":"url--a0000000-0000-5000-8000-000000000001","value":"https://bad.example/"}`
	aDomain = `{"type":"domain-name","id":"domain-name--a0000000-0000-5000-8000-000000000002","value":"bad.example"}`
)

func TestRead(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, c := range []struct {
		name, text string
		n          int
		refused    []string // pieces of what is refused
		end        string
	}{
		{"bundle", `{"type":"bundle","id":"bundle--x","objects":[` + aURL + `, ` + aDomain + `]}`, 2, nil, ""},
		{"byte order mark", "\xef\xbb\xbf{\"objects\":[" + aURL + `]}`, 1, nil, ""},
		{"objects first, then the rest", `{"objects":[` + aURL + `],"type":"bundle","id":"b"}`, 1, nil, ""},
		{"list", `[` + aURL + `]`, 1, nil, ""},
		{"one", aURL, 1, nil, ""},
		{"empty bundle", `{"type":"bundle","id":"bundle--x"}`, 0, nil, ""},
		{"empty envelope", `{}`, 0, nil, ""},
		{"envelope without objects", `{"more":false}`, 0, nil, ""},
		{"one broken among good ones", `{"objects":[` + aURL + `,{"type":"url","id":"url--1","value":1},{"type":"url" "id":2},` + aDomain + `,7,"x",null]}`, 2, []string{"object 2", "object 3: it is no JSON", "object 5", "object 6", "object 7"}, ""},
		{"too deep", `{"objects":[{"type":"url","x":` + deep + `},` + aURL + `]}`, 1, []string{"nested deeper than 32"}, ""},
		{"too large", `{"objects":[{"type":"url","x":"` + strings.Repeat("y", 2000) + `"},` + aURL + `]}`, 1, []string{"larger than 1 KiB"}, ""},
		{"too many", `{"objects":[` + strings.Repeat(aURL+",", 8) + aURL + `]}`, 4, nil, "more than 7 objects"},
		{"broken off", `{"objects":[` + aURL + `,{"type":`, 1, nil, "ends in the middle"},
		{"no comma", `{"objects":[` + aURL + aURL + `]}`, 1, nil, "comma is missing"},
		{"a page", `<html>`, 0, nil, "no STIX bundle"},
		{"nothing", ``, 0, nil, "empty"},
		{"something else", `{"status":"error"}`, 0, nil, "no STIX bundle"},
		{"brackets", `{"objects":[}]}`, 0, nil, "not opened"},
		{"not UTF-8", "{\"objects\":[{\"type\":\"url\",\"id\":\"url--a0000000-0000-5000-8000-000000000001\",\"value\":\"\xff\"}]}", 0, []string{"not UTF-8"}, ""},
	} {
		ids, refused, end, _ := read(t, c.text, Limits{Object: 1024, Objects: 7})
		if c.name == "too many" {
			if end == nil || !strings.Contains(end.Error(), c.end) || len(ids) != 7 {
				t.Errorf("%s: %v %v", c.name, ids, end)
			}
			continue
		}
		if len(ids) != c.n || (end == nil) != (c.end == "") || end != nil && !strings.Contains(end.Error(), c.end) {
			t.Errorf("%s: %d objects, end %v", c.name, len(ids), end)
		}
		if len(refused) != len(c.refused) {
			t.Errorf("%s: refused %q", c.name, refused)
			continue
		}
		for i := range refused {
			if !strings.Contains(refused[i], c.refused[i]) {
				t.Errorf("%s: %q does not say %q", c.name, refused[i], c.refused[i])
			}
		}
	}
	if _, _, end, _ := read(t, `{"x":"`+strings.Repeat("y", 3<<20)+`"}`, Limits{Size: 2 << 20}); end == nil || !strings.Contains(end.Error(), "2 MiB") {
		t.Error("size", end)
	}
	_, _, _, e := read(t, `{"more":true,"next":"p2","objects":[`+aURL+`]}`, Limits{})
	if !e.More || e.Next != "p2" {
		t.Errorf("%+v", e)
	}
}

func TestRefusals(t *testing.T) {
	const head = `"spec_version":"2.1","created":"2026-11-01T00:00:00Z","modified":"2026-11-02T00:00:00.5Z"`
	id := func(kind string) string {
		return fmt.Sprintf(`"type":%q,"id":"%s--a0000000-0000-4000-8000-000000000009"`, kind, kind)
	}
	for _, c := range []struct{ text, want string }{
		{`{` + id("malware") + `,` + head + `,"name":"X","is_family":true}`, ""},
		{`{` + id("malware") + `,` + head + `,"name":"X"}`, "is_family: it is missing"},
		{`{` + id("malware") + `,` + head + `,"name":"X","is_family":"yes"}`, "is_family: true or false"},
		{`{` + id("malware") + `,` + strings.Replace(head, "2.1", "2.0", 1) + `,"name":"X","is_family":true}`, "version 2.1 is"},
		{`{` + id("x-own-thing") + `,` + head + `,"whatever":[[]]}`, ""},
		{`{"type":"url","id":"domain-name--a0000000-0000-4000-8000-000000000009","value":"x"}`, "not of the type url"},
		{`{"type":"url","id":"url--A","value":"x"}`, "no identifier"},
		{`{"type":"file","id":"file--a0000000-0000-4000-8000-000000000009","size":1}`, "hashes or a name"},
		{`{"type":"file","id":"file--a0000000-0000-4000-8000-000000000009","hashes":{"MD5":"12"}}`, "is no MD5"},
		{`{` + id("indicator") + `,` + head + `,"pattern":"[url:value='x']","pattern_type":"stix","valid_from":"2026-11-01 00:00"}`, "no time"},
		{`{` + id("report") + `,` + head + `,"name":"x","published":"2026-11-01T00:00:00Z","object_refs":["x"]}`, "value 1"},
		{`{` + id("campaign") + `,` + head + `,"name":"x","confidence":101}`, "between 0 and 100"},
		{`{"type":"Bad Type"}`, "no name of a type"},
		{`[]`, "where an object is expected"},
	} {
		_, err := Parse(json.RawMessage(c.text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestTLP(t *testing.T) {
	for s, want := range map[string]TLP{"TLP:WHITE": TLPClear, "tlp:amber+strict": TLPAmberStrict, "Red": TLPRed, "tlp:clear": TLPClear, `tlp:"green"`: TLPGreen, "tlp:ex:chr": "", "": ""} {
		if got, ok := ParseTLP(s); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q %v", s, got, ok)
		}
	}
	own := func(string) (Marking, bool) { return Marking{TLP: TLPRed}, true }
	if got := TLPOf([]string{written[TLPGreen], "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"}, nil); got != TLPAmber {
		t.Error(got)
	}
	if got := TLPOf([]string{written[TLPGreen], "marking-definition--00000000-0000-4000-8000-000000000000"}, own); got != TLPRed {
		t.Error(got)
	}
	if TLPNone.Within(TLPGreen) || !TLPNone.Within(TLPAmber) || !TLPClear.Within(TLPGreen) || TLPRed.Within(TLPAmberStrict) {
		t.Error("the order of levels")
	}
	for _, l := range TLPs() {
		raw, err := json.Marshal(markingObject(l))
		if err != nil {
			t.Fatal(err)
		}
		o, err := Parse(raw)
		if err != nil || o.Definition.TLP != l || stixtest.Strict(raw) != nil {
			t.Errorf("%s: %v %+v", l, err, o)
		}
	}
}
