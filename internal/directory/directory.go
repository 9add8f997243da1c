// Package directory knows the people of the organisation.
//
// Who works here, with which addresses, titles and groups, comes from sources: the settings, CSV files, an LDAP server; others can
// follow behind the interface Source. What a source said last is kept, so a server that is away never leaves the judge without names:
// a failed or suspiciously small answer is a problem that is shown, and the last good copy stays. The sources are merged by address
// into one list, from which the judge gets a new detect.Organisation each time something changed.
package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/detect"
)

// Person is somebody of the organisation, as one source tells. Addresses are lower case.
type Person struct {
	Address    string   `json:"address"`
	Name       string   `json:"name,omitempty"`
	Title      string   `json:"title,omitempty"`
	Department string   `json:"department,omitempty"`
	Manager    string   `json:"manager,omitempty"` // address
	Groups     []string `json:"groups,omitempty"`
	Aliases    []string `json:"aliases,omitempty"` // further addresses of the mailbox
	Private    []string `json:"private,omitempty"` // addresses outside that this person is known to write from
	Priority   bool     `json:"priority,omitempty"`
}

// Source is where people come from. People returns all of them, or an error; it never returns a part.
type Source interface {
	Name() string // "ldap dc.example.com": stable, it names the copy that is kept
	People(ctx context.Context) ([]Person, error)
}

// Copy is the last good answer of a source, and how the last try went.
type Copy struct {
	Source  string
	People  []Person
	At      time.Time // of the answer; zero: never
	Tried   time.Time
	Problem string // of the last try; "" when it went well
}

// Shelf keeps copies and marks.
type Shelf interface {
	DirectoryCopies(ctx context.Context) ([]Copy, error)
	// PutDirectoryCopy replaces what was kept of the source.
	PutDirectoryCopy(ctx context.Context, c Copy) error
	// NoteDirectoryProblem keeps why a try failed, and the copy as it is.
	NoteDirectoryProblem(ctx context.Context, source, problem string, at time.Time) error
	RemoveDirectoryCopy(ctx context.Context, source string) error
	// DirectoryMarks are what operators said of priority accounts, by address.
	DirectoryMarks(ctx context.Context) (map[string]bool, error)
	PutDirectoryMark(ctx context.Context, address string, priority bool, at time.Time) error
	// DirectoryRevision rises with every change, whoever made it.
	DirectoryRevision(ctx context.Context) (int64, error)
}

// Bounds of a directory.
const (
	MaxPeople = 200_000
	maxList   = 100 // groups, aliases and private addresses of one person
	maxText   = 400 // octets of one value
)

// ErrNoPerson is returned for an address that nobody has.
var ErrNoPerson = errors.New("there is nobody with this address in the directory")

// Settings is the source name of people in the settings.
const Settings = "settings"

// Entry is a person as the directory lists them: what all sources say together.
type Entry struct {
	Person
	Sources   []string
	Protected bool  // stands in the settings: the name is watched closely
	Marked    *bool // what an operator said about Priority; nil: nobody did
}

// Options of a Directory.
type Options struct {
	Shelf    Shelf
	Base     detect.Organisation // name, domains, and the people of the settings
	Sources  []Source            // asked by Sync
	Every    time.Duration       // between two rounds of Sync; 0: only when asked
	Now      func() time.Time    // default time.Now
	Reported func(source string, err error)
}

// Directory is the merged list. It is safe for concurrent use.
type Directory struct {
	o        Options
	current  atomic.Pointer[snapshot]
	loading  sync.Mutex
	changing sync.Mutex // one Sync at a time
}

type snapshot struct {
	revision int64
	entries  []Entry // by address
	org      detect.Organisation
	copies   []Copy // without people
	counts   map[string]int
}

// New returns a directory that holds the people of the settings. Load adds what is kept.
func New(o Options) *Directory {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Reported == nil { // nobody wants to hear it at once; Sources tells
		o.Reported = func(string, error) {}
	}
	d := &Directory{o: o}
	d.current.Store(d.merge(-1, nil, nil))
	return d
}

// Organisation is what the judge knows. It is a new value with new slices after every change.
func (d *Directory) Organisation() detect.Organisation { return d.current.Load().org }

// Load reads what is kept, when it changed since the last time. A change of another process is seen too.
func (d *Directory) Load(ctx context.Context) error {
	d.loading.Lock()
	defer d.loading.Unlock()
	revision, err := d.o.Shelf.DirectoryRevision(ctx)
	if err != nil || revision == d.current.Load().revision {
		return err
	}
	copies, err := d.o.Shelf.DirectoryCopies(ctx)
	if err != nil {
		return err
	}
	marks, err := d.o.Shelf.DirectoryMarks(ctx)
	if err != nil {
		return err
	}
	d.current.Store(d.merge(revision, copies, marks))
	return nil
}

