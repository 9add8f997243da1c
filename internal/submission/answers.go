package submission

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings are what the organisation tells people who report mail.
type Settings struct {
	Revision int64     `json:"revision"` // 0: as shipped
	At       time.Time `json:"at,omitzero"`
	By       string    `json:"by,omitempty"`

	Answer  bool              `json:"answer"`   // reporters hear of results
	OptOut  []string          `json:"opt_out"`  // addresses that want no answers
	Subject string            `json:"subject"`  // of every answer
	Texts   map[Result]string `json:"texts"`    // by result; "" for no answer
	Sign    string            `json:"sign_off"` // below every answer
}

// Placeholders that subject, texts and sign-off may hold.
var Placeholders = []struct{ Name, Means string }{
	{"{{name}}", "name of the reporter, or the address"},
	{"{{subject}}", "subject of the reported message"},
	{"{{sender}}", "sender of the reported message"},
	{"{{reported}}", "date of the report"},
	{"{{result}}", "the result"},
	{"{{note}}", "the note that was written when closing; empty without one"},
	{"{{organisation}}", "name of the organisation"},
}

// DefaultSettings are the answers as shipped: short, and thankful whatever the result is.
func DefaultSettings() Settings {
	return Settings{
		Answer: true, OptOut: []string{}, Subject: "Your report: {{subject}}",
		Texts: map[Result]string{
			Phishing:   "Hello {{name}},\n\nthank you. The message \"{{subject}}\" from {{sender}} that you reported on {{reported}} is phishing. Do not open its links or files. If you entered a password or opened a file, tell the security team now.\n\n{{note}}",
			IsMalware:  "Hello {{name}},\n\nthank you. The message \"{{subject}}\" from {{sender}} that you reported on {{reported}} carries malware. If you opened its file or link, tell the security team now and leave the computer as it is.\n\n{{note}}",
			IsSpam:     "Hello {{name}},\n\nthank you. The message \"{{subject}}\" from {{sender}} that you reported on {{reported}} is unwanted advertising, and harmless. You can delete it.\n\n{{note}}",
			Clean:      "Hello {{name}},\n\nthank you for asking. We looked at the message \"{{subject}}\" from {{sender}} that you reported on {{reported}} and found nothing wrong with it. You can use it. Please go on reporting what looks odd.\n\n{{note}}",
			Simulation: "Hello {{name}},\n\nwell seen. The message \"{{subject}}\" that you reported on {{reported}} was a training of ours. Nothing more is to be done.\n\n{{note}}",
			Unknown:    "",
		},
		Sign: "Your security team, {{organisation}}",
	}
}

// Bounds of settings, in octets and entries.
const (
	maxAnswerText = 8000
	maxOptOut     = 10_000
)

// Validate checks edited settings and puts them into the form that is kept.
func (s *Settings) Validate() error {
	if strings.TrimSpace(s.Subject) == "" || len(s.Subject) > 300 || strings.ContainsAny(s.Subject, "\r\n") {
		return &Wrong{"subject", "write a subject of one line, at most 300 characters"}
	}
	if len(s.Sign) > maxAnswerText {
		return &Wrong{"sign_off", fmt.Sprintf("it is longer than %d characters", maxAnswerText)}
	}
	for r, t := range s.Texts {
		if !slices.Contains(Results(), r) {
			return &Wrong{"texts", fmt.Sprintf("%q is no result", string(r))}
		}
		if len(t) > maxAnswerText {
			return &Wrong{"texts", fmt.Sprintf("the text for %q is longer than %d characters", string(r), maxAnswerText)}
		}
	}
	for field, text := range map[string]string{"subject": s.Subject, "sign_off": s.Sign} {
		if p := strange(text); p != "" {
			return &Wrong{field, p}
		}
	}
	for r, text := range s.Texts {
		if p := strange(text); p != "" {
			return &Wrong{"texts", string(r) + ": " + p}
		}
	}
	if len(s.OptOut) > maxOptOut {
		return &Wrong{"opt_out", fmt.Sprintf("there are more than %d addresses", maxOptOut)}
	}
	out := make([]string, 0, len(s.OptOut))
	for _, a := range s.OptOut {
		a = strings.ToLower(strings.TrimSpace(a))
		if a == "" {
			continue
		}
		if len(a) > maxName || strings.Count(a, "@") != 1 || strings.ContainsAny(a, " \t\r\n,;<>") {
			return &Wrong{"opt_out", fmt.Sprintf("%q is no address", cut(a, 80))}
		}
		out = append(out, a)
	}
	slices.Sort(out)
	s.OptOut = slices.Compact(out)
	return nil
}

// strange names a placeholder that there is not.
func strange(text string) string {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "{{")
		if !found {
			return ""
		}
		name, behind, closed := strings.Cut(after, "}}")
		if !closed {
			return "a placeholder begins with {{ and does not end with }}"
		}
		if !slices.ContainsFunc(Placeholders, func(p struct{ Name, Means string }) bool { return p.Name == "{{"+name+"}}" }) {
			return fmt.Sprintf("there is no placeholder {{%s}}", cut(name, 40))
		}
		rest = behind
	}
}

// Answer is the mail to one reporter.
type Answer struct{ To, Subject, Text string }

// Compose writes the answer to a report of a closed submission. why says why there is none. What strangers wrote (subject, sender) goes in
// defanged and on one line, so that an answer carries no link of the attack.
func (s *Settings) Compose(organisation string, x *Submission, r *Report) (a Answer, why string) {
	switch {
	case !s.Answer:
		return a, "answers are turned off"
	case !r.Proven:
		return a, "the sender is not proven"
	case !r.Inside:
		return a, "the reporter is not of the organisation"
	case r.Mute:
		return a, "a machine sent the report"
	case slices.Contains(s.OptOut, r.Reporter):
		return a, "the reporter wants no answers"
	case strings.TrimSpace(s.Texts[x.Result]) == "":
		return a, fmt.Sprintf("there is no text for %q", string(x.Result))
	}
	sender := x.Sender
	if sender == "" {
		sender = x.SenderName
	}
	fill := strings.NewReplacer("{{name}}", safeText(firstNonEmpty(r.Name, r.Reporter)), "{{subject}}", safeText(firstNonEmpty(x.Subject, "(no subject)")), "{{sender}}", safeText(firstNonEmpty(sender, "an unknown sender")),
		"{{reported}}", r.At.UTC().Format("2 January 2006"), "{{result}}", string(x.Result), "{{note}}", x.Note, "{{organisation}}", organisation)
	text := strings.TrimRight(fill.Replace(s.Texts[x.Result]), "\n ")
	if sign := strings.TrimSpace(fill.Replace(s.Sign)); sign != "" {
		text += "\n\n" + sign
	}
	return Answer{To: r.Reporter, Subject: cut(oneLine(fill.Replace(s.Subject)), 200), Text: text + "\n"}, ""
}
