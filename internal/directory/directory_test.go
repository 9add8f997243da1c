package directory_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/directory"
)

// told is a source that says what it is told to say.
type told struct {
	name   string
	people []directory.Person
	err    error
}

func (s *told) Name() string { return s.name }
func (s *told) People(context.Context) ([]directory.Person, error) {
	if s.name == "broken" {
		panic("broken")
	}
	return s.people, s.err
}

func store(t *testing.T) *casestore.Store {
	t.Helper()
	s, err := casestore.Open(t.Context(), filepath.Join(t.TempDir(), "cases.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func crowd(n int) []directory.Person {
	all := make([]directory.Person, n)
	for i := range all {
		all[i] = directory.Person{Address: fmt.Sprintf("p%03d@own.example", i), Name: fmt.Sprintf("Person %d", i), Department: "Works"}
	}
	return all
}

var base = detect.Organisation{Name: "Own", Domains: []string{"own.example"}, People: []detect.Person{
	{Name: "Ada Lind", Address: "Ada@own.example", Department: "Board"}, {Name: "Tom Reyes", Address: "p001@own.example", Priority: true},
}}

func TestMerge(t *testing.T) {
	shelf := store(t)
	source := &told{name: "ldap dc", people: append(crowd(5), directory.Person{
		Address: " SMTP:Ada@own.example", Name: "Ada L", Title: "Chair\r\nwoman", Aliases: []string{"smtp:chair@own.example", "nonsense", "ada@own.example"}, Private: []string{"Ada@home.example"},
	})}
	d := directory.New(directory.Options{Shelf: shelf, Base: base, Sources: []directory.Source{source}})
	before := d.Organisation()
	if len(before.People) != 2 || before.People[0].Ordinary {
		t.Errorf("from the settings: %+v", before.People)
	}
	if out := d.Sync(t.Context(), false); len(out) != 1 || out[0].Err != nil || out[0].People != 6 {
		t.Fatalf("%+v", out)
	}
	org := d.Organisation()
	if len(org.People) != 6 || &org.People[0] == &before.People[0] {
		t.Fatalf("%d people", len(org.People))
	}
	ada, err := d.Person("ADA@own.example")
	if err != nil || ada.Name != "Ada Lind" || ada.Title != "Chair woman" || ada.Department != "Board" || fmt.Sprint(ada.Aliases, ada.Private, ada.Sources) != "[chair@own.example] [ada@home.example] [ldap dc settings]" || !ada.Protected {
		t.Errorf("%+v %v", ada, err)
	}
	if e, _ := d.Person("p001@own.example"); e.Name != "Tom Reyes" || !e.Priority || e.Department != "Works" {
		t.Errorf("%+v", e)
	}
	if !org.IsPriority("P001@own.example") || org.IsPriority("p002@own.example") {
		t.Error("priority accounts")
	}
	for _, p := range org.People {
		if want := p.Address != "ada@own.example" && p.Address != "p001@own.example"; p.Ordinary != want {
			t.Errorf("%s: ordinary %v", p.Address, p.Ordinary)
		}
	}
}

func TestSyncKeepsWhatWasGood(t *testing.T) {
	shelf := store(t)
	source := &told{name: "ldap dc", people: crowd(50)}
	var reported []string
	make := func() *directory.Directory {
		d := directory.New(directory.Options{Shelf: shelf, Base: base, Sources: []directory.Source{source, &told{name: "broken"}}, Reported: func(s string, err error) { reported = append(reported, s+": "+err.Error()) }})
		if err := d.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := make()
	d.Sync(t.Context(), false)
	for _, c := range []struct {
		people []directory.Person
		err    error
		want   string
	}{
		{nil, errors.New("connection refused"), "connection refused"},
		{nil, nil, "nobody"},
		{crowd(20), nil, "suspiciously small"},
	} {
		source.people, source.err = c.people, c.err
		if out := d.Sync(t.Context(), false); out[0].Err == nil || !strings.Contains(out[0].Err.Error(), c.want) {
			t.Errorf("%q: %+v", c.want, out)
		}
		d = make() // a restart
		if n := len(d.Organisation().People); n != 51 {
			t.Errorf("%q: %d people", c.want, n)
		}
		if s := d.Sources(); len(s) != 3 || !strings.Contains(s[1].Problem, c.want) || s[1].At.IsZero() || s[1].Count != 50 || !strings.Contains(s[0].Problem, "broke off") {
			t.Errorf("%q: %+v", c.want, s)
		}
	}
	if len(reported) < 4 {
		t.Errorf("%q", reported)
	}
	if out := d.Sync(t.Context(), true); out[0].Err != nil || len(d.Organisation().People) != 21 || d.Sources()[1].Problem != "" {
		t.Errorf("%+v", out)
	}
	// A server that left the settings counts no more.
	alone := directory.New(directory.Options{Shelf: shelf, Base: base})
	if err := alone.Load(t.Context()); err != nil || len(alone.Organisation().People) != 2 {
		t.Errorf("%d people, %v", len(alone.Organisation().People), err)
	}
}

func TestChangesOfOthersAreSeen(t *testing.T) {
	shelf := store(t)
	server, line := directory.New(directory.Options{Shelf: shelf, Base: base}), directory.New(directory.Options{Shelf: shelf, Base: base})
	if n, err := line.Import(t.Context(), "csv people.csv", crowd(3)); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if err := server.Load(t.Context()); err != nil || len(server.Organisation().People) != 4 {
		t.Fatalf("%d people, %v", len(server.Organisation().People), err)
	}
	org := server.Organisation()
	if e, err := line.SetPriority(t.Context(), "p002@own.example", true); err != nil || !e.Priority || e.Marked == nil {
		t.Errorf("%+v %v", e, err)
	}
	if e, err := line.SetPriority(t.Context(), "p001@own.example", false); err != nil || e.Priority { // over the settings
		t.Errorf("%+v %v", e, err)
	}
	if _, err := line.SetPriority(t.Context(), "nobody@own.example", true); !errors.Is(err, directory.ErrNoPerson) {
		t.Error(err)
	}
	if err := server.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := server.Organisation(); !now.IsPriority("p002@own.example") || now.IsPriority("p001@own.example") || &now.People[0] == &org.People[0] {
		t.Error("marks did not reach the other process, or in old slices")
	}
	same := server.Organisation()
	if err := server.Load(t.Context()); err != nil || &server.Organisation().People[0] != &same.People[0] {
		t.Error("new slices without a change")
	}
	if _, err := line.Import(t.Context(), "csv people.csv", nil); err == nil {
		t.Error("an empty file was taken")
	}
	if err := shelf.RemoveDirectoryCopy(t.Context(), "csv people.csv"); err != nil {
		t.Fatal(err)
	}
	if err := server.Load(t.Context()); err != nil || len(server.Organisation().People) != 2 {
		t.Errorf("%d people, %v", len(server.Organisation().People), err)
	}
}

func TestFind(t *testing.T) {
	d := directory.New(directory.Options{Shelf: store(t), Base: base})
	if _, err := d.Import(t.Context(), "csv x", crowd(120)); err != nil {
		t.Fatal(err)
	}
	var got []string
	after := ""
	for {
		p := d.Find(directory.Wanted{Search: "works person"}, after, 50)
		if p.Total != 119 { // one has another name by the settings
			t.Fatalf("total %d", p.Total)
		}
		for _, e := range p.People {
			got = append(got, e.Address)
		}
		if after = p.Next; after == "" {
			break
		}
	}
	if len(got) != 119 {
		t.Errorf("%d in pages", len(got))
	}
	if p := d.Find(directory.Wanted{Search: "LIND board", Priority: true}, "", 10); p.Total != 0 { // she is watched, and no priority account
		t.Errorf("%+v", p)
	}
	if _, err := d.SetPriority(t.Context(), "ada@own.example", true); err != nil {
		t.Fatal(err)
	}
	if p := d.Find(directory.Wanted{Search: "LIND board", Priority: true}, "", 10); p.Total != 1 || p.People[0].Address != "ada@own.example" {
		t.Errorf("%+v", p)
	}
	if p := d.Find(directory.Wanted{Search: "nobody"}, "", 10); p.Total != 0 || p.People == nil {
		t.Errorf("%+v", p)
	}
}

func TestRun(t *testing.T) {
	source := &told{name: "ldap dc", people: crowd(4)}
	d := directory.New(directory.Options{Shelf: store(t), Base: base, Sources: []directory.Source{source}, Every: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	deadline := time.After(10 * time.Second)
	for len(d.Organisation().People) != 5 {
		select {
		case <-deadline:
			t.Fatal("no sync at the start")
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
