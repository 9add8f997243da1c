package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// How often a running directory looks whether another process changed it, and how long one source may take.
const (
	lookEvery  = 15 * time.Second
	sourceTime = 5 * time.Minute
)

// An answer with less than half of the people that are known is taken for a mistake when more than these are known.
const shrinkFrom = 20

// ErrShrunk is a source's answer that is too small to be believed.
var ErrShrunk = errors.New("the answer is suspiciously small")

// Run keeps the directory up to date until ctx ends: it loads what others changed and syncs on schedule.
func (d *Directory) Run(ctx context.Context) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var due <-chan time.Time
	if d.o.Every > 0 && len(d.o.Sources) > 0 {
		ticker := time.NewTicker(d.o.Every)
		defer ticker.Stop()
		due = ticker.C
		d.Sync(ctx, false)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-due:
			d.Sync(ctx, false)
		case <-look.C:
			if err := d.Load(ctx); err != nil && ctx.Err() == nil {
				d.o.Reported("stored directory", err)
			}
		}
	}
}

// Outcome of one source in a Sync.
type Outcome struct {
	Source string
	People int
	Err    error
}

// Sync asks every source and keeps what it answers. A source that fails, answers nothing or has shrunk to less than half keeps its last
// copy, and the problem is noted; shrink accepts less. The new list holds when Sync returns.
func (d *Directory) Sync(ctx context.Context, shrink bool) []Outcome {
	d.changing.Lock()
	defer d.changing.Unlock()
	known := map[string]int{}
	for _, s := range d.Sources() {
		known[s.Source] = s.Count
	}
	var out []Outcome
	for _, s := range d.o.Sources {
		o := Outcome{Source: s.Name()}
		o.People, o.Err = d.sync(ctx, s, known[s.Name()], shrink)
		if o.Err != nil && ctx.Err() == nil {
			d.o.Reported(o.Source, o.Err)
		}
		out = append(out, o)
	}
	if err := d.Load(ctx); err != nil && ctx.Err() == nil {
		d.o.Reported("stored directory", err)
	}
	return out
}

func (d *Directory) sync(ctx context.Context, s Source, known int, shrink bool) (int, error) {
	people, err := ask(ctx, s)
	now := d.o.Now()
	switch {
	case err != nil:
	case len(people) == 0:
		err = errors.New("the answer holds nobody; what was known stays")
	case known >= shrinkFrom && len(people) < known/2 && !shrink:
		err = fmt.Errorf("%w: %d people, %d are known; what was known stays, tocsin directory sync --shrink accepts it", ErrShrunk, len(people), known)
	default:
		return len(people), d.o.Shelf.PutDirectoryCopy(ctx, Copy{Source: s.Name(), People: people, At: now, Tried: now})
	}
	if ctx.Err() != nil {
		return 0, err // stopped, which is no problem of the source
	}
	return 0, errors.Join(err, d.o.Shelf.NoteDirectoryProblem(ctx, s.Name(), err.Error(), now))
}

// ask gets a source's answer in the form that is kept. A source that breaks is one that failed.
func ask(ctx context.Context, s Source) (people []Person, err error) {
	ctx, cancel := context.WithTimeout(ctx, sourceTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading %s broke off: %v", s.Name(), p)
		}
	}()
	people, err = s.People(ctx)
	if err != nil {
		return nil, err
	}
	return tidied(people)
}

// Import keeps people under a source's name, as a sync would, for sources that are read once.
func (d *Directory) Import(ctx context.Context, source string, people []Person) (int, error) {
	people, err := tidied(people)
	if err != nil {
		return 0, err
	}
	if len(people) == 0 {
		return 0, errors.New("there is nobody in it; what was known stays")
	}
	now := d.o.Now()
	if err := d.o.Shelf.PutDirectoryCopy(ctx, Copy{Source: source, People: people, At: now, Tried: now}); err != nil {
		return 0, err
	}
	return len(people), d.Load(ctx)
}

// tidied brings people into the form that is kept: addresses in lower case and each once, values bounded and on one line.
func tidied(people []Person) ([]Person, error) {
	if len(people) > MaxPeople {
		return nil, fmt.Errorf("more than %d people", MaxPeople)
	}
	out := make([]Person, 0, len(people))
	seen := map[string]bool{}
	for _, p := range people {
		address := addressOf(p.Address)
		if address == "" || seen[address] {
			continue
		}
		seen[address] = true
		out = append(out, Person{
			Address: address, Name: line(p.Name), Title: line(p.Title), Department: line(p.Department), Manager: addressOf(p.Manager), Priority: p.Priority,
			Groups: each(p.Groups, line), Aliases: without(each(p.Aliases, addressOf), address), Private: each(p.Private, addressOf),
		})
	}
	return out, nil
}

// each applies f to at most maxList values and drops what it makes empty, and repeats.
func each(list []string, f func(string) string) []string {
	var out []string
	for _, v := range list {
		if v = f(v); v != "" {
			out = union(out, []string{v})
		}
	}
	return out
}

func without(list []string, drop string) []string {
	var out []string
	for _, v := range list {
		if v != drop {
			out = append(out, v)
		}
	}
	return out
}

// addressOf reads an address, also as directories write it ("SMTP:ada@example.com", "mailto:ada@example.com"); "" when it is none.
func addressOf(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "smtp:"), "mailto:")
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || !strings.Contains(domain, ".") || len(s) > 254 || strings.ContainsAny(s, " \t\r\n<>,;:\"\\()[]") || strings.Contains(domain, "@") {
		return ""
	}
	return s
}

// line makes a value fit for one line.
func line(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
