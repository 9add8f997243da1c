// Package house keeps the rules of the source tree as tests: imports point one way, every package teaches its
// concept, and the repository holds no download addresses.
package house

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// layers lists the packages of the product from the bottom up, relative to the module. A package may import packages
// of lower layers only, and inside its own layer nothing but what peers allows. docs/design/architecture.md draws it.
var layers = [][]string{
	{"internal/email", "internal/event"},
	{"internal/detect", "internal/campaign", "internal/stix", "internal/outbound", "internal/intel", "internal/scan", "internal/mailauth", "internal/kql", "internal/mailout", "internal/paper", "internal/zipaes", "internal/sqlitefile", "rules", "threats"},
	{"internal/hunt", "internal/alert", "internal/incident", "internal/remediate", "internal/directory", "internal/auth", "internal/audit", "internal/policy", "internal/rejudge",
		"internal/rulebook", "internal/feed", "internal/detonate", "internal/quarantine", "internal/submission", "internal/dashboard", "internal/reports", "internal/threat", "internal/indicator", "internal/tracker"},
	{"internal/api", "internal/ingest", "internal/eventstore", "internal/casestore", "internal/indicatorstore", "internal/blobstore", "internal/demo", "ui"},
	{"internal/app", "internal/bench"},
	{"cmd/tocsin"},
}

// peers are the imports allowed inside one layer: from, then to.
var peers = map[[2]string]bool{
	{"internal/detect", "internal/mailauth"}:      true, // a judgement's context holds who really sent it
	{"internal/detect", "internal/intel"}:         true,
	{"internal/detect", "internal/scan"}:          true, // and what is inside its files
	{"internal/detect", "rules"}:                  true,
	{"internal/campaign", "internal/intel"}:       true,
	{"internal/audit", "internal/auth"}:           true, // what is proven are auth's records
	{"internal/dashboard", "internal/hunt"}:       true, // a figure is a condition of Explorer's, in its words for views and outcomes
	{"internal/reports", "internal/dashboard"}:    true, // a report is made of the same figures, filters and coverage, and sends the dashboard's letter
	{"internal/reports", "internal/hunt"}:         true,
	{"internal/submission", "internal/remediate"}: true, // an original is proven by the digest that copies are proven by
	{"internal/tracker", "internal/hunt"}:         true, // a tracked query is a saved query, and runs within the limits of hunting
	{"internal/tracker", "internal/alert"}:        true, // what it raises
	{"internal/mailout", "internal/outbound"}:     true, // whose certificates are believed
	{"internal/api", "ui"}:                        true, // the pages are served beside the interface
	{"internal/ingest", "internal/casestore"}:     true, // bytes, ledger and job are one promise; docs/design/architecture.md says why
	{"internal/ingest", "internal/blobstore"}:     true,
}

type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports", "tocsin/...")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("reading what go list says: %v", err)
		}
		all = append(all, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// place finds the layer of a package and the entry that names it.
func place(path string) (layer int, entry string, ok bool) {
	path = strings.TrimPrefix(path, "tocsin/")
	for i, names := range layers {
		for _, name := range names {
			if path == name || strings.HasPrefix(path, name+"/") {
				return i, name, true
			}
		}
	}
	return 0, "", false
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasPrefix(p.ImportPath, "tocsin/test/") {
			continue
		}
		from, fromEntry, ok := place(p.ImportPath)
		if !ok {
			t.Errorf("%s has no layer: add it to layers in this test and to docs/design/architecture.md", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, "tocsin/") {
				continue
			}
			to, toEntry, ok := place(imp)
			switch {
			case !ok, fromEntry == toEntry: // unknown ones are reported as themselves
			case to > from:
				t.Errorf("%s imports %s, which stands above it", p.ImportPath, imp)
			case to == from && !peers[[2]string{fromEntry, toEntry}]:
				t.Errorf("%s imports its neighbour %s: declare a small interface instead", p.ImportPath, imp)
			}
		}
	}
}

// TestPureCore keeps judging, reading and asking free of the network, the disk and stores.
func TestPureCore(t *testing.T) {
	forbidden := []string{"database/sql", "net/http", "os/exec", "github.com/duckdb/duckdb-go/v2", "modernc.org/sqlite"}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "tocsin/internal/")
		switch strings.SplitN(name, "/", 2)[0] {
		case "email", "detect", "kql", "event":
		case "scan": // what needs a socket or a process stands below it
			if name != "scan" {
				continue
			}
		default:
			continue
		}
		for _, imp := range p.Imports {
			for _, f := range forbidden {
				if imp == f {
					t.Errorf("%s imports %s; it must stay a function of its inputs", p.ImportPath, imp)
				}
			}
		}
	}
}

func TestEveryPackageTeaches(t *testing.T) {
	const least = 120 // octets: a sentence or two, not a restated name
	for _, p := range packages(t) {
		var doc string
		fset := token.NewFileSet()
		entries, err := os.ReadDir(p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, e.Name()), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			doc += text(f.Doc)
		}
		if len(doc) < least {
			t.Errorf("%s has a package comment of %d octets; teach its concept in a paragraph", p.ImportPath, len(doc))
		}
	}
}

func text(g *ast.CommentGroup) string {
	if g == nil {
		return ""
	}
	return g.Text()
}

func TestNoDownloadAddressesInLockFiles(t *testing.T) {
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "data"):
			return filepath.SkipDir
		case d.Name() != "package-lock.json":
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(b), `"resolved": "http`) {
			t.Errorf("%s holds download addresses; npm leaves them out with omit-lockfile-registry-resolved", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
