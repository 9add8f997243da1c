package detect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// RuleSet holds compiled rules. It is never changed after LoadRules and may be used by many goroutines. The zero value has none.
type RuleSet struct {
	rules    []*compiled
	problems []*RuleError
}

type compiled struct {
	RuleFile
	gate     gate
	when     *program
	evidence *program // nil: the title stands in
}

// Shipped marks a source of rules that come with Tocsin. Tests compile them and try them on their samples (rules/, TestShippedRules), so a
// program that starts need not: each is compiled when a message first comes through its gate, and its samples are not read. Of more
// than a hundred rules the mail of a day needs a few dozen, and a command that judges one message two or three.
type Shipped struct{ fs.FS }

// RuleError says what is wrong with a rule, and where.
type RuleError struct {
	File   string
	Line   int // 1-based; 0 when the whole file is meant
	Column int // 1-based; 0 when unknown
	Msg    string
}

func (e *RuleError) Error() string {
	switch {
	case e.Line == 0:
		return e.File + ": " + e.Msg
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// LoadRules reads and compiles every *.yaml in the top folder of each file system, in the order given and then by name. A rule that
// cannot be read, does not compile or repeats an id is set aside and told by Problems; the others work.
func LoadRules(sources ...fs.FS) *RuleSet {
	r := newRuleBuild()
	type read struct {
		files []RuleFile
		later bool
	}
	var all []read
	for _, source := range sources {
		shipped, later := source.(Shipped)
		if later {
			source = shipped.FS
		}
		files, errs := readRuleFiles(source, later)
		all, r.set.problems = append(all, read{files, later}), append(r.set.problems, errs...)
	}
	for _, one := range all {
		r.add(one.files, one.later)
	}
	return r.done()
}

// BuildRules compiles rules that ParseRule read, in the order given. Those that do not compile or repeat an id are told by Problems.
func BuildRules(files []RuleFile) *RuleSet {
	r := newRuleBuild()
	r.add(files, false)
	return r.done()
}

// ruleBuild is a set of rules that is being put together.
type ruleBuild struct {
	set  *RuleSet
	lang *language
	seen map[string]string // id -> file
}

func newRuleBuild() *ruleBuild {
	return &ruleBuild{&RuleSet{}, newLanguage(&phrases{index: map[string]int{}}), map[string]string{}}
}

// add takes in rules; later leaves compiling them to the first message that needs them.
func (b *ruleBuild) add(files []RuleFile, later bool) {
	for i := range files {
		if err := b.set.add(b.lang, &files[i], b.seen, later); err != nil {
			b.set.problems = append(b.set.problems, err)
		}
	}
}

func (b *ruleBuild) done() *RuleSet {
	b.lang.words.build()
	return b.set
}

// readRuleFiles reads the *.yaml of the top folder, by name; with noSamples only what stands before the samples.
func readRuleFiles(source fs.FS, noSamples bool) ([]RuleFile, []*RuleError) {
	names, err := fs.Glob(source, "*.yaml")
	if err != nil {
		return nil, []*RuleError{{File: ".", Msg: err.Error()}}
	}
	sort.Strings(names)
	var files []RuleFile
	var problems []*RuleError
	for _, name := range names {
		b, err := fs.ReadFile(source, name)
		if err != nil {
			problems = append(problems, &RuleError{File: name, Msg: err.Error()})
			continue
		}
		if i := bytes.Index(b, []byte("\nsamples:\n")); noSamples && i >= 0 {
			b = b[:i+1]
		}
		f, err := ParseRule(name, b)
		if err != nil {
			var re *RuleError
			if !errors.As(err, &re) {
				re = &RuleError{File: name, Msg: err.Error()}
			}
			problems = append(problems, re)
			continue
		}
		files = append(files, *f)
	}
	return files, problems
}

// add takes in a rule; later leaves compiling it to the first message that needs it.
func (r *RuleSet) add(lang *language, f *RuleFile, seen map[string]string, later bool) *RuleError {
	if other, have := seen[f.ID]; have {
		return &RuleError{File: f.File, Line: f.line("id"), Msg: fmt.Sprintf("id %q is taken by %s", f.ID, other)}
	}
	if _, have := kinds[f.ID]; have {
		return &RuleError{File: f.File, Line: f.line("id"), Msg: fmt.Sprintf("id %q belongs to a built-in signal", f.ID)}
	}
	c := &compiled{RuleFile: *f}
	c.when = &program{lang: lang, rule: &c.RuleFile, key: "when", source: f.When, want: cel.BoolType}
	if f.Evidence != "" {
		c.evidence = &program{lang: lang, rule: &c.RuleFile, key: "evidence", source: f.Evidence, want: cel.StringType}
	}
	for _, p := range []*program{c.when, c.evidence} {
		if p == nil || later {
			continue
		}
		if _, err := p.ready(); err != nil {
			return err
		}
	}
	when := skim(f.When)
	lang.words.collect(when)
	lang.words.collect(skim(f.Evidence))
	c.gate = lang.words.gateOf(when)
	seen[f.ID] = f.File
	r.rules = append(r.rules, c)
	return nil
}

// Rules returns the rules at work, in order. Do not change them.
func (r *RuleSet) Rules() []RuleFile {
	out := make([]RuleFile, len(r.rules))
	for i, c := range r.rules {
		out[i] = c.RuleFile
	}
	return out
}

// Problems returns what was set aside when loading, and why.
func (r *RuleSet) Problems() []*RuleError { return slices.Clone(r.problems) }

// family of a rule's signals: every rule is evidence of its own kind.
func (r *RuleSet) family(string) Family { return Rule }

// evaluate asks every rule about one message. Signals raised by detectors are visible to all rules; those of rules to none, so
// that their order does not matter.
func (r *RuleSet) evaluate(ctx context.Context, f *Facts) ([]Signal, []Note) {
	if len(r.rules) == 0 {
		return nil, nil
	}
	var signals []Signal
	var notes []Note
	var vars map[string]any // made for the first rule whose gate is open
	for _, c := range r.rules {
		if !c.gate.open(f) {
			continue
		}
		if vars == nil {
			vars = f.ruleVars(f.raised)
		}
		var s Signal
		var matched bool
		var err error
		note, failed := contain("rule "+c.ID, func() { s, matched, err = c.evaluate(ctx, vars) })
		switch {
		case failed:
			notes = append(notes, note)
		case err != nil:
			notes = append(notes, Note{"rule", Clean(fmt.Sprintf("%s (%s): %v", c.ID, c.File, err), maxEvidence)})
		case matched:
			signals = append(signals, s)
		}
		if ctx.Err() != nil {
			return signals, append(notes, Note{"deadline", "judging stopped before all rules were asked"})
		}
	}
	return signals, notes
}

func (c *compiled) evaluate(ctx context.Context, vars map[string]any) (Signal, bool, error) {
	v, err := c.when.eval(ctx, vars)
	if err != nil {
		return Signal{}, false, err
	}
	if v != types.True {
		return Signal{}, false, nil
	}
	s := Signal{ID: c.ID, Technology: c.Technology, Threat: c.Threat, Weight: c.Weight, Claim: c.Title, Evidence: c.Title}
	if c.evidence != nil {
		v, err := c.evidence.eval(ctx, vars)
		if err != nil {
			return Signal{}, false, fmt.Errorf("evidence: %w", err)
		}
		text, _ := v.Value().(string)
		s.Evidence = Clean(text, maxEvidence)
	}
	return s, true, nil
}

// baseName is the file's name without folders.
func baseName(name string) string { return strings.TrimSuffix(path.Base(name), ".yaml") }
