package detect

import (
	"slices"
	"time"
)

const (
	kinSure        = 70             // points from which a known bad message makes its like bad
	campaignWindow = 24 * time.Hour // in which a mailing is one wave
	campaignMails  = 4              // kin in that time, this message not counted
	campaignFrom   = 3              // registrable sender domains among them
)

// detectKin reads what the messages of the last days say that this one belongs together with. Only verdicts that stand alone count: else one
// mistake would spread from copy to copy.
func detectKin(f *Facts, raise Raise) {
	if !f.inbound || f.list || len(f.Kin) == 0 {
		return
	}
	senders := map[string]bool{}
	if f.fromOrg != "" {
		senders[f.fromOrg] = true
	}
	wave, bad := 0, false
	for i := range f.Kin {
		k := &f.Kin[i]
		if k.Sure && (k.Points >= kinSure || k.SameFile) {
			id := ""
			switch {
			case slices.Contains(k.Threats, Malware) && k.SameFile:
				id = "like-known-malware"
			case slices.Contains(k.Threats, Phish):
				id = "like-known-phish"
			case slices.Contains(k.Threats, Spam):
				id = "like-known-junk"
			}
			if id != "" {
				f.speaksOf = map[string]string{id: k.NetworkMessageID}
				raise(id, say("message of %s from %s: %s", k.At.Format(time.DateOnly), k.Sender, k.Why))
			}
		}
		if f.Now.Sub(k.At) <= campaignWindow {
			wave++
			senders[k.Sender] = true
			bad = bad || slices.Contains(k.Threats, Phish) || slices.Contains(k.Threats, Malware)
		}
	}
	if wave < campaignMails || len(senders) < campaignFrom || f.proven() && !bad {
		return
	}
	id := "campaign-wave"
	if bad {
		id = "campaign-bad"
	}
	raise(id, say("%d like messages from %d sender domains within a day; %s", wave, len(senders), f.Kin[0].Why))
}

// likeness are the signals that speak of other messages.
var likeness = map[string]bool{"like-known-malware": true, "like-known-phish": true, "like-known-junk": true, "campaign-wave": true, "campaign-bad": true}

// SureAlone reports whether a verdict stands firmly without what was said of other messages: then it may speak about its like.
func SureAlone(v Verdict) bool {
	for _, t := range v.Threats {
		sum := 0
		for _, s := range v.Signals {
			if s.Threat == t && !likeness[s.ID] {
				sum += s.Weight
			}
		}
		if sum >= (FlagScore+HighScore)/2 {
			return true
		}
	}
	return false
}
