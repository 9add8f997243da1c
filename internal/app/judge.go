package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/ingest"
	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
	"tocsin/rules"
)

// NewJudge makes the judge as every command uses it: the shipped rules and the administrator's own. A rule that is wrong is an
// error: better no start than a server that looks on without it.
func NewJudge(c Config) (*detect.Judge, error) { return makeJudge(c, false) }

// NewLearningJudge is NewJudge, and its verdicts carry the features that a local model learns from.
func NewLearningJudge(c Config) (*detect.Judge, error) { return makeJudge(c, true) }

func makeJudge(c Config, features bool) (*detect.Judge, error) {
	set, err := loadRules(c.Rules.Folder)
	if err != nil {
		return nil, err
	}
	known, err := indicators(c.Indicators.Files)
	if err != nil {
		return nil, err
	}
	return newJudge(c, set, known, features)
}

func newJudge(c Config, set *detect.RuleSet, known *intel.Indicators, features bool) (*detect.Judge, error) {
	named, err := brands(c.Brands.File)
	if err != nil {
		return nil, err
	}
	return detect.NewJudge(detect.Options{Rules: set, Indicators: known, Brands: named, Features: features}), nil
}

// brands are the shipped table with the administrator's own lines over it; nil means the shipped one.
func brands(path string) (*intel.Brands, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("config: brands.file: %w", err)
	}
	defer f.Close()
	all, err := intel.ShippedBrands().Merge(f, filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("config: brands.file: %w", err)
	}
	return all, nil
}

// loadRules takes in the shipped rules, and compiles those in the folder.
func loadRules(dir string) (*detect.RuleSet, error) {
	sources, err := ruleSources(dir)
	if err != nil {
		return nil, err
	}
	set := detect.LoadRules(sources...)
	if p := set.Problems(); len(p) > 0 {
		return nil, fmt.Errorf("rule %w; tocsin rules test tells more", p[0])
	}
	return set, nil
}

func ruleSources(dir string) ([]fs.FS, error) {
	sources := []fs.FS{detect.Shipped{FS: rules.FS}}
	if dir == "" {
		return sources, nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("config: rules.folder: %s is not a folder", dir)
	}
	return append(sources, os.DirFS(dir)), nil
}

// indicators reads the administrator's lists for commands that work without a data folder. A line that is none is an error, for the same
// reason as a wrong rule.
func indicators(files []string) (*intel.Indicators, error) {
	set := intel.NewIndicators()
	return set, readIndicators(files, set.Add)
}

// readIndicators gives every line of the lists to take, whose error says that a line is none.
func readIndicators(files []string, take func(intel.Indicator) error) error {
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("config: indicators.files: %w", err)
		}
		_, bad, err := intel.ReadList(f, filepath.Base(path), take)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("config: indicators.files: %s: %w", path, err)
		}
		if len(bad) > 0 {
			return fmt.Errorf("config: indicators.files: %w (%d such lines)", bad[0], len(bad))
		}
	}
	return nil
}

// NewChecker makes the checker of senders. Without DNS (dns.enabled: false and no resolver) it reads what trusted servers noted.
func NewChecker(c Config, resolver mailauth.Resolver) (*mailauth.Checker, error) {
	if resolver == nil && c.DNS.Enabled {
		r, err := mailauth.NewDNS()
		if err != nil {
			return nil, fmt.Errorf("%w; set dns.enabled: false to do without", err)
		}
		resolver = r
	}
	ids := make([]string, len(c.Organisation.AuthServ))
	for i, id := range c.Organisation.AuthServ {
		ids[i] = strings.ToLower(id)
	}
	return &mailauth.Checker{Resolver: resolver, TrustedIDs: ids, Own: c.Own().Network}, nil
}

func defaultPolicy() Policy {
	d := detect.DefaultPolicy()
	return Policy{
		Mode: string(d.Mode), Malware: string(d.Malware), PhishHigh: string(d.PhishHigh), Phish: string(d.Phish), SpamHigh: string(d.SpamHigh), Spam: string(d.Spam),
		Bulk: string(d.Bulk), BulkFrom: d.BulkFrom, PriorityPoints: d.Priority.Points, PriorityStep: d.Priority.Step,
	}
}

// Decider is the policy in the settings.
func (c Config) Decider() detect.Policy {
	p, d := c.Policy, detect.DefaultPolicy()
	d.Mode, d.Malware, d.PhishHigh, d.Phish = detect.Mode(p.Mode), detect.Treatment(p.Malware), detect.Treatment(p.PhishHigh), detect.Treatment(p.Phish)
	d.SpamHigh, d.Spam, d.Bulk, d.BulkFrom = detect.Treatment(p.SpamHigh), detect.Treatment(p.Spam), detect.Treatment(p.Bulk), p.BulkFrom
	d.Priority = detect.Strictness{Points: p.PriorityPoints, Step: p.PriorityStep}
	return d
}

// decider is what the book in force decides, in the words of the road.
func decider(book func() *detect.Book) ingest.Decider {
	return func(v detect.Verdict, c *detect.Context) []ingest.Decision {
		each := book().DecideEach(v, c)
		out := make([]ingest.Decision, len(each))
		for i := range each {
			out[i] = decided(&each[i])
		}
		return out
	}
}

func decided(d *detect.Decision) ingest.Decision {
	out := ingest.Decision{
		Action: string(d.Action), Location: string(d.Location), EmailAction: d.EmailAction, Policy: d.Policy, PolicyID: d.PolicyID,
		OrgAction: d.OrgLevelAction, OrgPolicy: d.OrgLevelPolicy, UserAction: d.UserLevelAction, UserPolicy: d.UserLevelPolicy,
	}
	if !d.Plain() {
		out.Why = event.Decided{Reason: d.Reason, Treatment: string(d.Treatment), Watched: d.Watched, Priority: d.Priority, OrgKind: d.OrgLevelKind}
	}
	return out
}
