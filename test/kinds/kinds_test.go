// Package kinds judges invented messages of the kinds of attack that collections of real mail hardly hold, each beside its harmless
// twin: the real mail that looks most like it.
package kinds

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/app"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/ingest"
	"tocsin/internal/mailauth"
)

// What must come out of each kind, in percent: caught of the attacks, flagged of the twins.
const (
	leastCaught = 90
	mostFlagged = 5
	leastEach   = 12 // samples of each side
)

// known is what an authenticator found out of the sender of a sample.
type known struct{ mailauth.Results }

func (k known) Check(context.Context, *email.Message, []byte, mailauth.Envelope) mailauth.Results {
	return k.Results
}

func organisation() detect.Organisation {
	return detect.Organisation{Name: "Northwind Harbour", Domains: []string{"northwindharbour.example"}, People: []detect.Person{
		{Name: "Ines Caldeira", Address: "ines.caldeira@northwindharbour.example", Department: "Management", Priority: true},
		{Name: "Teodor Lind", Address: "teodor.lind@northwindharbour.example", Department: "Finance", Priority: true},
		{Name: "Maren Okafor", Address: "maren.okafor@northwindharbour.example", Department: "Finance"},
		{Name: "Jonas Weber", Address: "jonas.weber@northwindharbour.example", Department: "Human resources"},
		{Name: "Aoife Brennan", Address: "aoife.brennan@northwindharbour.example", Department: "Legal"},
	}}
}

// tally counts one side of a kind.
type tally struct{ n, flagged int }

func (t tally) share() float64 { return 100 * float64(t.flagged) / float64(max(t.n, 1)) }

// TestKinds judges every sample as an installation would that knows its organisation and checks senders, and says beside it what is caught when
// nothing of that is known (`tocsin scan` of lone files). With TOCSIN_KINDS_OUT it also writes the messages into folders there.
func TestKinds(t *testing.T) {
	for kind, c := range judged(t, "testdata", true) {
		full := c.known
		if full[1].n < leastEach || full[0].n < leastEach {
			t.Errorf("%s: %d attacks and %d twins, want %d of each", kind, full[1].n, full[0].n, leastEach)
		}
		if full[1].share() < leastCaught || full[0].share() > mostFlagged {
			t.Errorf("%s: %.0f%% caught, %.0f%% of the twins flagged; want at least %d%% and at most %d%%", kind, full[1].share(), full[0].share(), leastCaught, mostFlagged)
		}
	}
}

// TestUnseen judges messages that nobody read who works on detectors, and says only shares: what is caught of attacks that come for the first
// time. Do not read them, and do not tune on them; write others of the kind instead. A detector that gets worse in general fails here.
func TestUnseen(t *testing.T) {
	var all [2]tally
	for _, c := range judged(t, "unseen", false) {
		for side := range all {
			all[side].n += c.known[side].n
			all[side].flagged += c.known[side].flagged
		}
	}
	t.Logf("all together: %.0f%% of %d attacks caught, %.0f%% of %d twins flagged", all[1].share(), all[1].n, all[0].share(), all[0].n)
	if all[1].share() < 85 || all[0].share() > mostFlagged {
		t.Errorf("want at least 85%% caught and at most %d%% of the twins flagged", mostFlagged)
	}
}

// counted is what was flagged of a kind: twins, then attacks.
type counted struct{ known, lone [2]tally }

// judged judges the samples of a folder and prints the table; with each also what was wrong about which.
func judged(t *testing.T, folder string, each bool) map[string]counted {
	t.Helper()
	judge, err := app.NewJudge(app.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	kinds := readSamples(t, folder)
	t.Logf("%-20s %22s %22s", "", "organisation known", "lone file")
	t.Logf("%-20s %11s %10s %11s %10s", "kind", "caught", "twins", "caught", "twins")
	out := map[string]counted{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		var c counted
		for _, s := range kinds[kind] {
			raw := s.message()
			keep(t, s, raw)
			side := 0
			if s.bad {
				side = 1
			}
			note := func(how string, n *tally, v detect.Verdict) {
				n.n++
				flagged := len(v.Threats) > 0
				if flagged {
					n.flagged++
				}
				if each && flagged != s.bad {
					t.Logf("%s %s: %d, %v: %s", how, s, v.Score, v.Scores, signals(v))
				}
			}
			note("known", &c.known[side], examine(t, ingest.Examiner{Judge: judge, Org: organisation(), Auth: known{s.results()}}, raw))
			note("lone", &c.lone[side], examine(t, ingest.Examiner{Judge: judge, Auth: &mailauth.Checker{}}, raw))
		}
		t.Logf("%-20s %10.0f%% %9.0f%% %10.0f%% %9.0f%%", kind, c.known[1].share(), c.known[0].share(), c.lone[1].share(), c.lone[0].share())
		out[kind] = c
	}
	return out
}

func examine(t *testing.T, x ingest.Examiner, raw []byte) detect.Verdict {
	t.Helper()
	e, err := x.Examine(t.Context(), raw, ingest.Envelope{Source: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range e.Verdict.Notes {
		t.Errorf("note: %s", n.Text)
	}
	return e.Verdict
}

func signals(v detect.Verdict) string {
	var out []string
	for _, s := range v.Signals {
		out = append(out, s.ID)
	}
	return strings.Join(out, " ")
}

// keep writes a message into the folder that TOCSIN_KINDS_OUT names.
func keep(t *testing.T, s sample, raw []byte) {
	t.Helper()
	dir := os.Getenv("TOCSIN_KINDS_OUT")
	if dir == "" {
		return
	}
	path := filepath.Join(dir, s.String()+".eml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}
