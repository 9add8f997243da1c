package detect

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// RuleResult is what TestRules found out about one rule file.
type RuleResult struct {
	ID       string // "" when the file could not be read
	File     string
	Samples  []SampleResult
	Problems []string // why the rule as a whole is not fit; empty when it is
}

// OK says that the rule loads and does on every sample what it must.
func (r RuleResult) OK() bool {
	for _, s := range r.Samples {
		if s.Problem != "" {
			return false
		}
	}
	return len(r.Problems) == 0
}

// SampleResult is one sample of a rule.
type SampleResult struct {
	Name     string // its file, or "message 2"
	Want     bool
	Got      bool
	Evidence string // when it matched
	Problem  string // "" when all is well
	Verdict  Verdict
}

// TestRules judges every sample of every rule in fsys and says which did not do what it must. A rule needs at least one sample that must
// match and one that must not. The whole judge runs, so that rules can rely on signals. Results are in the order of the files.
func TestRules(fsys fs.FS) []RuleResult {
	set := LoadRules(fsys)
	judge := NewJudge(Options{Rules: set})
	var out []RuleResult
	for _, p := range set.problems {
		out = append(out, RuleResult{File: p.File, Problems: []string{p.Error()}})
	}
	for _, c := range set.rules {
		r := RuleResult{ID: c.ID, File: c.File}
		var match, miss bool
		for i := range c.Samples {
			s := &c.Samples[i]
			match, miss = match || s.Match, miss || !s.Match
			r.Samples = append(r.Samples, judge.trySample(fsys, &c.RuleFile, s, i+1))
		}
		if !match {
			r.Problems = append(r.Problems, c.File+": no sample that must match")
		}
		if !miss {
			r.Problems = append(r.Problems, c.File+": no sample that must not match")
		}
		out = append(out, r)
	}
	return out
}

func (j *Judge) trySample(fsys fs.FS, rule *RuleFile, s *RuleSample, n int) SampleResult {
	res := j.tryMessage(fsys, rule, s, n)
	switch {
	case res.Problem != "":
	case s.Match && !res.Got:
		res.Problem = "must match, and does not" + because(s.Why)
	case !s.Match && res.Got:
		res.Problem = "must not match, and does" + because(s.Why) + "; evidence: " + res.Evidence
	}
	return res
}

// tryMessage judges one message and says whether the rule spoke, whatever it should have done.
func (j *Judge) tryMessage(fsys fs.FS, rule *RuleFile, s *RuleSample, n int) SampleResult {
	res := SampleResult{Name: fmt.Sprintf("message %d", n), Want: s.Match}
	raw := []byte(strings.ReplaceAll(s.Message, "\n", "\r\n"))
	if s.File != "" {
		res.Name = s.File
		b, err := fs.ReadFile(fsys, path.Clean(s.File))
		if err != nil {
			res.Problem = err.Error()
			return res
		}
		raw = b
	}
	c, err := s.context(raw)
	if err != nil {
		res.Problem = err.Error()
		return res
	}
	v := j.Judge(context.Background(), c)
	res.Verdict = v
	for _, sig := range v.Signals {
		if sig.ID == rule.ID {
			res.Got, res.Evidence = true, sig.Evidence
		}
	}
	for _, note := range v.Notes {
		if strings.Contains(note.Text, rule.ID) {
			res.Problem = note.Text
			return res
		}
	}
	return res
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// context makes what a judge is given of a sample. Recipients are To and Cc, the organisation's domain is the first recipient's,
// unless the sample says otherwise; authentication is unknown unless it says what was found.
func (s *RuleSample) context(raw []byte) (*Context, error) {
	m := email.Parse(raw, email.Limits{})
	files := scan.Open(context.Background(), m, scan.Limits{})
	c := &Context{Message: m, Files: files, Recipients: s.Recipients, Direction: s.Direction, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if len(c.Recipients) == 0 {
		for _, list := range [][]email.Address{m.To, m.Cc} {
			for _, a := range list {
				c.Recipients = append(c.Recipients, strings.ToLower(a.Addr))
			}
		}
	}
	if c.Direction == "" {
		c.Direction = Inbound
	}
	c.Org.Domains = s.Domains
	if len(s.Domains) == 0 && len(c.Recipients) > 0 {
		if _, d, ok := strings.Cut(c.Recipients[0], "@"); ok {
			c.Org.Domains = []string{d}
		}
	}
	var from string
	if len(m.From) > 0 {
		from = m.From[0].Domain
	}
	for method, result := range s.Auth {
		check := mailauth.Check{Result: mailauth.Result(result), Origin: mailauth.Reported, Domain: from}
		switch method {
		case "spf":
			c.Auth.SPF = check
		case "dkim":
			c.Auth.DKIM = []mailauth.Check{check}
		case "dmarc":
			c.Auth.DMARC = check
			c.Auth.Aligned = check.Result == mailauth.Pass
			if c.Auth.Aligned {
				c.Auth.AlignedBy = "DKIM"
			}
		case "policy":
			c.Auth.Policy = result
		default:
			return nil, fmt.Errorf("auth %q: want spf, dkim, dmarc or policy", method)
		}
	}
	return c, nil
}
