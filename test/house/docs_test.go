package house

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is one Markdown file of the repository. Articles in threats and internal/tracker/noteworthy are data of the program and no pages.
type page struct {
	path  string // from the root, with slashes
	prose string // without fenced blocks; lines stay where they are
	spans []span
}

// span is what stands between backticks, or a line of a fenced block.
type span struct {
	text string
	line int
}

var (
	code = regexp.MustCompile("`([^`\n]+)`")
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	head = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

func pages(t *testing.T) map[string]*page {
	t.Helper()
	out := map[string]*page{}
	read := func(name string) {
		raw, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		p := &page{path: name}
		fence := ""
		var prose strings.Builder
		for n, line := range strings.Split(string(raw), "\n") {
			ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
			switch {
			case fence == "" && len(ticks) >= 3:
				fence = ticks
			case fence != "" && line == fence:
				fence = ""
			case fence != "":
				p.spans = append(p.spans, span{line, n + 1})
			default:
				prose.WriteString(line)
				for _, m := range code.FindAllStringSubmatch(line, -1) {
					p.spans = append(p.spans, span{m[1], n + 1})
				}
			}
			prose.WriteByte('\n')
		}
		p.prose = prose.String()
		out[name] = p
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "rules/README.md", "internal/casestore/migrations/README.md"} {
		read(name)
	}
	err := fs.WalkDir(os.DirFS(root(t)), "docs", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".md") {
			read(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// anchors are the places of a page that a link can name, as GitHub makes them of headings.
func (p *page) anchors() []string {
	var out []string
	for _, m := range head.FindAllStringSubmatch(p.prose, -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r > 127:
				return r
			}
			return -1
		}, strings.ToLower(m[1])))
	}
	return out
}

// links are the relative ones, as path from the root and anchor.
func (p *page) links() (out [][2]string) {
	for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(p.prose, ""), -1) {
		if strings.Contains(m[1], ":") {
			continue
		}
		file, anchor, _ := strings.Cut(m[1], "#")
		if file == "" {
			file = p.path
		} else {
			file = path.Join(path.Dir(p.path), file)
		}
		out = append(out, [2]string{file, anchor})
	}
	return out
}

// TestLinksLeadSomewhere: every relative link names a file that is there and, with #, a heading of it; and somebody who begins at the
// README can get to every page.
func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for _, p := range all {
		for _, l := range p.links() {
			if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(l[0]))); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", p.path, l[0])
			} else if to := all[l[0]]; l[1] != "" && (to == nil || !slices.Contains(to.anchors(), l[1])) {
				t.Errorf("%s: %s has no heading #%s", p.path, l[0], l[1])
			}
		}
	}
	reached := map[string]bool{"README.md": true}
	for todo := []string{"README.md"}; len(todo) > 0; todo = todo[1:] {
		for _, l := range all[todo[0]].links() {
			if all[l[0]] != nil && !reached[l[0]] {
				reached[l[0]] = true
				todo = append(todo, l[0])
			}
		}
	}
	for name := range all {
		if !reached[name] && strings.HasPrefix(name, "docs/") {
			t.Errorf("no way leads from README.md to %s: link it where readers look for it", name)
		}
	}
}

var (
	file   = regexp.MustCompile(`(?:^|[\s(])(?:\./)?((?:internal|test|cmd|rules|threats|docs|ui/src|ui/build)/[\w./-]+)`)
	blank  = regexp.MustCompile(`\b[A-Z]{2,}\b`) // a recipe's placeholder: NAME, NN
	called = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w+`)
	tested = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)`)
)

// invented are tests that a recipe writes in its example.
var invented = []string{"TestSenders"}

// TestDocsNameWhatIsThere: files, folders and tests that pages name in backticks and commands exist. A test after -run may be the
// beginning of a name.
func TestDocsNameWhatIsThere(t *testing.T) {
	tests := testNames(t)
	for _, p := range pages(t) {
		for _, s := range p.spans {
			for _, m := range file.FindAllStringSubmatch(s.text, -1) {
				name := strings.TrimRight(m[1], "/.")
				if blank.MatchString(strings.TrimSuffix(name, "README.md")) || strings.ContainsAny(s.text, "<*") {
					continue
				}
				if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(name))); err != nil {
					t.Errorf("%s:%d: there is no %s", p.path, s.line, name)
				}
			}
			for _, name := range called.FindAllString(s.text, -1) {
				known := func(have string) bool {
					return have == name || strings.Contains(s.text, "-run") && strings.Contains(have, name)
				}
				if !slices.Contains(invented, name) && !slices.ContainsFunc(tests, known) {
					t.Errorf("%s:%d: there is no %s", p.path, s.line, name)
				}
			}
		}
	}
}

// testNames are those of all tests, benchmarks and fuzz targets.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root(t)), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		raw, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		for _, m := range tested.FindAllStringSubmatch(string(raw), -1) {
			names = append(names, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var (
	asked    = regexp.MustCompile(`\b(GET|POST|PUT|DELETE) (?:https?://[^/\s]+)?((?:/[\w{}.-]+)+)`)
	variable = regexp.MustCompile(`\{[^}]*\}|INC-\d+|/\d+`)
)

// TestDocsNameRoutes: what pages write as a method and a path is a route, and docs/design/api.md has a row for each area of the interface.
func TestDocsNameRoutes(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root(t), "ui", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var described struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(raw, &described); err != nil {
		t.Fatal(err)
	}
	plain := func(path string) string {
		return variable.ReplaceAllString(strings.TrimPrefix(path, "/api/v1"), "{}")
	}
	routes, areas := map[string]bool{}, map[string]bool{}
	for path, methods := range described.Paths {
		areas[strings.Split(plain(path), "/")[1]] = true
		for method := range methods {
			routes[strings.ToUpper(method)+" "+plain(path)] = true
		}
	}
	if len(routes) < 100 {
		t.Fatalf("%d routes in ui/openapi.json", len(routes))
	}
	all := pages(t)
	for _, p := range all {
		for n, line := range strings.Split(p.prose, "\n") {
			for _, m := range asked.FindAllStringSubmatch(line, -1) {
				if name := strings.TrimRight(plain(m[2]), "."); !routes[m[1]+" "+name] {
					t.Errorf("%s:%d: there is no route %s %s", p.path, n+1, m[1], m[2])
				}
			}
		}
	}
	for area := range areas {
		if !strings.Contains(all["docs/design/api.md"].prose, "`/"+area+"`") {
			t.Errorf("docs/design/api.md has no row for /%s", area)
		}
	}
}

// TestMapNamesEveryPackage: docs/design/architecture.md draws every entry of layers, and no entry is without a folder.
func TestMapNamesEveryPackage(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root(t), "docs", "design", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(raw))
	for _, names := range layers {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(name))); err != nil {
				t.Errorf("%s has a layer and no folder", name)
			}
			if !slices.Contains(words, strings.TrimPrefix(name, "internal/")) {
				t.Errorf("docs/design/architecture.md does not draw %s", name)
			}
		}
	}
}
