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

// Answer is what the mail system hears when there is no judgement.
type Answer string

const (
	Accept   Answer = "accept"   // let it go on as it is
	TempFail Answer = "tempfail" // the sender tries again
)

// Of is what a decision comes to.
func Of(d *ingest.Decision) detect.Treatment {
	switch {
	case d.Action == string(detect.Junked):
		return detect.Junk
	case d.Action == string(detect.Replaced):
		return detect.Replace
	case d.Action == string(detect.Blocked) && d.Location == string(detect.Quarantine):
		return detect.ToQuarantine
	case d.Action == string(detect.Blocked) && d.Location == string(detect.Failed):
		return detect.Reject
	case d.Action == string(detect.Blocked):
		return detect.Drop
	}
	return detect.Deliver
}

// Change makes a decision into another, and says why.
func Change(d *ingest.Decision, to detect.Treatment, why string) {
	action, location, words := to.Effect()
	d.Action, d.Location, d.EmailAction = string(action), string(location), words
	d.Why.Delivered = ""
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
