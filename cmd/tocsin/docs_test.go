package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"tocsin/internal/app"
)

var (
	inline = regexp.MustCompile("`([^`\n]+)`")
	fenced = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	typed  = regexp.MustCompile(`(?:^|[\s(/|])tocsin((?: [a-z][a-z-]*)+)(.*)`)
	flag   = regexp.MustCompile(`(?:^|\s)--([a-z][a-z0-9-]*)`)
)

// eachPage hands over the pages that show commands and settings.
func eachPage(t *testing.T, do func(name, text string)) {
	t.Helper()
	root := os.DirFS("../..")
	names := []string{"README.md", "CONTRIBUTING.md", "rules/README.md", "tocsin.example.yaml"}
	err := fs.WalkDir(root, "docs", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".md") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		do(name, string(raw))
	}
}

// TestDocsShowCommandsThatExist: every "tocsin word" in backticks and in blocks of pages is a command, with flags that it has.
func TestDocsShowCommandsThatExist(t *testing.T) {
	parser, err := kong.New(&commands{}, kong.Name("tocsin"))
	if err != nil {
		t.Fatal(err)
	}
	flags, groups := map[string][]string{}, map[string]bool{}
	_ = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if n, ok := node.(*kong.Node); ok && n.Type == kong.CommandNode {
			path := strings.TrimPrefix(n.FullPath(), "tocsin ")
			if !n.Leaf() {
				groups[path] = true
				return next(nil)
			}
			flags[path] = []string{"help"}
			for _, group := range n.AllFlags(false) {
				for _, f := range group {
					flags[path] = append(flags[path], f.Name, "no-"+f.Name)
				}
			}
		}
		return next(nil)
	})
	seen := 0
	look := func(name, text string) {
		for _, m := range typed.FindAllStringSubmatch(text, -1) {
			words := strings.Fields(m[1])
			command := strings.Join(words[:min(2, len(words))], " ")
			if flags[command] == nil {
				command = words[0]
			}
			switch {
			case groups[command] && len(words) == 1 && m[2] == "":
				continue
			case flags[command] == nil:
				t.Errorf("%s: there is no command in %q", name, text)
				continue
			}
			seen++
			for _, f := range flag.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(flags[command], f[1]) {
					t.Errorf("%s: tocsin %s has no --%s: %q", name, command, f[1], text)
				}
			}
		}
	}
	eachPage(t, func(name, text string) {
		for _, m := range fenced.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(m[2]) {
				look(name, strings.TrimSpace(strings.Split(line, " # ")[0]))
			}
		}
		for _, m := range inline.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			look(name, m[1])
		}
	})
	if seen < 50 {
		t.Fatalf("%d commands were found in the pages", seen)
	}
}

// TestDocsShowSettingsThatWork: a block of YAML whose keys are settings is taken as it stands, beside those that stand above it on its page.
func TestDocsShowSettingsThatWork(t *testing.T) {
	known := map[string]bool{}
	for f := range reflect.TypeFor[app.Config]().NumField() {
		known[reflect.TypeFor[app.Config]().Field(f).Tag.Get("koanf")] = true
	}
	seen := 0
	eachPage(t, func(name, text string) {
		above := map[string]any{"organisation": map[string]any{"domains": []string{"example.com"}}}
		for _, m := range fenced.FindAllStringSubmatch(text, -1) {
			var doc map[string]any
			if m[1] != "yaml" || yaml.Unmarshal([]byte(m[2]), &doc) != nil || !all(doc, known) {
				continue
			}
			seen++
			maps.Copy(above, doc)
			raw, err := yaml.Marshal(above)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "tocsin.yaml")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := app.Load(path, nil, nil); err != nil {
				t.Errorf("%s: %v\n%s", name, err, m[2])
			}
		}
	})
	if seen < 15 {
		t.Fatalf("%d blocks of settings were found in the pages", seen)
	}
}

// TestExampleOfAMailSystem: the mail system that stands in the example behind signs of comment is one, once these are taken away.
func TestExampleOfAMailSystem(t *testing.T) {
	raw, err := os.ReadFile("../../tocsin.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(raw), "\nmailboxes: []\n")
	block, _, _ = strings.Cut(block, "\n\n")
	path := filepath.Join(t.TempDir(), "tocsin.yaml")
	block = "organisation: {domains: [example.com]}\nmailboxes:\n" + strings.ReplaceAll("\n"+block, "\n#", "\n")
	if err := os.WriteFile(path, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := app.Load(path, nil, nil)
	if err != nil || len(c.Mailboxes) != 1 {
		t.Fatalf("%d mail systems, %v", len(c.Mailboxes), err)
	}
	// What is not in the example: secrets in the file itself, for which files are the better place.
	for f := range reflect.TypeFor[app.Mailboxes]().NumField() {
		field := reflect.TypeFor[app.Mailboxes]().Field(f)
		key := strings.TrimSuffix(field.Tag.Get("koanf"), ",squash")
		if key != "" && key != "password" && key != "client_secret" && !strings.Contains(block, "\n    "+key+":") && !strings.Contains(block, "- "+key+":") {
			t.Errorf("%s is not in the example", key)
		}
	}
}

func all(doc map[string]any, known map[string]bool) bool {
	for key := range maps.Keys(doc) {
		if !known[key] {
			return false
		}
	}
	return len(doc) > 0
}
