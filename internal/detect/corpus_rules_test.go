package detect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/scan"
)

// wantedSets are the sets whose mail is wanted, with the highest share that the whole judgement may flag. They are the sets of
// TestCorpus; no single rule may speak in more than one message in a thousand of any of them.
var wantedSets = map[string]float64{"sa-easy-ham": 0.002, "sa-hard-ham": 0.04, "ml-ggroups": 0.007, "ml-openbmc-any": 0.01, "ml-openbmc-html": 0.007,
	"ml-usrp": 0.007, "synth-transactional": 0.005, "bounces": 0.005, "auto-ci": 0.005}

// TestCorpusRules prints for each shipped rule in how many messages of each set it speaks, and for each set what is flagged with and
// without rules. It runs on the folders under TOCSIN_CORPUS; TOCSIN_CORPUS_RULE names a rule whose messages are listed.
func TestCorpusRules(t *testing.T) {
	root := os.Getenv("TOCSIN_CORPUS")
	if root == "" {
		t.Skip("TOCSIN_CORPUS names no folder with sets of mail")
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	rules := shippedRules(t)
	isRule := map[string]bool{}
	for _, r := range rules.Rules() {
		isRule[r.ID] = true
	}
	with := detect.NewJudge(detect.Options{Rules: rules})
	without := detect.NewJudge(detect.Options{})
	hits := map[string]map[string]int{} // rule -> set -> messages
	n, flagged, bare := map[string]int{}, map[string]int{}, map[string]int{}
	var out strings.Builder
	for _, file := range files {
		set := filepath.Base(filepath.Dir(file))
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := contextOf(raw)
		c.Message = email.Parse(raw, email.Limits{})
		c.Files = scan.Open(context.Background(), c.Message, scan.Limits{})
		v := with.Judge(context.Background(), c)
		n[set]++
		if len(v.Threats) > 0 {
			flagged[set]++
		}
		if len(without.Judge(context.Background(), c).Threats) > 0 {
			bare[set]++
		}
		for _, s := range v.Signals {
			if !isRule[s.ID] {
				continue
			}
			if hits[s.ID] == nil {
				hits[s.ID] = map[string]int{}
			}
			hits[s.ID][set]++
			if s.ID == os.Getenv("TOCSIN_CORPUS_RULE") {
				fmt.Fprintf(&out, "%s %d %s\n    %s\n", file, v.Score, ids(v), s.Evidence)
			}
		}
	}
	sets := make([]string, 0, len(n))
	for set := range n {
		sets = append(sets, set)
	}
	sort.Strings(sets)
	for _, set := range sets {
		share := func(k int) float64 { return float64(k) / float64(n[set]) }
		fmt.Fprintf(&out, "%-22s%6d  without rules %6.2f%%  with %6.2f%%\n", set, n[set], 100*share(bare[set]), 100*share(flagged[set]))
		if most, wanted := wantedSets[set]; wanted && (share(flagged[set]) > most || flagged[set] > bare[set]+n[set]/1000) {
			t.Errorf("%s: %d of %d flagged with rules, %d without", set, flagged[set], n[set], bare[set])
		}
	}
	for _, r := range rules.Rules() {
		fmt.Fprintf(&out, "%-32s%4d", r.ID, r.Weight)
		for _, set := range sets {
			if k := hits[r.ID][set]; k > 0 {
				fmt.Fprintf(&out, "  %s:%d", set, k)
				if _, wanted := wantedSets[set]; wanted && 1000*k > n[set] {
					t.Errorf("%s speaks in %d of %d messages of %s", r.ID, k, n[set], set)
				}
			}
		}
		out.WriteByte('\n')
	}
	t.Log("\n" + out.String())
}
