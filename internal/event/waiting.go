package event

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Tables that hunting queries know and that nothing fills yet. They are data, not Go types, because there are no rows: they exist so
// that a query over mail that also looks at sign-ins or devices compiles and runs, with that side empty. The day something fills one, it
// becomes a struct beside the others and its lines here go.
//
//go:embed waiting.tsv
var waitingTSV string

//go:embed elsewhere.txt
var elsewhereTXT string

func waiting() []*Table {
	var out []*Table
	for n, line := range strings.Split(waitingTSV, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			panic(fmt.Sprintf("event: waiting.tsv line %d has %d fields, not 4", n+1, len(f)))
		}
		name, column, kind, doc := f[0], f[1], f[2], f[3]
		if column == "" {
			t := &Table{Name: name, Group: kind, Doc: doc}
			if of, ok := strings.CutPrefix(kind, "="); ok {
				same := out[slices.IndexFunc(out, func(t *Table) bool { return t.Name == of })]
				t.Group, t.AliasOf, t.Columns = same.Group, of, slices.Clone(same.Columns)
			}
			out = append(out, t)
			continue
		}
		t := out[len(out)-1]
		if t.Name != name {
			panic(fmt.Sprintf("event: waiting.tsv line %d: %s does not belong to %s", n+1, name, t.Name))
		}
		t.Columns = append(t.Columns, Column{Name: column, Type: Type(kind), Doc: doc})
	}
	for _, t := range out {
		t.standard()
	}
	return out
}

var elsewhere = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(elsewhereTXT) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
})

// Elsewhere tells whether name is a table that other platforms have and this one does not.
func Elsewhere(name string) bool { return elsewhere()[name] }

// legacyEmailEvents are the columns that queries of 2020 and 2021 read. Microsoft dropped them; today's columns hold what they held.
var legacyEmailEvents = []Column{
	{Name: "PhishFilterVerdict", Type: String, Doc: "Old name; today ThreatTypes has Phish", Expr: `iff(ThreatTypes has "Phish", "Phish", "")`},
	{Name: "MalwareFilterVerdict", Type: String, Doc: "Old name; today ThreatTypes has Malware", Expr: `iff(ThreatTypes has "Malware", "Malware", "")`},
	{Name: "FinalEmailAction", Type: String, Doc: "Old name of EmailAction", Expr: `EmailAction`},
	{Name: "FinalEmailActionPolicy", Type: String, Doc: "Old name of EmailActionPolicy", Expr: `EmailActionPolicy`},
	{Name: "FinalEmailActionPolicyGuid", Type: String, Doc: "Old name of EmailActionPolicyGuid", Expr: `EmailActionPolicyGuid`},
	{Name: "PhishDetectionMethod", Type: String, Doc: "Old name; today DetectionMethods has it under Phish: a JSON array", Expr: `tostring(parse_json(DetectionMethods).Phish)`},
	{Name: "MalwareDetectionMethod", Type: String, Doc: "Old name; today DetectionMethods has it under Malware: a JSON array", Expr: `tostring(parse_json(DetectionMethods).Malware)`},
}
