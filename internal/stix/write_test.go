package stix

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/stix/stixtest"
)

// TestObservableIDs takes ids that the specification and other implementations give.
func TestObservableIDs(t *testing.T) {
	for _, c := range []struct{ kind, value, id string }{
		{"ipv4-addr", "198.51.100.3", "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{"domain-name", "example.com", "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
		{"ipv6-addr", "2001:db8::1", "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26"},
	} {
		if got := ObservableID(c.kind, map[string]any{"value": c.value, "display_name": "x"}); got != c.id {
			t.Errorf("%s is %s, want %s", c.value, got, c.id)
		}
	}
	if got := canonical(map[string]any{"b": "<é\"\\\n\u0001\u2028>", "a": map[string]any{"MD5": "x"}}); got != "{\"a\":{\"MD5\":\"x\"},\"b\":\"<é\\\"\\\\\\n\\u0001\u2028>\"}" {
		t.Error(got)
	}
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

// stories makes stories of every shape: without mail, without texts, with broken values.
func stories(t *rapid.T) Story {
	word := rapid.StringN(0, 12, 40)
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return noon.Add(time.Duration(rapid.IntRange(-1e6, 1e6).Draw(t, "s")) * time.Second)
	})
	hex := func(n int) string {
		return rapid.SampledFrom([]string{"", strings.Repeat("a", n), strings.Repeat("0f", n/2)}).Draw(t, "hex")
	}
	s := Story{Kind: rapid.SampledFrom([]string{"incident", "campaign"}).Draw(t, "kind"), ID: word.Draw(t, "id"), Name: word.Draw(t, "name") + "n", Description: word.Draw(t, "d"),
		Labels: rapid.SliceOfN(word, 0, 2).Draw(t, "l"), Created: at.Draw(t, "c"), Modified: at.Draw(t, "m"), First: at.Draw(t, "f"), Last: at.Draw(t, "e"),
		Organisation: word.Draw(t, "o") + "o", TLP: rapid.SampledFrom(append(TLPs(), TLPNone)).Draw(t, "tlp")}
	for range rapid.IntRange(0, 4).Draw(t, "mails") {
		m := Mail{ID: word.Draw(t, "mid"), MessageID: word.Draw(t, "msgid"), Subject: word.Draw(t, "subj"), From: word.Draw(t, "from"), Name: word.Draw(t, "name"), Envelope: word.Draw(t, "env"),
			IP: rapid.SampledFrom([]string{"", "x", "203.0.113.7", "2001:db8::1", "::ffff:203.0.113.8"}).Draw(t, "ip"), At: at.Draw(t, "at"), Recipients: rapid.IntRange(0, 5).Draw(t, "r"), URLs: rapid.SliceOfN(word, 0, 3).Draw(t, "urls")}
		for range rapid.IntRange(0, 2).Draw(t, "files") {
			m.Files = append(m.Files, File{word.Draw(t, "fn"), hex(64), hex(40), hex(32), int64(rapid.IntRange(0, 9).Draw(t, "size"))})
		}
		s.Mail = append(s.Mail, m)
	}
	for range rapid.IntRange(0, 4).Draw(t, "known") {
		s.Known = append(s.Known, Known{Wanted: Wanted{rapid.SampledFrom([]Kind{URL, Domain, IP, Hash, Sender, Subject, "x"}).Draw(t, "k"), word.Draw(t, "v")}, Threat: word.Draw(t, "t"),
			Confidence: rapid.IntRange(0, 200).Draw(t, "conf"), Until: at.Draw(t, "u"), Count: rapid.IntRange(0, 3).Draw(t, "n"), First: at.Draw(t, "kf"), Last: at.Draw(t, "kl")})
	}
	return s
}

// TestTell wants of every story: each object is valid, every reference leads to an object of the bundle, each carries the marking, no
// patterns but such as are read, and twice the same is the same.
func TestTell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stories(t)
		var one, two bytes.Buffer
		if _, err := Tell(s).WriteTo(&one); err != nil {
			t.Fatal(err)
		}
		_, _ = Tell(s).WriteTo(&two)
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Fatal("told twice it differs")
		}
		have := map[string]*Object{}
		for o, err := range Read(&one, Limits{}, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if wrong := stixtest.Strict(o.Raw); wrong != nil {
				t.Fatalf("%s: %v", o.Raw, wrong)
			}
			have[o.ID] = o
			if o.Type == "indicator" {
				if _, err := ParsePattern(o.Pattern); err != nil {
					t.Fatal(err)
				}
			}
			if o.Type != "marking-definition" && s.TLP != TLPNone && TLPOf(o.Markings, nil) != s.TLP {
				t.Fatalf("%s is not marked", o.ID)
			}
		}
		for _, o := range have {
			for _, ref := range references(t, o.Raw) {
				if have[ref] == nil {
					t.Fatalf("%s refers to %s, which is not there", o.ID, ref)
				}
			}
		}
	})
}

// references are all identifiers in an object but its own.
func references(t *rapid.T, raw json.RawMessage) (out []string) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for k, v := range all {
		var list []string
		switch {
		case strings.HasSuffix(k, "_ref"):
			out = append(out, text(v))
		case strings.HasSuffix(k, "_refs"):
			_ = json.Unmarshal(v, &list)
			out = append(out, list...)
		}
	}
	return out
}
