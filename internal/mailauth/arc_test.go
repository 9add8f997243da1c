package mailauth

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"tocsin/internal/mailauth/dnstest"
)

// TestARCVectors runs a folder of ARC validation suites in the YAML form of the public ARC test suite
// (arc-draft-validation-tests.yml), named by TOCSIN_ARC_VECTORS.
func TestARCVectors(t *testing.T) {
	dir := os.Getenv("TOCSIN_ARC_VECTORS")
	if dir == "" {
		t.Skip("TOCSIN_ARC_VECTORS does not name a folder with arc-draft-validation-tests.yml")
	}
	f, err := os.Open(filepath.Join(dir, "arc-draft-validation-tests.yml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ran := 0
	for dec := yaml.NewDecoder(f); ; {
		var suite yaml.Node // by hand: the suite names some cases twice, which a map refuses
		if err := dec.Decode(&suite); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		ran += runARCSuite(t, suite.Content[0])
	}
	t.Logf("%d cases", ran)
	if ran == 0 {
		t.Error("no case was run")
	}
}

func entries(n *yaml.Node, each func(key string, value *yaml.Node)) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		each(n.Content[i].Value, n.Content[i+1])
	}
}

func runARCSuite(t *testing.T, suite *yaml.Node) (ran int) {
	zone := dnstest.Zone{}
	var tests *yaml.Node
	entries(suite, func(key string, value *yaml.Node) {
		switch key {
		case "tests":
			tests = value
		case "txt-records":
			entries(value, func(name string, txt *yaml.Node) { zone[name] = dnstest.Name{TXT: []string{txt.Value}} })
		}
	})
	c := &Checker{Resolver: resolver(t, zone)}
	entries(tests, func(name string, test *yaml.Node) {
		ran++
		t.Run(name, func(t *testing.T) {
			var message, want string
			entries(test, func(key string, value *yaml.Node) {
				switch key {
				case "message":
					message = value.Value
				case "cv":
					want = strings.ToLower(strings.TrimSpace(value.Value))
				}
			})
			if want == "" {
				want = "fail" // the suite leaves it open where the newest seal says cv=fail; RFC 8617 section 5.2 step 2: fail
			}
			got, _ := c.arc(context.Background(), wireForm([]byte(message)))
			if string(got.Result) != want {
				t.Errorf("got %s (%s), want %s", got.Result, got.Detail, want)
			}
		})
	})
	return ran
}
