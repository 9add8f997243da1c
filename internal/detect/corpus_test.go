package detect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/mailauth"
)

// contextOf is what `tocsin scan` knows of a lone message: nothing but its bytes.
func contextOf(raw []byte) *detect.Context {
	m := email.Parse(raw, email.Limits{})
	c := &detect.Context{Message: m, Direction: detect.Inbound, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	for _, a := range append(append([]email.Address{}, m.To...), m.Cc...) {
		c.Recipients = append(c.Recipients, strings.ToLower(a.Addr))
	}
	checker := &mailauth.Checker{}
	c.Auth = checker.Check(context.Background(), m, raw, c.Envelope)
	return c
}

// TestCorpus judges sets of real mail (a folder of .eml each, under TOCSIN_CORPUS) and prints how many each set has flagged, and
// with TOCSIN_CORPUS_SIGNALS which signals spoke in how many. It fails when a bound of the shipped judgement is broken.
func TestCorpus(t *testing.T) {
	root := os.Getenv("TOCSIN_CORPUS")
	if root == "" {
		t.Skip("TOCSIN_CORPUS names no folder with sets of mail")
	}
	sets, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	bounds := map[string][2]float64{ // lowest and highest share flagged
		"phish": {0.83, 1}, "sa-spam": {0.27, 1}, "sa-easy-ham": {0, 0.002}, "sa-hard-ham": {0, 0.02}, "synth-transactional": {0, 0.002},
		"ml-usrp": {0, 0.003}, "ml-openbmc-html": {0, 0.003}, "ml-openbmc-any": {0, 0.003}, "ml-ggroups": {0, 0.003}, "auto-ci": {0, 0.005}, "bounces": {0, 0.005},
	}
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t)})
	seen := map[string]map[string]int{}
	var out strings.Builder
	fmt.Fprintf(&out, "%-22s%6s%9s%8s%8s%12s\n", "set", "n", "flagged", "phish", "high", "judge µs")
	for _, set := range sets {
		if !set.IsDir() {
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, set.Name(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		var flagged, phish, high int
		var spent time.Duration
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := contextOf(raw)
			start := time.Now()
			v := judge.Judge(context.Background(), c)
			spent += time.Since(start)
			if len(v.Threats) > 0 {
				flagged++
				if list := os.Getenv("TOCSIN_CORPUS_LIST"); list != "" && strings.Contains(list, set.Name()) {
					fmt.Fprintf(&out, "%s %d %s\n", file, v.Score, ids(v))
				}
			} else if list := os.Getenv("TOCSIN_CORPUS_MISSED"); list != "" && strings.Contains(list, set.Name()) {
				fmt.Fprintf(&out, "%s %d %s\n", file, v.Score, ids(v))
			}
			if v.Is(detect.Phish) {
				phish++
			}
			if v.Confidence == detect.High {
				high++
			}
			for _, s := range v.Signals {
				if seen[s.ID] == nil {
					seen[s.ID] = map[string]int{}
				}
				seen[s.ID][set.Name()]++
			}
			for _, n := range v.Notes {
				t.Errorf("%s: %s: %s", file, n.ID, n.Text)
			}
		}
		share := func(n int) float64 { return 100 * float64(n) / float64(max(1, len(files))) }
		fmt.Fprintf(&out, "%-22s%6d%8.2f%%%7.2f%%%7.2f%%%12d\n", set.Name(), len(files), share(flagged), share(phish), share(high), spent.Microseconds()/int64(max(1, len(files))))
		if b, ok := bounds[set.Name()]; ok && (share(flagged)/100 < b[0] || share(flagged)/100 > b[1]) {
			t.Errorf("%s: %.2f%% flagged, want %.1f%% to %.1f%%", set.Name(), share(flagged), 100*b[0], 100*b[1])
		}
	}
	if os.Getenv("TOCSIN_CORPUS_SIGNALS") != "" {
		var names []string
		for id := range seen {
			names = append(names, id)
		}
		sort.Strings(names)
		for _, id := range names {
			fmt.Fprintf(&out, "%-28s", id)
			for _, set := range sets {
				fmt.Fprintf(&out, " %s:%d", abbreviate(set.Name()), seen[id][set.Name()])
			}
			out.WriteByte('\n')
		}
	}
	t.Log("\n" + out.String())
}

func abbreviate(name string) string {
	parts := strings.Split(name, "-")
	last := parts[len(parts)-1]
	return last[:min(4, len(last))]
}

func ids(v detect.Verdict) string {
	var out []string
	for _, s := range v.Signals {
		out = append(out, fmt.Sprintf("%s%+d", s.ID, s.Weight))
	}
	return strings.Join(out, " ")
}
