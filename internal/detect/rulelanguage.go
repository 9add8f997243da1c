package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"tocsin/internal/intel"
)

// RuleName is a name that a rule can say.
type RuleName struct {
	Of     string   `json:"of" doc:"Type whose field it is; empty for a name that stands alone"`
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Doc    string   `json:"doc"`
	Values []string `json:"values" doc:"All that it can be, when that is a short list"`
}

// RuleFunction is a function that a rule can call.
type RuleFunction struct {
	Name       string   `json:"name"`
	Of         []string `json:"of" doc:"Types on which it is called with a dot; empty: it stands alone"`
	Signatures []string `json:"signatures"`
	Result     string   `json:"result" doc:"Type of the answer of the first signature"`
	Doc        string   `json:"doc"`
}

// RuleLanguage is everything that a rule can say: keys of its file, and names and functions of its condition.
type RuleLanguage struct {
	Keys      []RuleName     `json:"keys"`
	Names     []RuleName     `json:"names"`
	Functions []RuleFunction `json:"functions"`
}

// Language describes the language of rules, read from the environment that compiles them.
func Language() (RuleLanguage, error) {
	env, err := newRuleEnv(intel.ShippedBrands(), intel.ShippedHosts(), &phrases{index: map[string]int{}})
	if err != nil {
		return RuleLanguage{}, err
	}
	out := RuleLanguage{Keys: languageKeys(), Names: languageNames(env), Functions: languageFunctions(env)}
	return out, nil
}

func languageKeys() []RuleName {
	var technology []string
	for _, t := range technologies {
		technology = append(technology, string(t))
	}
	values := map[string][]string{
		"threat": {string(Malware), string(Phish), string(Spam)}, "technology": technology, "severity": {"informational", "low", "medium", "high"},
		"match": {"true", "false"}, "direction": {string(Inbound), string(Outbound), string(IntraOrg)},
	}
	var out []RuleName
	add := func(of string, keys []string) {
		for _, k := range keys {
			out = append(out, RuleName{Of: of, Name: k, Doc: keyDocs[k], Values: orEmpty(values[k])})
		}
	}
	add("", ruleKeys)
	add("samples", sampleKeys)
	add("auth", authKeys)
	return out
}

// typeNames are how people call the types of the environment.
var typeNames = map[string]string{
	"detect.RuleMessage": "message", "detect.RuleAddress": "address", "detect.RuleLink": "link", "detect.RuleAttachment": "attachment",
	"detect.RuleAuth": "authentication", "detect.RuleOrg": "organisation",
}

func typeName(t *types.Type) string {
	switch t.Kind() {
	case types.ListKind:
		if len(t.Parameters()) == 1 {
			return "list of " + typeName(t.Parameters()[0])
		}
	case types.TypeParamKind, types.DynKind:
		return "anything"
	}
	return cmp.Or(typeNames[t.TypeName()], t.String())
}

// languageNames follows the variables into the fields of their types.
func languageNames(env *cel.Env) []RuleName {
	var out []RuleName
	var queue []*types.Type
	for _, v := range env.Variables() {
		if v.Type().Kind() == types.TypeKind { // names of types are variables too
			continue
		}
		out = append(out, RuleName{Name: v.Name(), Type: typeName(v.Type()), Doc: nameDocs[v.Name()], Values: nameValues(v.Name())})
		queue = append(queue, v.Type())
	}
	slices.SortFunc(out, func(a, b RuleName) int { return cmp.Compare(a.Name, b.Name) })
	seen := map[string]bool{}
	for len(queue) > 0 {
		t := queue[0]
		queue = append(queue[1:], t.Parameters()...)
		of := typeNames[t.TypeName()]
		if of == "" || seen[of] {
			continue
		}
		seen[of] = true
		fields, _ := env.CELTypeProvider().FindStructFieldNames(t.TypeName())
		for _, name := range fields {
			f, ok := env.CELTypeProvider().FindStructFieldType(t.TypeName(), name)
			if !ok {
				continue
			}
			out = append(out, RuleName{Of: of, Name: name, Type: typeName(f.Type), Doc: nameDocs[of+"."+name], Values: nameValues(of + "." + name)})
			queue = append(queue, f.Type)
		}
	}
	return out
}

func nameValues(name string) []string {
	if name != "direction" {
		return []string{}
	}
	return []string{strconv.Quote(string(Inbound)), strconv.Quote(string(Outbound)), strconv.Quote(string(IntraOrg))}
}

func languageFunctions(env *cel.Env) []RuleFunction {
	var out []RuleFunction
	for name, f := range env.Functions() {
		doc := functionDocs[name]
		if doc == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
			continue // operators, and what CEL has for times and numbers
		}
		r := RuleFunction{Name: name, Of: []string{}, Doc: doc}
		for _, o := range f.OverloadDecls() {
			args := make([]string, len(o.ArgTypes()))
			for i, a := range o.ArgTypes() {
				args[i] = typeName(a)
			}
			r.Result = cmp.Or(r.Result, typeName(o.ResultType()))
			if o.IsMemberFunction() && len(args) > 0 {
				if !slices.Contains(r.Of, args[0]) {
					r.Of = append(r.Of, args[0])
				}
				r.Signatures = append(r.Signatures, fmt.Sprintf("%s.%s(%s) gives %s", args[0], name, strings.Join(args[1:], ", "), typeName(o.ResultType())))
			} else {
				r.Signatures = append(r.Signatures, fmt.Sprintf("%s(%s) gives %s", name, strings.Join(args, ", "), typeName(o.ResultType())))
			}
		}
		out = append(out, r)
	}
	for _, m := range env.Macros() {
		doc := functionDocs[m.Function()]
		if doc == "" || slices.ContainsFunc(out, func(r RuleFunction) bool { return r.Name == m.Function() }) {
			continue
		}
		r := RuleFunction{Name: m.Function(), Of: []string{}, Signatures: []string{macroShapes[m.Function()]}, Result: "bool", Doc: doc}
		if m.IsReceiverStyle() {
			r.Of = []string{"list"}
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b RuleFunction) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
