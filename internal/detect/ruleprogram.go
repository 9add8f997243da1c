package detect

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"

	"tocsin/internal/intel"
)

// language is what the rules of one set are compiled with. It is set up when the first rule needs it.
type language struct {
	words *phrases
	env   func() (*cel.Env, error)
}

func newLanguage(words *phrases) *language {
	return &language{words: words, env: sync.OnceValues(func() (*cel.Env, error) {
		return newRuleEnv(intel.ShippedBrands(), intel.ShippedHosts(), words)
	})}
}

// program is one expression of a rule, compiled once, by whoever needs it first.
type program struct {
	lang   *language
	rule   *RuleFile
	key    string // of the rule's file, for what is wrong
	source string
	want   *cel.Type

	once sync.Once
	prog cel.Program
	err  *RuleError
}

// ready compiles the expression.
func (p *program) ready() (cel.Program, *RuleError) {
	p.once.Do(func() { p.prog, p.err = p.compile() })
	return p.prog, p.err
}

func (p *program) compile() (cel.Program, *RuleError) {
	f, key := p.rule, p.key
	wrong := func(text string) *RuleError {
		return &RuleError{File: f.File, Line: f.textLine(key), Msg: key + ": " + Clean(text, maxEvidence)}
	}
	env, err := p.lang.env()
	if err != nil {
		return nil, wrong(err.Error())
	}
	checked, iss := env.Compile(strings.TrimRight(p.source, " \t\r\n"))
	if iss != nil && iss.Err() != nil {
		first := iss.Errors()[0]
		e := &RuleError{File: f.File, Line: f.textLine(key) + max(first.Location.Line(), 1) - 1, Msg: key + ": " + Clean(first.Message, maxEvidence)}
		if f.block(key) {
			e.Column = first.Location.Column() + 1 + f.indent
		}
		return nil, e
	}
	if !checked.OutputType().IsExactType(p.want) {
		return nil, &RuleError{File: f.File, Line: f.textLine(key), Msg: fmt.Sprintf("%s gives %s; it must give %s", key, checked.OutputType(), p.want)}
	}
	prog, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxRuleCost), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, wrong(err.Error())
	}
	return prog, nil
}

func (p *program) eval(ctx context.Context, vars map[string]any) (ref.Val, error) {
	prog, wrong := p.ready()
	if wrong != nil {
		return nil, wrong
	}
	v, _, err := prog.ContextEval(ctx, vars)
	return v, err
}
