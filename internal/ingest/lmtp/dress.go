package lmtp

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/treatment"
)

// unjudged is the treatment of mail that goes on as it is, because the deadline passed.
const unjudged detect.Treatment = "unjudged"

// Treatment is what the road of mail (ingest.PipelineConfig.Treatments) asks about mail of this source: every recipient gets what the policy
// says, because LMTP answers for each. The first word is kept in d.
func Treatment(d *ingest.Deliveries) ingest.Treatment {
	return func(ctx context.Context, r ingest.Ruling) ([]*ingest.Decision, error) {
		plans := make([]casestore.Delivery, len(r.Recipients))
		out := make([]*ingest.Decision, len(r.Recipients))
		var cut []string
		var cutting error
		var handed string
		tried := false
		for i := range plans {
			decision := r.Decisions[i]
			out[i] = &decision
			if treatment.Of(&decision) == detect.Replace {
				if !tried {
					tried, cut = true, treatment.Harmful(&r)
					handed, cutting = treatment.Handed(r.Raw, r.Message, cut, r.Job.NetworkMessageID)
				}
				if decision.Why.Delivered = handed; cutting != nil {
					treatment.Change(&decision, detect.ToQuarantine, "held, because "+cutting.Error())
				}
			}
			p := &plans[i]
			*p = casestore.Delivery{SHA256: r.Job.SHA256, Recipient: r.Recipients[i], NetworkMessageID: r.Job.NetworkMessageID,
				Treatment: string(treatment.Of(&decision)), Verdict: treatment.Verdict(&r), Planned: time.Now()}
			if p.Treatment == string(detect.Replace) {
				p.Cut = cut
			}
		}
		holds, err := d.Plan(ctx, plans)
		if err != nil {
			return nil, err
		}
		for i := range holds {
			switch t := detect.Treatment(holds[i].Treatment); {
			case t == unjudged:
				out[i] = nil
			case t != treatment.Of(out[i]):
				treatment.Change(out[i], t, "done as decided when the message was first offered")
				if t == detect.Replace {
					out[i].Why.Delivered, _ = treatment.Handed(r.Raw, r.Message, holds[i].Cut, holds[i].NetworkMessageID) // dress says when it cannot be cut
				}
			}
		}
		return out, nil
	}
}

// errCut: what could be cut out when it was decided cannot be now.
var errCut = errors.New("the attachment cannot be taken out")

// dress makes the message that is handed on: without fields that strangers wrote in Tocsin's name, with its own.
func (c *Config) dress(raw []byte, d *casestore.Delivery) ([]byte, error) {
	header, body := treatment.Split(raw)
	drop := map[string]bool{strings.ToLower(treatment.VerdictField): true, strings.ToLower(c.JunkName): true}
	var own bytes.Buffer
	if d.Verdict != "" {
		own.WriteString(treatment.VerdictField + ": " + d.Verdict + "\r\n")
	}
	switch detect.Treatment(d.Treatment) {
	case detect.Junk:
		own.WriteString(c.JunkName + ": " + c.JunkValue + "\r\n")
	case detect.Replace:
		changed, fields, err := treatment.Cut(raw, email.Parse(raw, email.Limits{}), d.Cut, d.NetworkMessageID)
		if err != nil {
			return nil, errors.Join(errCut, err)
		}
		body = changed
		for _, f := range fields {
			drop[strings.ToLower(f.Name)] = true
			if f.Value != "" {
				own.WriteString(f.Name + ": " + f.Value + "\r\n")
			}
		}
	}
	out := make([]byte, 0, own.Len()+len(header)+len(body))
	out = append(out, own.Bytes()...)
	out = treatment.AppendHeader(out, header, drop)
	return append(out, body...), nil
}
