package detect

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/mailauth"
)

// Explain writes for a person why the verdict is what it is: the message, the verdict, what spoke for and against each threat with a
// running sum, the marks of authentication, what could not be judged, and what the policy decided. Hostile text is
// cleaned; lines are at most about 110 columns wide.
func Explain(w io.Writer, c *Context, v Verdict, d ...Decision) error {
	e := &explainer{w: bufio.NewWriter(w)}
	e.message(c)
	e.verdict(v)
	for _, t := range threats {
		e.threat(v, t)
	}
	e.authentication(c)
	e.defects(c.Message, v)
	e.decisions(c, d)
	return e.w.Flush()
}

type explainer struct{ w *bufio.Writer }

func (e *explainer) line(format string, args ...any) { fmt.Fprintf(e.w, format+"\n", args...) }

func (e *explainer) message(c *Context) {
	m := c.Message
	e.line("%s", orDash(Clean(m.Subject, 200)))
	for _, a := range m.From {
		e.line("From       %s", person(a))
	}
	for _, a := range m.ReplyTo {
		e.line("Reply to   %s", person(a))
	}
	if len(c.Recipients) > 0 {
		e.line("To         %s", say("%s", c.Recipients))
	}
	if !m.Date.IsZero() {
		e.line("Date       %s", m.Date.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	e.line("Message    %s, %d octets, %d links, %d attachments", orDash(Clean(m.MessageID, 120)), m.Size, len(m.Links), len(m.Attachments))
	e.line("")
}

func person(a email.Address) string {
	addr := orDash(Clean(a.Addr, maxValue))
	if a.Name == "" {
		return addr
	}
	return `"` + Clean(a.Name, maxValue) + `" <` + addr + ">"
}

func orDash(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func (e *explainer) verdict(v Verdict) {
	what := "No threat is named"
	if len(v.Threats) > 0 {
		names := make([]string, len(v.Threats))
		for i, t := range v.Threats {
			names[i] = string(t)
			if t == Phish && v.Confidence == High {
				names[i] += " (high confidence)"
			}
		}
		what = strings.Join(names, ", ")
	}
	e.line("VERDICT    %s: score %d of 100; a threat is named from %d, phish has high confidence from %d", what, v.Score, FlagScore, HighScore)
	if len(v.ThreatNames) > 0 {
		e.line("           %s", say("%s", v.ThreatNames))
	}
	if v.BulkLevel > 0 {
		e.line("           bulk level %d of 9", v.BulkLevel)
	}
	e.line("")
}

func (e *explainer) threat(v Verdict, t Threat) {
	var pro, con []Signal
	for _, s := range v.Signals {
		switch {
		case s.Threat == t && s.Weight > 0:
			pro = append(pro, s)
		case s.Threat == t:
			con = append(con, s)
		}
	}
	if len(pro)+len(con) == 0 {
		return
	}
	sum := 0
	show := func(s Signal) {
		sum += s.Weight
		e.line("  %+4d  %-76s %4d", s.Weight, Clean(s.Claim, 76), sum)
		tail := ""
		if s.Technology != "" {
			tail = "  [" + string(s.Technology) + "]"
		}
		e.line("        %s%s", s.Evidence, tail)
		e.line("        (%s)", s.ID)
	}
	e.line("%-84s  sum", "WHAT SPOKE FOR "+strings.ToUpper(string(t)))
	for _, s := range pro {
		show(s)
	}
	if len(pro) == 0 {
		e.line("        nothing")
	}
	if len(con) > 0 {
		e.line("AGAINST IT")
		for i := len(con) - 1; i >= 0; i-- { // the heaviest first, as above
			show(con[i])
		}
	}
	switch score := v.Scores[t]; {
	case sum != score:
		e.line("  Score for %s: %d (a sum of %d is held between 0 and 100)", t, score, sum)
	default:
		e.line("  Score for %s: %d", t, score)
	}
	e.line("")
}

func (e *explainer) authentication(c *Context) {
	a := &c.Auth
	e.line("AUTHENTICATION")
	mark := func(name string, k mailauth.Check) {
		origin := map[mailauth.Origin]string{mailauth.Checked: "checked here", mailauth.Reported: "said by a trusted server"}[k.Origin]
		if origin == "" {
			origin = "not checked: that needs DNS, or the word of a trusted server"
		}
		line := fmt.Sprintf("  %-6s %-10s %s", name, result(k), Clean(k.Domain, maxValue))
		if k.Detail != "" {
			line += "  " + Clean(k.Detail, maxValue)
		}
		e.line("%s  (%s)", line, origin)
	}
	mark("SPF", a.SPF)
	for _, k := range a.DKIM {
		mark("DKIM", k)
	}
	if len(a.DKIM) == 0 {
		e.line("  DKIM   none       no signature")
	}
	mark("DMARC", a.DMARC)
	if a.ARCInstances > 0 {
		mark("ARC", a.ARC)
	}
	switch {
	case a.Aligned:
		e.line("  The sender's domain is proven by %s. That proves the domain, not the intent.", a.AlignedBy)
	default:
		e.line("  Nothing proves the sender's domain.")
	}
	if len(a.Forged) > 0 {
		e.line("  Claims by %s were ignored: below the trust boundary or not configured.", say("%s", a.Forged))
	}
	e.line("")
}

func (e *explainer) defects(m *email.Message, v Verdict) {
	if len(m.Defects) > 0 {
		e.line("WHAT WAS BROKEN IN THE MESSAGE")
		for i, d := range m.Defects {
			if i == 20 {
				e.line("  and %d more", len(m.Defects)-i)
				break
			}
			e.line("  %s in %s", Clean(d.ID, 60), orDash(Clean(d.Where, maxValue)))
		}
		e.line("")
	}
	if len(v.Notes) > 0 {
		e.line("WHAT COULD NOT BE JUDGED")
		for _, n := range v.Notes {
			e.line("  %s: %s", Clean(n.ID, 40), Clean(n.Text, maxEvidence))
		}
		e.line("")
	}
}

// decisions shows each decision once, with those it is for where they are not the same for all.
func (e *explainer) decisions(c *Context, all []Decision) {
	var shown []Decision
	for i, d := range all {
		if slices.Contains(shown, d) {
			continue
		}
		shown = append(shown, d)
		var whom []string
		for k := range all {
			if all[k] == d && k < len(c.Recipients) {
				whom = append(whom, c.Recipients[k])
			}
		}
		if i > 0 || len(whom) < len(all) {
			e.line("FOR        %s", say("%s", whom))
		}
		e.decision(d)
	}
}

func (e *explainer) decision(d Decision) {
	e.line("POLICY     %s, %s (%s)", d.Action, d.Location, d.EmailAction)
	if d.Policy != "" {
		e.line("           %s, %s", d.Policy, orDash(Clean(d.PolicyID, maxValue)))
	}
	e.line("           %s.", d.Reason)
}
