package lmtp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/smtp"
	"tocsin/internal/ingest/treatment"
)

// acceptTime bounds making a message durable.
const acceptTime = time.Minute

var later = smtp.Reply{Code: 451, Enhanced: "4.7.1", Text: treatment.Later}

// message is one on its way.
type message struct {
	raw  []byte
	sum  string
	env  ingest.Envelope
	keys []string // recipients as they are kept: one for each different one, lower case
	of   []string // the key of each of env.Recipients
	id   string
}

func newMessage(raw []byte, env ingest.Envelope) *message {
	hash := sha256.Sum256(raw)
	m := &message{raw: raw, sum: hex.EncodeToString(hash[:]), env: env}
	seen := map[string]bool{}
	for _, r := range env.Recipients {
		key := ingest.Recipient(r)
		if m.of = append(m.of, key); !seen[key] {
			seen[key] = true
			m.keys = append(m.keys, key)
		}
	}
	return m
}

// Deliver takes a message in, waits for what is to be done, does it, and answers for each recipient.
func (s *session) Deliver(ctx context.Context, raw []byte, env ingest.Envelope) []smtp.Reply {
	p, start := s.p, time.Now()
	late := ingest.LateDelivered
	env.Otherwise = &late
	m := newMessage(raw, env)
	plans, err := p.decide(ctx, m, start)
	outcome, by := "broken", map[string]smtp.Reply{}
	switch {
	case errors.Is(err, ingest.ErrTooLarge):
		return all(m, smtp.Reply{Code: 552, Enhanced: "5.3.4", Text: "Message is too large"})
	case err != nil:
		p.cfg.Logger.Warn("message not taken in", "source", env.Source, "queue_id", env.QueueID, "mail_from", env.MailFrom, "err", err)
		if p.cfg.Broken == treatment.TempFail {
			p.cfg.Observe(outcome, time.Since(start))
			return all(m, later)
		}
		for _, k := range m.keys { // nothing is remembered of it
			plans[k] = casestore.Delivery{SHA256: m.sum, Recipient: k, Treatment: string(unjudged)}
		}
	default:
		outcome = "late"
		if x, ok := plans[m.keys[0]]; ok {
			outcome = x.Treatment
		}
	}
	p.cfg.Observe(outcome, time.Since(start))
	var groups [][]casestore.Delivery
	for _, k := range m.keys {
		plan, known := plans[k]
		if !known {
			by[k] = later
			continue
		}
		switch detect.Treatment(plan.Treatment) {
		case detect.ToQuarantine, detect.Drop:
			by[k] = smtp.Reply{Code: 250, Enhanced: "2.0.0", Text: "OK, it is kept as " + m.id}
		case detect.Reject:
			by[k] = smtp.Reply{Code: 550, Enhanced: "5.7.1", Text: treatment.Refusal(m.id)}
		default:
			if !plan.Answered.IsZero() {
				p.cfg.Logger.Info("message was delivered before", "source", env.Source, "message", m.id, "recipient", k, "queue_id", env.QueueID)
				by[k] = smtp.Reply{Code: 250, Enhanced: "2.0.0", Text: "OK, it was delivered before"}
				continue
			}
			if !p.begin(&plan) {
				by[k] = smtp.Reply{Code: 451, Enhanced: "4.3.2", Text: "The same message is being delivered at this moment, try again"}
				continue
			}
			defer p.end(&plan)
			groups = add(groups, plan)
		}
	}
	for _, g := range groups {
		s.handGroup(ctx, m, g, by)
	}
	out := make([]smtp.Reply, len(m.of))
	for i, k := range m.of {
		out[i] = by[k]
	}
	return out
}

func all(m *message, r smtp.Reply) []smtp.Reply {
	out := make([]smtp.Reply, len(m.of))
	for i := range out {
		out[i] = r
	}
	return out
}

// begin reports whether nobody hands this on at the moment: a mail system that lost patience offers a message again on another connection.
func (p *Proxy) begin(d *casestore.Delivery) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := d.SHA256 + " " + d.Recipient
	if p.handing[key] {
		return false
	}
	p.handing[key] = true
	return true
}

func (p *Proxy) end(d *casestore.Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.handing, d.SHA256+" "+d.Recipient)
}

