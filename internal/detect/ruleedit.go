package detect

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"

	"tocsin/internal/intel"
)

// yamlWords say what the YAML library means, for people who do not write YAML every day.
var yamlWords = [...][2]string{
	{"mapping values are not allowed", `a text that holds a colon must stand in quotes`},
	{"could not find expected ':'", `a key needs a colon after it, like "weight: 20"`},
	{"did not find expected key", `the line does not fit the ones around it: check how far it is indented, and put quotes around texts with special characters`},
	{"did not find expected '-' indicator", `the line does not fit the list above it: check how far it is indented`},
	{"found character that cannot start any token", `a line may not begin so: indent with blanks, not tabs, and put quotes around texts with special characters`},
	{"did not find expected ',' or ']'", `the list is not closed: a comma or ] is missing`},
	{"did not find expected ',' or '}'", `the group is not closed: a comma or } is missing`},
	{"did not find expected comment or line break", `nothing may stand behind the | that begins a block of text`},
	{"found unexpected end of stream", `a quote is not closed`},
	{"into int", `want a whole number`},
	{"into bool", `want true or false`},
	{"into []string", `want a list, like [one, two]`},
}

// plainYAML says in plain words what the library says, and then that.
func plainYAML(msg string) string {
	for _, w := range yamlWords {
		if strings.Contains(msg, w[0]) {
			return w[1] + " (" + msg + ")"
		}
	}
	return msg
}

// maxRuleErrors bounds what is told about one rule.
const maxRuleErrors = 20

// CheckRule reads and compiles one rule alone and tells everything that is wrong with it. The file is nil when it cannot be read at all.
func CheckRule(name string, text []byte) (*RuleFile, []*RuleError) {
	f, err := ParseRule(name, text)
	if err != nil {
		re, ok := err.(*RuleError) //nolint:errorlint // ParseRule says so
		if !ok {
			re = &RuleError{File: name, Msg: err.Error()}
		}
		return nil, []*RuleError{re}
	}
	if _, have := kinds[f.ID]; have {
		return f, []*RuleError{{File: name, Line: f.line("id"), Msg: fmt.Sprintf("id %q belongs to a built-in signal", f.ID)}}
	}
	env, err := newRuleEnv(intel.ShippedBrands(), intel.ShippedHosts(), &phrases{index: map[string]int{}})
	if err != nil {
		return f, []*RuleError{{File: name, Msg: "the rule language could not be set up: " + err.Error()}}
	}
	out := checkCEL(env, f, "when", f.When, cel.BoolType)
	if f.Evidence != "" {
		out = append(out, checkCEL(env, f, "evidence", f.Evidence, cel.StringType)...)
	}
	if len(out) == 0 { // what only shows when a program is made
		if p := BuildRules([]RuleFile{*f}).Problems(); len(p) > 0 {
			out = p
		}
	}
	return f, out[:min(len(out), maxRuleErrors)]
}

// checkCEL tells every error of an expression, where the compiler of rules stops at the first.
func checkCEL(env *cel.Env, f *RuleFile, key, source string, want *cel.Type) []*RuleError {
	checked, iss := env.Compile(strings.TrimRight(source, " \t\r\n"))
	if iss == nil || iss.Err() == nil {
		if checked.OutputType().IsExactType(want) {
			return nil
		}
		return []*RuleError{{File: f.File, Line: f.textLine(key), Msg: fmt.Sprintf("%s gives %s; it must give %s", key, checked.OutputType(), want)}}
	}
	var out []*RuleError
	for _, e := range iss.Errors()[:min(len(iss.Errors()), maxRuleErrors)] {
		re := &RuleError{File: f.File, Line: f.textLine(key) + max(e.Location.Line(), 1) - 1, Msg: key + ": " + Clean(e.Message, maxEvidence)}
		if f.block(key) {
			re.Column = e.Location.Column() + 1 + f.indent
		}
		out = append(out, re)
	}
	return out
}

var signalAsked = regexp.MustCompile(`has_signal\(\s*["']([^"'\n]{1,80})["']`)

// Warnings tells what is allowed and yet not wise.
func (f *RuleFile) Warnings() []*RuleError {
	var out []*RuleError
	warn := func(key, format string, args ...any) {
		out = append(out, &RuleError{File: f.File, Line: f.line(key), Msg: fmt.Sprintf(format, args...)})
	}
	var match, miss bool
	for i := range f.Samples {
		match, miss = match || f.Samples[i].Match, miss || !f.Samples[i].Match
	}
	if !match {
		warn("samples", "no sample that must match: nothing proves that the rule finds what it is for")
	}
	if !miss {
		warn("samples", "no sample that must not match: add the honest mail that looks most like it")
	}
	if f.Weight >= FlagScore {
		warn("weight", "%d points flag a message alone, from %d; take less unless nobody honest writes this", f.Weight, FlagScore)
	}
	if len(f.FalsePositives) == 0 {
		warn("false_positives", "no false_positives: say which honest mail it may hit")
	}
	for n, line := range strings.Split(f.When, "\n") {
		for _, m := range signalAsked.FindAllStringSubmatchIndex(line, -1) {
			if id := line[m[2]:m[3]]; kinds[id] == nil {
				w := &RuleError{File: f.File, Line: f.textLine("when"), Msg: fmt.Sprintf("has_signal(%q): no built-in signal has this id, so it is never true", id)}
				if f.block("when") {
					w.Line, w.Column = w.Line+n, len([]rune(line[:m[2]]))+1+f.indent
				}
				out = append(out, w)
			}
		}
	}
	return out
}

// TryRule judges the samples of a rule of the set, and other messages, with the whole judge. fsys holds the files of samples.
func TryRule(set *RuleSet, f *RuleFile, fsys fs.FS, messages []RuleSample) (samples, others []SampleResult) {
	j := NewJudge(Options{Rules: set})
	for i := range f.Samples {
		samples = append(samples, j.trySample(fsys, f, &f.Samples[i], i+1))
	}
	for i := range messages {
		m := messages[i]
		m.Message = strings.ReplaceAll(m.Message, "\r\n", "\n")
		others = append(others, j.tryMessage(fsys, f, &m, i+1))
	}
	return samples, others
}
