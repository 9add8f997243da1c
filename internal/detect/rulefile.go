package detect

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// RuleFile is one rule as written: rules/<id>.yaml. docs/recipes/rule.md shows how to add one.
type RuleFile struct {
	ID             string       `yaml:"id"`    // the file's name; kebab case
	Title          string       `yaml:"title"` // what is claimed when it matches
	Description    string       `yaml:"description"`
	Author         string       `yaml:"author"`
	Threat         Threat       `yaml:"threat"`
	Technology     Technology   `yaml:"technology"`
	Severity       string       `yaml:"severity"` // informational, low, medium, high
	Weight         int          `yaml:"weight"`   // -50..100, not 0
	Attack         []string     `yaml:"attack"`   // ATT&CK technique ids
	References     []string     `yaml:"references"`
	FalsePositives []string     `yaml:"false_positives"`
	When           string       `yaml:"when"`     // CEL, bool
	Evidence       string       `yaml:"evidence"` // CEL, string; "": the title
	Samples        []RuleSample `yaml:"samples"`

	File   string         `yaml:"-"` // where it was read from
	lines  map[string]int // key -> line of its value
	blocks map[string]bool
	indent int
}

// RuleSample is a message on which the rule must, or must not, speak.
type RuleSample struct {
	Match      bool              `yaml:"match"`
	Why        string            `yaml:"why"`
	File       string            `yaml:"file"`    // beside the rule: samples/x.eml
	Message    string            `yaml:"message"` // or written out here
	Auth       map[string]string `yaml:"auth"`    // spf, dkim, dmarc, policy; what was checked
	Recipients []string          `yaml:"recipients"`
	Domains    []string          `yaml:"domains"` // of the organisation
	Direction  Direction         `yaml:"direction"`
}

const maxRuleFile = 256 << 10

var ruleKeys = []string{"id", "title", "description", "author", "threat", "technology", "severity", "weight", "attack", "references", "false_positives", "when", "evidence", "samples"}
var sampleKeys = []string{"match", "why", "file", "message", "auth", "recipients", "domains", "direction"}
var authKeys = []string{"spf", "dkim", "dmarc", "policy"}

