// Package kinds judges invented messages of the kinds of attack that collections of real mail hardly hold, each beside its harmless
// twin: the real mail that looks most like it.
package kinds

import (
	"context"
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
	judge, err := app.NewJudge(app.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	kinds := readSamples(t)
	names := make([]string, 0, len(kinds))
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	t.Logf("%-18s %22s %22s", "", "organisation known", "lone file")
	t.Logf("%-18s %11s %10s %11s %10s", "kind", "caught", "twins", "caught", "twins")
	for _, kind := range names {
		var full, bare [2]tally
		for _, s := range kinds[kind] {
			raw := s.message()
			keep(t, s, raw)
			side := 0
			if s.bad {
				side = 1
			}
			v := examine(t, ingest.Examiner{Judge: judge, Org: organisation(), Auth: known{s.results()}}, raw)
			full[side].n++
			if len(v.Threats) > 0 {
				full[side].flagged++
			}
			if flagged := len(v.Threats) > 0; flagged != s.bad {
				t.Logf("%s: %d, %v: %s", s, v.Score, v.Scores, signals(v))
			}
			b := examine(t, ingest.Examiner{Judge: judge, Auth: &mailauth.Checker{}}, raw)
			bare[side].n++
			if len(b.Threats) > 0 {
				bare[side].flagged++
			}
			if flagged := len(b.Threats) > 0; flagged != s.bad {
				t.Logf("lone %s: %d, %v: %s", s, b.Score, b.Scores, signals(b))
			}
		}
		t.Logf("%-18s %10.0f%% %9.0f%% %10.0f%% %9.0f%%", kind, full[1].share(), full[0].share(), bare[1].share(), bare[0].share())
		if full[1].n < leastEach || full[0].n < leastEach {
			t.Errorf("%s: %d attacks and %d twins, want %d of each", kind, full[1].n, full[0].n, leastEach)
		}
		if full[1].share() < leastCaught || full[0].share() > mostFlagged {
			t.Errorf("%s: %.0f%% caught, %.0f%% of the twins flagged; want at least %d%% and at most %d%%", kind, full[1].share(), full[0].share(), leastCaught, mostFlagged)
		}
	}
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
