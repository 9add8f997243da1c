package detect

import (
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

	"tocsin/internal/intel"
)

// RuleSet holds compiled rules. It is never changed after LoadRules and may be used by many goroutines. The zero value has none.
type RuleSet struct {
	rules    []*compiled
	problems []*RuleError
}

type compiled struct {
	RuleFile
	gate     gate
	when     cel.Program
	evidence cel.Program // nil: the title stands in
}

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
	var all []RuleFile
	var problems []*RuleError
	for _, source := range sources {
		files, errs := readRuleFiles(source)
		all, problems = append(all, files...), append(problems, errs...)
	}
	r := BuildRules(all)
	r.problems = append(problems, r.problems...)
	return r
}

// BuildRules compiles rules that ParseRule read, in the order given. Those that do not compile or repeat an id are told by Problems.
func BuildRules(files []RuleFile) *RuleSet {
	r := &RuleSet{}
	words := &phrases{index: map[string]int{}}
	env, err := newRuleEnv(intel.ShippedBrands(), intel.ShippedHosts(), words)
	if err != nil {
		r.problems = append(r.problems, &RuleError{File: "rules", Msg: "the rule language could not be set up: " + err.Error()})
		return r
	}
	seen := map[string]string{}
	for i := range files {
		if err := r.add(env, words, &files[i], seen); err != nil {
			r.problems = append(r.problems, err)
		}
	}
	words.build()
	return r
}

// readRuleFiles reads the *.yaml of the top folder, by name.
func readRuleFiles(source fs.FS) ([]RuleFile, []*RuleError) {
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

func (r *RuleSet) add(env *cel.Env, words *phrases, f *RuleFile, seen map[string]string) *RuleError {
	if other, have := seen[f.ID]; have {
		return &RuleError{File: f.File, Line: f.line("id"), Msg: fmt.Sprintf("id %q is taken by %s", f.ID, other)}
	}
	if _, have := kinds[f.ID]; have {
		return &RuleError{File: f.File, Line: f.line("id"), Msg: fmt.Sprintf("id %q belongs to a built-in signal", f.ID)}
	}
	c := &compiled{RuleFile: *f}
	var err *RuleError
	if c.when, c.gate, err = compile(env, words, f, "when", f.When, cel.BoolType); err != nil {
		return err
	}
	if f.Evidence != "" {
		if c.evidence, _, err = compile(env, words, f, "evidence", f.Evidence, cel.StringType); err != nil {
			return err
		}
	}
	seen[f.ID] = f.File
	r.rules = append(r.rules, c)
	return nil
}

func compile(env *cel.Env, words *phrases, f *RuleFile, key, source string, want *cel.Type) (cel.Program, gate, *RuleError) {
	checked, iss := env.Compile(strings.TrimRight(source, " \t\r\n"))
	if iss != nil && iss.Err() != nil {
		first := iss.Errors()[0]
		e := &RuleError{File: f.File, Line: f.textLine(key) + max(first.Location.Line(), 1) - 1, Msg: key + ": " + Clean(first.Message, maxEvidence)}
		if f.block(key) {
			e.Column = first.Location.Column() + 1 + f.indent
		}
		return nil, nil, e
	}
	if !checked.OutputType().IsExactType(want) {
		return nil, nil, &RuleError{File: f.File, Line: f.textLine(key), Msg: fmt.Sprintf("%s gives %s; it must give %s", key, checked.OutputType(), want)}
	}
	words.collect(checked.NativeRep())
	p, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxRuleCost), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, nil, &RuleError{File: f.File, Line: f.textLine(key), Msg: key + ": " + Clean(err.Error(), maxEvidence)}
	}
	return p, words.gateOf(checked.NativeRep().Expr()), nil
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
	v, _, err := c.when.ContextEval(ctx, vars)
	if err != nil {
		return Signal{}, false, err
	}
	if v != types.True {
		return Signal{}, false, nil
	}
	s := Signal{ID: c.ID, Technology: c.Technology, Threat: c.Threat, Weight: c.Weight, Claim: c.Title, Evidence: c.Title}
	if c.evidence != nil {
		v, _, err := c.evidence.ContextEval(ctx, vars)
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
