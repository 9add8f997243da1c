package detect

import (
	"strings"

	"tocsin/internal/scan"
)

// detectEngines reads what malware engines, sandboxes and visited pages answered. An engine that did not answer says nothing here; the road
// lists it as a defect of the message.
func detectEngines(f *Facts, raise Raise) {
	for i := range f.Engines {
		a := &f.Engines[i]
		if a.Threat == "" {
			continue
		}
		where := a.File
		if where == "" {
			where = "the message"
		}
		evidence := say("%s: %s in %s", a.Engine, a.Threat, where)
		if a.Details != "" {
			evidence = say("%s: %s in %s; %s", a.Engine, a.Threat, where, a.Details)
		}
		id := engineSignal(a)
		if known := earlier[id]; known != "" && !a.At.IsZero() && a.At.Before(f.Now) {
			id = known
		}
		raise(id, evidence)
		if kinds[id].Threat == Malware {
			f.threatNames = append(f.threatNames, Clean(a.Threat, maxValue))
		}
	}
}

// earlier are the signals of what was found out in another message, before this one came.
var earlier = map[string]string{"sandbox-malware": "sandbox-known", "page-deceives": "page-known"}

// engineSignal tells what an answer means. ClamAV's names say what kind of finding it is: "Heuristics." are guesses about form, "PUA." programs
// that somebody may want, "Phishing" pages and mails.
func engineSignal(a *scan.Answer) string {
	name := strings.ToLower(a.Threat)
	switch {
	case a.Kind == scan.KindPage:
		return "page-deceives"
	case a.Run:
		return "sandbox-malware"
	case strings.Contains(name, "phish"):
		return "engine-phish"
	case strings.HasPrefix(name, "heuristics.encrypted"), strings.HasPrefix(name, "heuristics.limits"), strings.HasPrefix(name, "pua."):
		return "engine-guess"
	case a.Kind == scan.KindRule:
		return "engine-rule"
	}
	return "engine-malware"
}
