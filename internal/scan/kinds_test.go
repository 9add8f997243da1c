package scan

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/email"
)

// TestKinds reads the source for the ids of facts and defects that openers report, and holds that each has a sentence.
func TestKinds(t *testing.T) {
	for id, text := range Kinds {
		if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(text) < 20 || !strings.HasSuffix(text, ".") {
			t.Errorf("fact %s: %q is no sentence", id, text)
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			for _, arg := range call.Args {
				lit, ok := arg.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				id, _ := strconv.Unquote(lit.Value)
				switch {
				case sel.Sel.Name == "fact" && Kinds[id] == "" && arg == call.Args[1]:
					t.Errorf("%s: fact %q has no sentence in Kinds", e.Name(), id)
				case sel.Sel.Name == "defect" && arg == call.Args[0] && email.DefectText(id) == "":
					t.Errorf("%s: defect %q has no sentence in internal/email/defects.go", e.Name(), id)
				}
			}
			return true
		})
	}
}
