package milter

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-milter"

	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/treatment"
)

// errMixed is why an attachment is not exchanged; the message is held then.
var errMixed = errors.New("other recipients of the same message get it as it is")

// chunk is how much of a body one packet carries, under the protocol's 65,535 octets.
const chunk = 60_000

// plan is what is done with one message. rule makes it where the message is judged; carryOut tells the mail system.
type plan struct {
	x    *session
	raw  []byte
	head int

	id      string
	outcome detect.Treatment
	verdict string            // value of treatment.VerdictField; "" for none
	remove  map[string]bool   // recipients whose copy is not delivered, lower case
	body    []byte            // instead of the one that came; nil: it stays
	changed []treatment.Field // of the header, when body is
}

// rule turns the decisions for the recipients into what a mail system can do: it has one message for all of them. Those whose copy is held
// or dropped are taken out of it; of the treatments for the others the mildest is done.
func (p *plan) rule(r ingest.Ruling) []ingest.Decision {
	p.id, p.outcome, p.body, p.changed, p.remove, p.verdict = r.Job.NetworkMessageID, detect.Deliver, nil, nil, map[string]bool{}, ""
	out := slices.Clone(r.Decisions)
	count := map[detect.Treatment]int{}
	for i := range out {
		count[treatment.Of(&out[i])]++
	}
	if count[detect.Replace] > 0 {
		var err error
		var handed string
		if count[detect.Replace]+count[detect.ToQuarantine]+count[detect.Reject]+count[detect.Drop] < len(out) {
			err = errMixed
		} else {
			p.body, p.changed, handed, err = treatment.Exchange(p.raw, &r)
		}
		for i := range out {
			if treatment.Of(&out[i]) != detect.Replace {
				continue
			}
			if out[i].Why.Delivered = handed; err != nil {
				treatment.Change(&out[i], detect.ToQuarantine, "held, because "+err.Error())
			}
		}
	}
	goesOn := count[detect.Deliver]+count[detect.Junk] > 0 || p.body != nil
	allRejected := count[detect.Reject] > 0 && count[detect.Reject]+count[detect.Drop] == len(out)
	for i := range out {
		d := &out[i]
		switch treatment.Of(d) {
		case detect.Junk:
			if count[detect.Deliver] > 0 {
				treatment.Change(d, detect.Deliver, "delivered to the inbox, because other recipients of the same message get it there")
			}
		case detect.Reject:
			if !allRejected {
				treatment.Change(d, detect.ToQuarantine, "held, because a message cannot be refused for some of its recipients")
				p.remove[r.Recipients[i]] = true
			}
		case detect.ToQuarantine, detect.Drop:
			p.remove[r.Recipients[i]] = true
		}
	}
	switch {
	case goesOn && p.body != nil:
		p.outcome = detect.Replace
	case goesOn && count[detect.Deliver] == 0:
		p.outcome = detect.Junk
	case goesOn:
		p.outcome = detect.Deliver
	case allRejected:
		p.outcome = detect.Reject
	case count[detect.Drop] == len(out):
		p.outcome = detect.Drop
	default:
		p.outcome = detect.ToQuarantine
	}
	p.verdict = treatment.Verdict(&r)
	return out
}

// carryOut tells the mail system. What was decided is durable by now. Values begin with the space that stands before them in the message:
// a mail system with the option for leading spaces writes none of its own.
func (p *plan) carryOut(m *milter.Modifier) (milter.Response, string, error) {
	switch p.outcome {
	case detect.Reject:
		return reply("550 5.7.1 " + treatment.Refusal(p.id)), string(p.outcome), nil
	case detect.ToQuarantine, detect.Drop:
		return milter.RespDiscard, string(p.outcome), nil
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
		step(func() error { return m.AddHeader(treatment.VerdictField, " "+p.verdict) })
	}
	if p.outcome == detect.Junk {
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
	return milter.RespAccept, string(p.outcome), err
}

// clean takes out what strangers wrote in Tocsin's name. Fields of one name are counted from 1, so the last goes first.
func (p *plan) clean(m *milter.Modifier) error {
	for _, name := range []string{treatment.VerdictField, p.x.s.cfg.JunkName} {
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
func (p *plan) change(m *milter.Modifier, f treatment.Field) error {
	n := p.count(f.Name)
	for i := n; i > 1; i-- {
		if err := m.ChangeHeader(i, f.Name, ""); err != nil {
			return err
		}
	}
	if n == 0 {
		if f.Value == "" {
			return nil
		}
		return m.AddHeader(f.Name, " "+f.Value)
	}
	if f.Value != "" {
		f.Value = " " + f.Value
	}
	return m.ChangeHeader(1, f.Name, f.Value)
}