// ParseRule reads one rule without compiling it. Every error is a *RuleError with the line; an unknown key is one.
func ParseRule(name string, b []byte) (*RuleFile, error) {
	fail := func(line int, format string, args ...any) error {
		return &RuleError{File: name, Line: line, Msg: fmt.Sprintf(format, args...)}
	}
	if len(b) > maxRuleFile {
		return nil, fail(0, "%d octets; a rule has at most %d", len(b), maxRuleFile)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, yamlError(name, err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fail(1, "want one mapping that starts with \"id:\"")
	}
	top := doc.Content[0]
	f := &RuleFile{File: name, lines: map[string]int{}, blocks: map[string]bool{}, indent: 2}
	if err := checkKeys(name, top, ruleKeys, f); err != nil {
		return nil, err
	}
	if err := top.Decode(f); err != nil {
		return nil, yamlError(name, err)
	}
	return f, f.validate(fail)
}

// RuleID reads the id out of a rule's text, "" when it has none: its file must be named so.
func RuleID(b []byte) string {
	var f struct {
		ID string `yaml:"id"`
	}
	if len(b) > maxRuleFile || yaml.Unmarshal(b, &f) != nil || !kebab(f.ID) {
		return ""
	}
	return f.ID
}

// yamlError takes the line out of the library's text ("yaml: unmarshal errors:\n  line 12: cannot ...").
func yamlError(name string, err error) *RuleError {
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:"))
	text, _, _ = strings.Cut(text, "\n")
	e := &RuleError{File: name, Msg: plainYAML(Clean(text, maxEvidence))}
	var rest string
	if n, scan := fmt.Sscanf(text, "line %d: %s", &e.Line, &rest); scan == nil && n == 2 {
		_, text, _ = strings.Cut(text, ": ")
		e.Msg = plainYAML(Clean(text, maxEvidence))
	}
	return e
}

// checkKeys refuses unknown and repeated keys, with their line, in the rule and in its samples.
func checkKeys(name string, m *yaml.Node, known []string, f *RuleFile) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], m.Content[i+1]
		if !slices.Contains(known, k.Value) {
			return &RuleError{File: name, Line: k.Line, Column: k.Column, Msg: fmt.Sprintf("unknown key %q; known are %s", Clean(k.Value, 40), strings.Join(known, ", "))}
		}
		if seen[k.Value] {
			return &RuleError{File: name, Line: k.Line, Column: k.Column, Msg: fmt.Sprintf("key %q stands twice", k.Value)}
		}
		seen[k.Value] = true
		if f != nil {
			f.lines[k.Value] = v.Line
			f.blocks[k.Value] = v.Style == yaml.LiteralStyle || v.Style == yaml.FoldedStyle
		}
		switch {
		case k.Value == "samples" && v.Kind == yaml.SequenceNode:
			for _, s := range v.Content {
				if s.Kind == yaml.MappingNode {
					if err := checkKeys(name, s, sampleKeys, nil); err != nil {
						return err
					}
				}
			}
		case k.Value == "auth" && v.Kind == yaml.MappingNode:
			if err := checkKeys(name, v, authKeys, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// line of a key's value; 0 when the key is absent.
func (f *RuleFile) line(key string) int { return f.lines[key] }

// block says that the value is a block ("|"), whose text starts on the next line.
func (f *RuleFile) block(key string) bool { return f.blocks[key] }

func (f *RuleFile) textLine(key string) int {
	if f.blocks[key] {
		return f.lines[key] + 1
	}
	return f.lines[key]
}

// technologies is the closed list, in the order of the documentation. Do not change it.
var technologies = []Technology{AdvancedFilter, GeneralFilter, Bulk, Campaign, DomainReputation, IPReputation, FileDetonation, FileDetonationReputation,
	FileReputation, AntimalwareProtection, FingerprintMatching, ImpersonationBrand, ImpersonationDomain, ImpersonationUser, MailboxIntelligenceImpersonation,
	MailBombing, MixedAnalysisDetection, SpoofDMARC, SpoofExternalDomain, SpoofIntraOrg, URLDetonation, URLDetonationReputation, URLMaliciousReputation}

func (f *RuleFile) validate(fail func(int, string, ...any) error) error {
	if !kebab(f.ID) {
		return fail(f.line("id"), "id %q: want small letters, digits and single hyphens, like gift-card-request", Clean(f.ID, 60))
	}
	if base := baseName(f.File); base != f.ID {
		return fail(f.line("id"), "id %q stands in a file named %q; they must be the same", f.ID, base)
	}
	if strings.TrimSpace(f.Title) == "" || len(f.Title) > 160 {
		return fail(f.line("title"), "title: want one short sentence, at most 160 octets")
	}
	if f.Threat != Malware && f.Threat != Phish && f.Threat != Spam {
		return fail(f.line("threat"), "threat %q: want Malware, Phish or Spam", Clean(string(f.Threat), 40))
	}
	if f.Technology == "" && f.Weight > 0 || f.Technology != "" && !slices.Contains(technologies, f.Technology) {
		return fail(f.line("technology"), "technology %q is not one of the list: %v", Clean(string(f.Technology), 40), technologies)
	}
	if !slices.Contains([]string{"informational", "low", "medium", "high"}, f.Severity) {
		return fail(f.line("severity"), "severity %q: want informational, low, medium or high", Clean(f.Severity, 40))
	}
	if f.Weight == 0 || f.Weight < -50 || f.Weight > 100 {
		return fail(f.line("weight"), "weight %d: want points from -50 to 100, and not 0", f.Weight)
	}
	for _, a := range f.Attack {
		if !technique(a) {
			return fail(f.line("attack"), "attack %q: want an ATT&CK technique like T1566.002", Clean(a, 40))
		}
	}
	if strings.TrimSpace(f.When) == "" {
		return fail(f.line("when"), "when is missing: a CEL condition")
	}
	for i, s := range f.Samples {
		if (s.File == "") == (s.Message == "") {
			return fail(f.line("samples"), "sample %d: want either file or message", i+1)
		}
		if s.Direction != "" && s.Direction != Inbound && s.Direction != Outbound && s.Direction != IntraOrg {
			return fail(f.line("samples"), "sample %d: direction %q: want Inbound, Outbound or Intra-org", i+1, Clean(string(s.Direction), 40))
		}
	}
	return nil
}

func kebab(s string) bool {
	if s == "" || len(s) > 60 || s[0] == '-' || s[len(s)-1] == '-' || strings.Contains(s, "--") {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// technique reports whether s is shaped like T1566 or T1566.002.
func technique(s string) bool {
	main, sub, dotted := strings.Cut(s, ".")
	digits := func(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }
	return len(main) == 5 && main[0] == 'T' && digits(main[1:], 4) && (!dotted || digits(sub, 3))
}
