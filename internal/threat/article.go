package threat

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// head is the front matter of an article.
type head struct {
	ID           string   `yaml:"id"`
	Kind         Kind     `yaml:"kind"`
	Name         string   `yaml:"name"`
	Aliases      []string `yaml:"aliases"`
	Attack       []string `yaml:"attack"`
	Tags         []string `yaml:"tags"`
	Updated      string   `yaml:"updated"`
	Names        []string `yaml:"names"`
	Signals      []string `yaml:"signals"`
	Technologies []string `yaml:"technologies"`
	Detections   []string `yaml:"detections"`
	Related      []string `yaml:"related"`
}

var (
	idPattern     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	attackPattern = regexp.MustCompile(`^(T\d{4}(\.\d{3})?|S\d{4}|G\d{4}|C\d{4})$`)
)

// maxArticle is the longest article, in octets.
const maxArticle = 64 << 10

// Read reads every *.md of files.
func Read(files fs.FS) ([]Threat, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, err
	}
	out := make([]Threat, 0, len(names))
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		t, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if name != t.ID+".md" {
			return nil, fmt.Errorf("%s: its id is %q; the file must be called %s.md", path.Base(name), t.ID, t.ID)
		}
		out = append(out, t)
	}
	return out, nil
}

// Parse reads one article: a head in YAML between two lines "---", then the sections of Titles, each under "## title".
func Parse(raw []byte) (t Threat, err error) {
	if len(raw) > maxArticle {
		return t, fmt.Errorf("%d octets are too many, at most %d", len(raw), maxArticle)
	}
	text := string(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
	rest, ok := strings.CutPrefix(text, "---\n")
	front, body, found := strings.Cut(rest, "\n---\n")
	if !ok || !found {
		return t, fmt.Errorf("it does not begin with a head between two lines of ---")
	}
	var h head
	dec := yaml.NewDecoder(strings.NewReader(front))
	dec.KnownFields(true)
	if err := dec.Decode(&h); err != nil {
		return t, fmt.Errorf("head: %w", err)
	}
	t = Threat{ID: h.ID, Kind: h.Kind, Name: h.Name, Aliases: h.Aliases, Attack: h.Attack, Tags: h.Tags, Names: h.Names, Signals: h.Signals, Technologies: h.Technologies, Detections: h.Detections, Related: h.Related}
	if err := t.check(); err != nil {
		return t, err
	}
	if t.Updated, err = time.Parse(time.DateOnly, h.Updated); err != nil {
		return t, fmt.Errorf("updated: %q is no day like 2026-11-20", h.Updated)
	}
	if t.Sections, err = sections(body); err != nil {
		return t, err
	}
	if len(t.Sections) != len(Titles) {
		return t, fmt.Errorf("it has %d sections; there must be %s", len(t.Sections), strings.Join(Titles, ", "))
	}
	for i, s := range t.Sections {
		if s.Title != Titles[i] || len(s.Blocks) == 0 {
			return t, fmt.Errorf("section %d is %q with %d blocks; it must be %q and say something", i+1, s.Title, len(s.Blocks), Titles[i])
		}
	}
	return t, nil
}

// check looks at what every threat must have, wherever it comes from.
func (t *Threat) check() error {
	switch {
	case !idPattern.MatchString(t.ID) || len(t.ID) > 60:
		return fmt.Errorf("id: %q must be lower-case words joined by -, 60 characters at most", t.ID)
	case t.Kind != Family && t.Kind != Campaign && t.Kind != Actor && t.Kind != Technique:
		return fmt.Errorf("kind: %q is none of family, campaign, actor, technique", t.Kind)
	case strings.TrimSpace(t.Name) == "":
		return fmt.Errorf("name: missing")
	}
	for _, a := range t.Attack {
		if !attackPattern.MatchString(a) {
			return fmt.Errorf("attack: %q is no id of ATT&CK like T1566.001, S0331 or G0092", a)
		}
	}
	return nil
}

// sections reads the Markdown that articles use: headings of the second level, paragraphs, points, fenced queries.
func sections(body string) ([]Section, error) {
	var out []Section
	var para, code []string
	inCode := false
	item := false
	flush := func() error {
		if len(para) == 0 {
			return nil
		}
		if len(out) == 0 {
			return fmt.Errorf("text before the first section: %q", para[0])
		}
		b := Block{Kind: Text, Spans: spans(strings.Join(para, " "))}
		if item {
			b.Kind = Item
		}
		s := &out[len(out)-1]
		s.Blocks = append(s.Blocks, b)
		para, item = nil, false
		return nil
	}
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, " \t\n")
		var err error
		switch title, isTitle := strings.CutPrefix(line, "## "); {
		case inCode && line == "```":
			inCode = false
			s := &out[len(out)-1]
			s.Blocks = append(s.Blocks, Block{Kind: Query, KQL: strings.Join(code, "\n")})
			code = nil
		case inCode:
			code = append(code, line)
		case line == "```kql":
			if err = flush(); err == nil && len(out) == 0 {
				err = fmt.Errorf("a query before the first section")
			}
			inCode = true
		case isTitle:
			err = flush()
			out = append(out, Section{Title: strings.TrimSpace(title)})
		case strings.HasPrefix(line, "- "):
			err = flush()
			item, para = true, []string{line[2:]}
		case line == "":
			err = flush()
		default:
			para = append(para, strings.TrimSpace(line))
		}
		if err != nil {
			return nil, err
		}
	}
	if inCode {
		return nil, fmt.Errorf("a query is not closed with ```")
	}
	return out, flush()
}

var spanPattern = regexp.MustCompile("`([^`]+)`|\\[([^\\]]+)\\]\\(([a-z0-9-]+)\\)")

// spans cuts a paragraph at code and links to other articles. Anything else, an address too, is text.
func spans(text string) []Span {
	var out []Span
	at := 0
	for _, m := range spanPattern.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > at {
			out = append(out, Span{Text: text[at:m[0]]})
		}
		if m[2] >= 0 {
			out = append(out, Span{Text: text[m[2]:m[3]], Code: true})
		} else {
			out = append(out, Span{Text: text[m[4]:m[5]], Threat: text[m[6]:m[7]]})
		}
		at = m[1]
	}
	if at < len(text) {
		out = append(out, Span{Text: text[at:]})
	}
	return out
}
