package milter

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-milter"

	"tocsin/internal/detect"
	"tocsin/internal/ingest"
)

// verdictField is the header field that says what Tocsin found. Those that came with the message are taken out.
const verdictField = "X-Tocsin-Verdict"

// What becomes of the whole message, for the figures.
const (
	delivered   = "deliver"
	junked      = "junk"
	quarantined = "quarantine"
	replaced    = "replace"
	rejected    = "reject"
	dropped     = "drop"
)

// chunk is how much of a body one packet carries, under the protocol's 65,535 octets.
const chunk = 60_000

// plan is what is done with one message. rule makes it where the message is judged; carryOut tells the mail system.
type plan struct {
	x    *session
	raw  []byte
	head int

	id      string
	outcome string
	verdict string          // value of verdictField; "" for none
	remove  map[string]bool // recipients whose copy is not delivered, lower case
	body    []byte          // instead of the one that came; nil: it stays
	changed []field         // of the header, when body is
}

// rule turns the decisions for the recipients into what a mail system can do: it has one message for all of them. Those whose copy is held
// or dropped are taken out of it; of the treatments for the others the mildest is done.
func (p *plan) rule(r ingest.Ruling) []ingest.Decision {
	p.id, p.outcome, p.body, p.changed, p.remove, p.verdict = r.Job.NetworkMessageID, delivered, nil, nil, map[string]bool{}, ""
	out := slices.Clone(r.Decisions)
	count := map[string]int{}
	for i := range out {
		count[treatment(&out[i])]++
	}
	if count[replaced] > 0 {
		var err error
		if count[replaced]+count[quarantined]+count[rejected]+count[dropped] < len(out) {
			err = errMixed
		} else {
			p.body, p.changed, err = exchange(p.raw, &r)
		}
		for i := range out {
			if treatment(&out[i]) == replaced && err != nil {
				set(&out[i], quarantined, "held, because "+err.Error())
			}
		}
	}
	goesOn := count[delivered]+count[junked] > 0 || p.body != nil
	allRejected := count[rejected] > 0 && count[rejected]+count[dropped] == len(out)
	for i := range out {
		d := &out[i]
		switch treatment(d) {
		case junked:
			if count[delivered] > 0 {
				set(d, delivered, "delivered to the inbox, because other recipients of the same message get it there")
			}
		case rejected:
			if !allRejected {
				set(d, quarantined, "held, because a message cannot be refused for some of its recipients")
				p.remove[r.Recipients[i]] = true
			}
		case quarantined, dropped:
			p.remove[r.Recipients[i]] = true
		}
	}
	switch {
	case goesOn && p.body != nil:
		p.outcome = replaced
	case goesOn && count[delivered] == 0:
		p.outcome = junked
	case goesOn:
		p.outcome = delivered
	case allRejected:
		p.outcome = rejected
	case count[dropped] == len(out):
		p.outcome = dropped
	default:
		p.outcome = quarantined
	}
	if r.Judged && r.Direction != detect.Outbound { // strangers need not know what is thought of their friends' mail
		p.verdict = describe(&r)
	}
	return out
}

// treatment is what a decision comes to.
func treatment(d *ingest.Decision) string {
	switch {
	case d.Action == string(detect.Junked):
		return junked
	case d.Action == string(detect.Replaced):
		return replaced
	case d.Action == string(detect.Blocked) && d.Location == string(detect.Quarantine):
		return quarantined
	case d.Action == string(detect.Blocked) && d.Location == string(detect.Failed):
		return rejected
	case d.Action == string(detect.Blocked):
		return dropped
	}
	return delivered
}

// set changes a decision into what can be done, and says why.
func set(d *ingest.Decision, to, why string) {
	switch to {
	case delivered:
		d.Action, d.Location, d.EmailAction = string(detect.Delivered), string(detect.Inbox), "No action taken"
	case quarantined:
		d.Action, d.Location, d.EmailAction = string(detect.Blocked), string(detect.Quarantine), "Send to quarantine"
	}
	if d.Why.Reason != "" {
		d.Why.Reason += "; "
	}
	d.Why.Reason += why
}

// describe is the value of verdictField, of Tocsin's own words only.
func describe(r *ingest.Ruling) string {
	words := make([]string, 0, len(r.Verdict.Threats))
	for _, t := range r.Verdict.Threats {
		words = append(words, strings.ToLower(string(t)))
	}
	if len(words) == 0 {
		words = append(words, "none")
	}
	s := fmt.Sprintf("%s; score=%d", strings.Join(words, ","), r.Verdict.Score)
	if r.Verdict.Confidence != "" {
		s += "; confidence=" + strings.ToLower(string(r.Verdict.Confidence))
	}
	return s + "; id=" + r.Job.NetworkMessageID
}

// carryOut tells the mail system. What was decided is durable by now. Values begin with the space that stands before them in the message:
// a mail system with the option for leading spaces writes none of its own.
func (p *plan) carryOut(m *milter.Modifier) (milter.Response, string, error) {
	switch p.outcome {
	case rejected:
		return reply("550 5.7.1 This message was refused because it looks harmful. If that is wrong, tell the recipient this number: " + p.id), p.outcome, nil
	case quarantined, dropped:
		return milter.RespDiscard, p.outcome, nil
	}
	cfg := &p.x.s.cfg
	err := p.clean(m)
	step := func(do func() error) {
		if err == nil {
			err = do()
		}
	}
	for _, to := range p.x.tx.rcpts {
		if p.remove[strings.ToLower(strings.Trim(to, "<> "))] {
			step(func() error { return m.DeleteRecipient(to) })
		}
	}
	for _, f := range p.changed {
		step(func() error { return p.change(m, f) })
	}
	if p.verdict != "" {
		step(func() error { return m.AddHeader(verdictField, " "+p.verdict) })
	}
	if p.outcome == junked {
		step(func() error { return m.AddHeader(cfg.JunkName, " "+cfg.JunkValue) })
	}
	for rest := p.body; len(rest) > 0; {
		n := min(len(rest), chunk)
		if n < len(rest) { // the library reads CRLF in each packet, so none may be cut apart
			if i := bytes.LastIndexByte(rest[:n], '\n'); i > 0 {
				n = i + 1
			} else if rest[n-1] == '\r' {
				n--
			}
		}
		part := rest[:n]
		rest = rest[n:]
		step(func() error { return m.ReplaceBody(part) })
	}
	return milter.RespAccept, p.outcome, err
}

// clean takes out what strangers wrote in Tocsin's name. Fields of one name are counted from 1, so the last goes first.
func (p *plan) clean(m *milter.Modifier) error {
	for _, name := range []string{verdictField, p.x.s.cfg.JunkName} {
		for n := p.count(name); n > 0; n-- {
			if err := m.ChangeHeader(n, name, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *plan) count(name string) int {
	n := 0
	for _, f := range p.x.tx.fields {
		if strings.EqualFold(strings.TrimSpace(f.name), name) {
			n++
		}
	}
	return n
}

// change gives a field one value, whatever came; "" takes it out.
func (p *plan) change(m *milter.Modifier, f field) error {
	n := p.count(f.name)
	for i := n; i > 1; i-- {
		if err := m.ChangeHeader(i, f.name, ""); err != nil {
			return err
		}
	}
	if n == 0 {
		if f.value == "" {
			return nil
		}
		return m.AddHeader(f.name, " "+f.value)
	}
	if f.value != "" {
		f.value = " " + f.value
	}
	return m.ChangeHeader(1, f.name, f.value)
}
