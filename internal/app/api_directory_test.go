package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/directory"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "people.csv")
	write := func(people int) {
		var b strings.Builder
		b.WriteString("email,name,department\n")
		for i := range people {
			fmt.Fprintf(&b, "p%02d@harbour.test,Person %d,Works\n", i, i)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(40)
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.Directory.Files = []string{file}
		c.Organisation.People = []app.Person{{Name: "Ada Lind", Address: "ada@harbour.test", Department: "Board", Priority: true}}
	})
	reader, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityAdministrator)
	if sources := ok[[]api.DirectorySource](reader.get(t, "/directory/sources")); len(sources) != 2 || sources[0].Problem == "" || sources[1].People != 1 {
		t.Errorf("before: %+v", sources)
	}
	if sources := ok[[]api.DirectorySource](chief.post(t, "/directory/sync", nil)); len(sources) != 2 || sources[0].Problem != "" || sources[0].People != 40 || sources[0].At == nil {
		t.Errorf("synced: %+v", sources)
	}
	var got []string
	for cursor := ""; ; {
		page := ok[api.DirectoryPage](reader.get(t, "/directory/people?search=person+works&limit=15&cursor="+cursor))
		if page.Total != 40 {
			t.Fatalf("%+v", page)
		}
		for _, p := range page.People {
			got = append(got, p.Address)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(got) != 40 || got[39] != "p39@harbour.test" {
		t.Errorf("%q", got)
	}

	reader.send(t, http.MethodPut, "/directory/people/p01@harbour.test", api.DirectoryMark{Priority: true}).problem(http.StatusForbidden)
	chief.send(t, http.MethodPut, "/directory/people/nobody@harbour.test", api.DirectoryMark{Priority: true}).problem(http.StatusNotFound)
	before := s.Directory().Organisation()
	if p := ok[api.DirectoryPerson](chief.send(t, http.MethodPut, "/directory/people/P01@harbour.test", api.DirectoryMark{Priority: true})); !p.Priority || !p.Marked || p.Protected {
		t.Errorf("%+v", p)
	}
	if now := s.Directory().Organisation(); !now.IsPriority("p01@harbour.test") || before.IsPriority("p01@harbour.test") || &now.People[0] == &before.People[0] {
		t.Error("the judge does not learn of it, or in old slices")
	}
	if records := s.audited(t, auth.ActPriority); len(records) != 1 || records[0].Subject != "p01@harbour.test" {
		t.Errorf("%+v", records)
	}

	write(3)
	if sources := ok[[]api.DirectorySource](chief.post(t, "/directory/sync", nil)); !strings.Contains(sources[0].Problem, "suspiciously small") || sources[0].People != 40 {
		t.Errorf("shrunk: %+v", sources)
	}
}

// TestPeopleReachTheJudge: who is added while the server runs is protected in the next message.
func TestPeopleReachTheJudge(t *testing.T) {
	t.Parallel()
	s := open(t)
	other, people, err := app.OpenDirectory(t.Context(), func() app.Config { c := app.Defaults(); c.Data = s.dir; return c }())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = people.Close() }()
	if _, err := other.Import(t.Context(), "csv x", mustPeople(t, "email,name,priority\nada@harbour.test,Ada Lind,yes\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Directory().Load(t.Context()); err != nil { // the server does so every few seconds
		t.Fatal(err)
	}
	id := s.take(t, []byte("From: Ada Lind <ada.lind@letters.test>\r\nTo: bob@harbour.test\r\nSubject: one\r\n\r\nHello.\r\n"), "bob@harbour.test")
	r := s.as(t, auth.SecurityReader).get(t, "/emails/"+id+"?recipient=bob@harbour.test")
	if !strings.Contains(string(r.body), "own-person-name") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func mustPeople(t *testing.T, csv string) []directory.Person {
	t.Helper()
	people, err := directory.ReadCSV(strings.NewReader(csv), "x")
	if err != nil {
		t.Fatal(err)
	}
	return people
}
