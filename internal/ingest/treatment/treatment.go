// Package treatment turns what the policy decided for a recipient into what a server can do with mail on its way: let it pass, mark it as
// junk, hold it, refuse it, drop it, or hand it on with a notice in the place of a harmful attachment. The milter and the LMTP proxy do the
// same by it, each in the way of its protocol.
package treatment

import (
	"fmt"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/ingest"
)

// VerdictField is the header field that says what Tocsin found. Those that came with the message are taken out.
const VerdictField = "X-Tocsin-Verdict"

// What becomes of a message, for the figures too.
const (
	Deliver    = "deliver"
	Junk       = "junk"
	Quarantine = "quarantine"
	Replace    = "replace"
	Reject     = "reject"
	Drop       = "drop"
)

// Of is what a decision comes to.
func Of(d *ingest.Decision) string {
	switch {
	case d.Action == string(detect.Junked):
		return Junk
	case d.Action == string(detect.Replaced):
		return Replace
	case d.Action == string(detect.Blocked) && d.Location == string(detect.Quarantine):
		return Quarantine
	case d.Action == string(detect.Blocked) && d.Location == string(detect.Failed):
		return Reject
	case d.Action == string(detect.Blocked):
		return Drop
	}
	return Deliver
}

// Change makes a decision into one that can be done, Deliver or Quarantine, and says why.
func Change(d *ingest.Decision, to, why string) {
	switch to {
	case Deliver:
		d.Action, d.Location, d.EmailAction = string(detect.Delivered), string(detect.Inbox), "No action taken"
	case Quarantine:
		d.Action, d.Location, d.EmailAction = string(detect.Blocked), string(detect.Quarantine), "Send to quarantine"
	}
	if d.Why.Reason != "" {
		d.Why.Reason += "; "
	}
	d.Why.Reason += why
}

// Verdict is the value of VerdictField, of Tocsin's own words only. It is "" for mail to others: strangers need not know what is thought of
// their friends' mail.
func Verdict(r *ingest.Ruling) string {
	if !r.Judged || r.Direction == detect.Outbound {
		return ""
	}
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

// Refusal is what a sender reads whose message is refused (after 550 5.7.1).
func Refusal(id string) string {
	return "This message was refused because it looks harmful. If that is wrong, tell the recipient this number: " + id
}

// Later is what a mail system reads when a message could not be judged (after 451 4.7.1).
const Later = "The message could not be checked now, try again later"
