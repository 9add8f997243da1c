package api

import (
	"context"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/directory"
)

type directoryPeopleInput struct {
	Search   string `query:"search" maxLength:"200" doc:"Words that name, address, alias, title, department or group must contain"`
	Priority bool   `query:"priority" doc:"Only priority accounts"`
	Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor   string `query:"cursor" maxLength:"320" doc:"'next' of the page before; empty for the first"`
}

// DirectoryPage is one page of people, by address.
type DirectoryPage struct {
	People []DirectoryPerson `json:"people"`
	Total  int               `json:"total" doc:"Of all that match"`
	Next   string            `json:"next" doc:"Cursor of the next page; empty at the end"`
}

// DirectoryPerson is somebody of the organisation, as all sources together tell.
type DirectoryPerson struct {
	Address    string   `json:"address"`
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Department string   `json:"department"`
	Manager    string   `json:"manager" doc:"Address"`
	Groups     []string `json:"groups"`
	Aliases    []string `json:"aliases" doc:"Further addresses of the mailbox"`
	Private    []string `json:"private" doc:"Addresses outside that this person is known to write from"`
	Priority   bool     `json:"priority" doc:"A priority account"`
	Marked     bool     `json:"marked" doc:"An operator said whether it is one; else the sources do"`
	Protected  bool     `json:"protected" doc:"Stands in the settings: the name is watched closely"`
	Sources    []string `json:"sources"`
}

type directoryPersonInput struct {
	Address string `path:"address" maxLength:"320"`
}

type directoryMarkInput struct {
	Address string `path:"address" maxLength:"320"`
	Body    DirectoryMark
}

// DirectoryMark is what an operator says of an account.
type DirectoryMark struct {
	Priority bool `json:"priority"`
}

// DirectorySource is where people come from.
type DirectorySource struct {
	Source   string     `json:"source"`
	People   int        `json:"people" doc:"In the copy that is used"`
	At       *time.Time `json:"at,omitempty" doc:"When the copy was made"`
	Tried    *time.Time `json:"tried,omitempty" doc:"When it was last asked"`
	Problem  string     `json:"problem" doc:"Why the last try failed; the copy is then older. Empty when it went well"`
	Syncable bool       `json:"syncable" doc:"It can be asked again"`
}

func (s *Server) directoryPeople(_ context.Context, in *directoryPeopleInput) (*Reply[DirectoryPage], error) {
	page := s.deps.Directory.Find(directory.Wanted{Search: in.Search, Priority: in.Priority}, in.Cursor, in.Limit)
	out := DirectoryPage{People: make([]DirectoryPerson, len(page.People)), Total: page.Total, Next: page.Next}
	for i := range page.People {
		out.People[i] = directoryPerson(&page.People[i])
	}
	return &Reply[DirectoryPage]{out}, nil
}

func directoryPerson(e *directory.Entry) DirectoryPerson {
	list := func(l []string) []string { return append([]string{}, l...) }
	return DirectoryPerson{
		Address: e.Address, Name: e.Name, Title: e.Title, Department: e.Department, Manager: e.Manager, Groups: list(e.Groups), Aliases: list(e.Aliases),
		Private: list(e.Private), Priority: e.Priority, Marked: e.Marked != nil, Protected: e.Protected, Sources: list(e.Sources),
	}
}

func (s *Server) directoryPerson(_ context.Context, in *directoryPersonInput) (*Reply[DirectoryPerson], error) {
	e, err := s.deps.Directory.Person(in.Address)
	if err != nil {
		return nil, err
	}
	return &Reply[DirectoryPerson]{directoryPerson(&e)}, nil
}

func (s *Server) directoryMark(ctx context.Context, in *directoryMarkInput) (*Reply[DirectoryPerson], error) {
	e, err := s.deps.Directory.SetPriority(ctx, strings.ToLower(in.Address), in.Body.Priority)
	if err != nil {
		return nil, err
	}
	return &Reply[DirectoryPerson]{directoryPerson(&e)}, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActPriority, Subject: e.Address}, in.Body)
}

func (s *Server) directorySources(context.Context, *Nothing) (*Reply[[]DirectorySource], error) {
	return &Reply[[]DirectorySource]{directoryStatus(s.deps.Directory)}, nil
}

func directoryStatus(d *directory.Directory) []DirectorySource {
	all := d.Sources()
	out := make([]DirectorySource, len(all))
	when := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	for i, st := range all {
		out[i] = DirectorySource{Source: st.Source, People: st.Count, At: when(st.At), Tried: when(st.Tried), Problem: st.Problem, Syncable: st.Syncable}
	}
	return out
}

func (s *Server) directorySync(ctx context.Context, _ *Nothing) (*Reply[[]DirectorySource], error) {
	s.deps.Directory.Sync(ctx, false)
	out := directoryStatus(s.deps.Directory)
	return &Reply[[]DirectorySource]{out}, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActDirectory}, out)
}
