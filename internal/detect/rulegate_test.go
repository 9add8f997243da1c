package detect

import (
	"context"
	"testing"
	"testing/fstest"

	"tocsin/internal/email"
	"tocsin/internal/scan"
)

// TestGates: a gate is closed only where the condition is false, and it is closed where it can tell.
func TestGates(t *testing.T) {
	m := email.Parse([]byte("From: Anna <anna@a.example>\r\nSubject: Parcel held\r\nContent-Type: text/html\r\n\r\n"+
		"<p>Pay the fee at <a href=\"https://post.other.example/Login?x=1\">this page</a></p>"), email.Limits{})
	c := &Context{Message: m, Files: scan.Report{Text: "scan the code"}}
	for _, tc := range []struct {
		when        string
		holds, shut bool // shut: the gate knows that it cannot hold
	}{
		{`msg.says(["pay the fee"])`, true, false},
		{`msg.says(["parcel"])`, false, true},
		{`msg.mentions(["parcel"])`, true, false},
		{`msg.head_says(["parcel"])`, true, false},
		{`msg.head_says(["fee"])`, false, true},
		{`msg.files_say(["scan the code"])`, true, false},
		{`msg.files_say(["parcel"])`, false, true},
		{`msg.links_contain(["/LOGIN"])`, true, false},
		{`msg.links_contain(["/logout"])`, false, true},
		{`msg.says(["fee"]) && msg.says(["refund"])`, false, true},
		{`msg.says(["fee"]) && (msg.says(["refund"]) || msg.says(["pay"]))`, true, false},
		{`msg.says(["fee"]) && (msg.says(["refund"]) || msg.is_list)`, false, true},
		{`msg.says(["refund"]) || msg.subject != ""`, true, false},
		{`msg.says(["refund"]) || msg.subject == ""`, false, false},
		{`!msg.says(["refund"])`, true, false},
		{`!msg.is_list && !msg.is_reply && msg.html_only && msg.foreign_links`, true, false},
		{`msg.is_list && msg.links[7].host == ""`, false, true}, // CEL too: false absorbs the error
		{`msg.links[7].host == "" && msg.is_reply`, false, true},
		{`has_signal("made-up")`, false, true},
		{`!has_signal("made-up")`, true, false},
		{`has_signal("seen")`, true, false},
		{`msg.attachments.exists(a, a.size > 0)`, false, true},
		{`msg.attachments.all(a, a.size > 0)`, true, false},
		{`msg.links.exists(l, l.host == "post.other.example" && l.target == l.url && l.tag == "a")`, true, false},
		{`msg.links.exists(l, l.host == "x")`, false, false},
		{`msg.says([msg.subject])`, false, false},
		{`["is_list"].exists(msg, msg == "is_list")`, true, false},
		{`msg.subject == "Parcel held" ? msg.says(["fee"]) : msg.is_list`, true, false},
		{`msg.subject == "Parcel held" ? msg.is_list : msg.says(["refund"]) && msg.is_list`, false, false},
		{`msg.is_list == false && msg.is_reply != true`, true, false},
		{`(msg.says(["refund"]) == false) && msg.html_only`, true, false},
		{`!(msg.is_list && msg.is_reply)`, true, false},
		{`msg.says(["refund"]) ? true : msg.html_only`, true, false},
		{`msg.subject == "&& msg.is_list ||" || msg.html_only && msg.subject.contains("\u0050arcel")`, true, false},
		{`msg.html_only // && msg.is_list`, true, false},
		{`msg.subject.matches(r"^Parcel\s") && msg.html_only`, true, false},
		{`msg.subject != """a"&& msg.is_list""" && msg.html_only`, true, false},
		{`msg.subject != "\"" && msg.subject != '\'' && msg.html_only`, true, false},
		{`msg.subject != "a\\" && msg.is_list && msg.subject != "b"`, false, true},
		{`msg.from.domain.startsWith("b") && msg.html_only`, false, true},
		{`msg.from.domain.endsWith(".example") && msg.from.domain.contains("a.")`, true, false},
		{`msg.from.domain.matches("^[ab][.]")`, true, false},
		{`msg.from.domain.matches("^[bc][.]") || auth.aligned`, false, true},
		{`!auth.known && !auth.aligned`, true, false},
		{`!msg.from.domain.startsWith("b")`, true, false},
		{`msg.links.size() == 0 && msg.html_only`, false, true},
		{`msg.links.size() > 0 && msg.links.size() == 1`, true, false},
		{`!(msg.links.size() > 0)`, false, false},
		{`direction == "Inbound"`, false, true}, // it is not known
		{`direction == ""`, true, false},
		{`free_mail(msg.from.domain) || free_mail(msg.reply_to.domain)`, false, true},
		{`!free_mail(msg.from.domain)`, true, false},
		{`[1, 2].exists(x, x == 2) && msg.links.exists(l, true) && {"a": [msg.is_list]}.size() == 1`, true, false},
		{`msg.links.exists(l, false) || msg.links.exists_one(l, true)`, true, false},
		{`msg.files_text == "scan the code" && msg.file_facts.size() == 0`, true, false},
	} {
		rule := "id: r\ntitle: A rule\nthreat: Phish\ntechnology: General filter\nseverity: low\nweight: 20\nwhen: |\n  " + tc.when + "\n"
		set := LoadRules(fstest.MapFS{"r.yaml": {Data: []byte(rule)}})
		if p := set.Problems(); len(p) > 0 {
			t.Fatal(p[0])
		}
		judge := NewJudge(Options{Rules: set, Detectors: []Detector{}})
		f := judge.facts(c)
		f.raised = []Signal{{ID: "seen"}}
		got, notes := set.evaluate(context.Background(), f)
		if len(notes) > 0 || len(got) == 1 != tc.holds {
			t.Errorf("%s: %v, notes %v", tc.when, got, notes)
		}
		if open := set.rules[0].gate.open(f); open == tc.shut {
			t.Errorf("%s: the gate is open: %v", tc.when, open)
		}
	}
}