// add puts a recipient to those who get the same message.
func add(groups [][]casestore.Delivery, d casestore.Delivery) [][]casestore.Delivery {
	for i, g := range groups {
		if g[0].Treatment == d.Treatment && g[0].Verdict == d.Verdict && strings.Join(g[0].Cut, " ") == strings.Join(d.Cut, " ") {
			groups[i] = append(g, d)
			return groups
		}
	}
	return append(groups, []casestore.Delivery{d})
}

// handGroup hands the message on to those who get the same, and notes who has it.
func (s *session) handGroup(ctx context.Context, m *message, group []casestore.Delivery, by map[string]smtp.Reply) {
	dressed, err := s.p.cfg.dress(m.raw, &group[0])
	if err != nil {
		s.p.cfg.Logger.Error("message not handed on", "message", m.id, "err", err)
		for _, d := range group {
			by[d.Recipient] = later
		}
		return
	}
	typed := map[string]string{} // as the mail system wrote them
	for i, k := range m.of {
		if typed[k] == "" {
			typed[k] = m.env.Recipients[i]
		}
	}
	rcpts := make([]string, len(group))
	for i, d := range group {
		rcpts[i] = typed[d.Recipient]
	}
	var taken []casestore.Delivery
	for i, r := range s.hand(ctx, dressed, rcpts) {
		by[group[i].Recipient] = r
		if success(r) && !group[i].Planned.IsZero() {
			taken = append(taken, group[i])
		}
	}
	if err := s.p.deliveries.Answered(context.WithoutCancel(ctx), taken); err != nil { // it is delivered all the same
		s.p.cfg.Logger.Warn("what was delivered could not be noted", "message", m.id, "err", err)
	}
}

// decide takes the message in and waits for what is to be done for each recipient, by key. Those that are missing when there is no error wait
// for another try.
func (p *Proxy) decide(ctx context.Context, m *message, start time.Time) (map[string]casestore.Delivery, error) {
	await := p.deliveries.Await(m.sum)
	defer await.Close()
	in := p.judge.Expect(m.raw, m.env.Recipients, nil)
	accepting, cancel := context.WithTimeout(ctx, acceptTime)
	receipt, err := p.in.Accept(accepting, m.raw, m.env)
	cancel()
	if err != nil {
		in.Leave()
		return map[string]casestore.Delivery{}, err
	}
	m.id = receipt.NetworkMessageID
	waiting, cancel := context.WithDeadline(ctx, start.Add(p.cfg.Deadline))
	defer cancel()
	switch {
	case receipt.Job == nil:
		in.Leave() // it was here before: judged, or in the queue, or judged for another connection
	default:
		p.judgeNow(in, *receipt.Job, start)
	}
	if receipt.Job == nil || len(receipt.Job.Recipients) < len(m.keys) {
		if err := await.Recall(ctx, m.keys); err != nil {
			p.cfg.Logger.Warn("what was done before could not be read", "message", m.id, "err", err)
		}
	}
	plans := await.For(waiting, m.keys)
	if len(plans) == len(m.keys) || ctx.Err() != nil {
		return plans, nil
	}
	p.cfg.Logger.Warn("message was not judged in time", "source", m.env.Source, "message", m.id, "queue_id", m.env.QueueID, "answer", string(p.cfg.Late))
	if p.cfg.Late == treatment.TempFail {
		return plans, nil
	}
	var missing []casestore.Delivery
	for _, k := range m.keys {
		if _, known := plans[k]; !known {
			missing = append(missing, casestore.Delivery{SHA256: m.sum, Recipient: k, NetworkMessageID: m.id, Treatment: string(unjudged), Planned: time.Now()})
		}
	}
	holds, err := p.deliveries.Plan(ctx, missing)
	if err != nil {
		return plans, err
	}
	for _, d := range holds {
		plans[d.Recipient] = d
	}
	return plans, nil
}

// judgeNow judges a message beside its connection, if there is room: else the queue does.
func (p *Proxy) judgeNow(in *ingest.Inline, j ingest.Job, start time.Time) {
	select {
	case p.judging <- struct{}{}:
	default:
		in.Leave()
		return
	}
	p.working.Go(func() {
		defer func() { <-p.judging }()
		// An error is no loss: the job is durable, and whoever waits has a deadline of its own.
		_ = in.Now(p.ctx, j, start.Add(p.cfg.Deadline), time.Minute)
	})
}