// merge puts sources together by address. Where they disagree the settings win, then the source that stands later by name.
func (d *Directory) merge(revision int64, copies []Copy, marks map[string]bool) *snapshot {
	s := &snapshot{revision: revision, counts: map[string]int{}}
	at := map[string]int{}
	add := func(source string, p Person) {
		i, have := at[p.Address]
		if !have {
			i = len(s.entries)
			at[p.Address] = i
			s.entries = append(s.entries, Entry{Person: Person{Address: p.Address}})
		}
		e := &s.entries[i]
		for _, f := range [...]struct{ to, from *string }{{&e.Name, &p.Name}, {&e.Title, &p.Title}, {&e.Department, &p.Department}, {&e.Manager, &p.Manager}} {
			if *f.from != "" {
				*f.to = *f.from
			}
		}
		e.Groups, e.Aliases, e.Private = union(e.Groups, p.Groups), union(e.Aliases, p.Aliases), union(e.Private, p.Private)
		e.Priority = e.Priority || p.Priority
		e.Protected = e.Protected || source == Settings
		e.Sources = union(e.Sources, []string{source})
		s.counts[source]++
	}
	for _, c := range copies {
		if !d.counts(c.Source) {
			continue
		}
		for _, p := range c.People {
			add(c.Source, p)
		}
		c.People = nil
		s.copies = append(s.copies, c)
	}
	for _, p := range d.o.Base.People {
		add(Settings, Person{Address: strings.ToLower(p.Address), Name: p.Name, Title: p.Title, Department: p.Department, Priority: p.Priority, Aliases: lower(p.Aliases), Private: lower(p.Private)})
	}
	for address, priority := range marks {
		if i, ok := at[address]; ok {
			s.entries[i].Priority, s.entries[i].Marked = priority, &priority
		}
	}
	slices.SortFunc(s.entries, func(a, b Entry) int { return cmp.Compare(a.Address, b.Address) })
	s.org = detect.Organisation{Name: d.o.Base.Name, Domains: d.o.Base.Domains, People: make([]detect.Person, len(s.entries))}
	for i := range s.entries {
		e := &s.entries[i]
		s.org.People[i] = detect.Person{
			Name: e.Name, Address: e.Address, Title: e.Title, Department: e.Department, Priority: e.Priority, Aliases: e.Aliases, Private: e.Private,
			Ordinary: !e.Priority && !e.Protected,
		}
	}
	s.org = s.org.Indexed()
	return s
}

// counts says whether a copy is still used. Files that were imported by hand ("csv") are until somebody removes them, servers and files
// of the settings while they stand there.
func (d *Directory) counts(source string) bool {
	return strings.HasPrefix(source, "csv ") || slices.ContainsFunc(d.o.Sources, func(s Source) bool { return s.Name() == source })
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = strings.ToLower(v)
	}
	return out
}

// union returns what stands in either list, in order, each once.
func union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) && len(a) < maxList {
			a = append(a[:len(a):len(a)], v)
		}
	}
	return a
}

// Page is a part of the list.
type Page struct {
	People []Entry
	Total  int    // of all that match
	Next   string // address to go on after; "" at the end
}

// Wanted says which people are listed.
type Wanted struct {
	Search   string // words, each of which name, address, alias, title, department or group must contain
	Priority bool   // only priority accounts
}

// Find lists the people that are wanted, by address. after is an address; "" is the beginning.
func (d *Directory) Find(w Wanted, after string, limit int) Page {
	words := strings.Fields(strings.ToLower(w.Search))
	page := Page{People: []Entry{}}
	for _, e := range d.current.Load().entries {
		if w.Priority && !e.Priority || !matches(&e, words) {
			continue
		}
		page.Total++
		switch {
		case e.Address <= after:
		case len(page.People) < limit:
			page.People = append(page.People, e)
		case page.Next == "" && len(page.People) > 0:
			page.Next = page.People[len(page.People)-1].Address
		}
	}
	return page
}

func matches(e *Entry, words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join(append([]string{e.Name, e.Address, e.Title, e.Department, strings.Join(e.Groups, "\n")}, e.Aliases...), "\n"))
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Person returns who has the address.
func (d *Directory) Person(address string) (Entry, error) {
	entries := d.current.Load().entries
	i, found := slices.BinarySearchFunc(entries, strings.ToLower(address), func(e Entry, a string) int { return cmp.Compare(e.Address, a) })
	if !found {
		return Entry{}, ErrNoPerson
	}
	return entries[i], nil
}

// SetPriority marks an account as one of those that matter most, or takes the mark away. It holds whatever the sources say.
func (d *Directory) SetPriority(ctx context.Context, address string, priority bool) (Entry, error) {
	e, err := d.Person(address)
	if err != nil {
		return e, err
	}
	if err := d.o.Shelf.PutDirectoryMark(ctx, e.Address, priority, d.o.Now()); err != nil {
		return e, err
	}
	if err := d.Load(ctx); err != nil {
		return e, err
	}
	return d.Person(address)
}

// Status is how it stands with a source.
type Status struct {
	Copy         // without people
	Count    int // people in the copy
	Syncable bool
}

// Sources tells how it stands with every source, those that were never asked too.
func (d *Directory) Sources() []Status {
	s := d.current.Load()
	out := []Status{}
	seen := map[string]bool{}
	asked := map[string]bool{}
	for _, source := range d.o.Sources {
		asked[source.Name()] = true
	}
	for _, c := range s.copies {
		seen[c.Source] = true
		out = append(out, Status{Copy: c, Count: s.counts[c.Source], Syncable: asked[c.Source]})
	}
	for _, source := range d.o.Sources {
		if !seen[source.Name()] {
			out = append(out, Status{Copy: Copy{Source: source.Name(), Problem: "was not asked yet"}, Syncable: true})
		}
	}
	if n := s.counts[Settings]; n > 0 {
		out = append(out, Status{Copy: Copy{Source: Settings}, Count: n})
	}
	return out
}
