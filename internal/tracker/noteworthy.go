package tracker

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

//go:embed noteworthy/*.md
var shippedFiles embed.FS

// Entry is a question worth asking now.
type Entry struct {
	ID        string // slug; of a feed with the feed's name before it
	Title     string
	Why       string // one paragraph
	Article   string // markdown: the paragraph, and what to look for and to do
	Threat    string // slug of an article of the threat library; ""
	Technique string // MITRE ATT&CK; ""
	Query     string
	Added     time.Time
	Expires   time.Time // zero: never
	Source    string    // "Tocsin" or the feed's name

	Told *Told // of a feed
}

// Told is what a feed says of an entry that it brings: something that happened elsewhere.
type Told struct {
	Feed   string // its id
	Kind   string // "Report", "Grouping", "Campaign", "MISP event"
	TLP    string // "" when nobody said
	Labels []string
	Names  []Name
	Counts string // what the figures count, in one sentence
}

// Name is a threat that a report names.
type Name struct {
	Type   string // of STIX: malware, tool, intrusion-set, threat-actor, campaign, attack-pattern
	Name   string
	Attack string // id of MITRE ATT&CK; ""
	Threat string // id of an article of the threat library; ""
}

// Over reports whether an entry's time is past.
func (e *Entry) Over(now time.Time) bool { return !e.Expires.IsZero() && !now.Before(e.Expires) }

// Source brings entries beside those that ship. What it brings is hostile: Board checks it.
type Source interface {
	Name() string
	Noteworthy(ctx context.Context) ([]Entry, error)
}

// Limits of what a source brings.
const (
	maxEntries = 200
	maxBrought = 20 // of all sources together, the newest: each is a question
	maxArticle = 20_000
	maxQuery   = 20_000
)

var slugs = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,99}$`)

// Check says what is wrong with an entry.
func (e *Entry) Check() error {
	switch {
	case !slugs.MatchString(e.ID):
		return fmt.Errorf("the id %q is no slug", e.ID)
	case e.Title == "" || len(e.Title) > 200:
		return errors.New("a title of 1 to 200 octets is needed")
	case e.Why == "":
		return errors.New("it does not say why")
	case len(e.Article) > maxArticle, len(e.Why) > maxArticle:
		return fmt.Errorf("the article is longer than %d octets", maxArticle)
	case len(e.Query) > maxQuery:
		return fmt.Errorf("the query is longer than %d octets", maxQuery)
	}
	if _, err := kql.Parse(e.Query); err != nil {
		return fmt.Errorf("the query: %w", err)
	}
	return nil
}

// Shipped returns the entries that come with Tocsin, one file each: noteworthy/NN-slug.md. A file begins with lines "key: value" (title,
// technique, threat, added, expires), the article follows after an empty line and ends in a fenced block with the query. The result is shared.
var Shipped = sync.OnceValue(func() []Entry {
	all, err := readEntries(shippedFiles)
	if err != nil {
		panic("tracker: noteworthy: " + err.Error()) // a test reads it
	}
	return all
})

func readEntries(files fs.FS) ([]Entry, error) {
	names, err := fs.Glob(files, "noteworthy/*.md")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []Entry
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		e, err := readEntry(string(raw))
		if err == nil {
			_, e.ID, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "noteworthy/"), ".md"), "-")
			err = e.Check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

func readEntry(text string) (e Entry, err error) {
	head, body, found := strings.Cut(text, "\n\n")
	if !found {
		return e, errors.New("an empty line between the head and the article is missing")
	}
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "title":
			e.Title = value
		case "technique":
			e.Technique = value
		case "threat":
			e.Threat = value
		case "added":
			e.Added, err = time.Parse(time.DateOnly, value)
		case "expires":
			e.Expires, err = time.Parse(time.DateOnly, value)
		default:
			err = fmt.Errorf("a head has title, technique, threat, added and expires, not %q", key)
		}
		if err != nil {
			return e, err
		}
	}
	article, query, found := strings.Cut(body, "\n```kusto\n")
	if !found {
		return e, errors.New("a block ```kusto with the query is missing")
	}
	query, _, _ = strings.Cut(query, "\n```")
	e.Article, e.Query, e.Source = strings.TrimSpace(article), strings.TrimSpace(query), "Tocsin"
	e.Why, _, _ = strings.Cut(e.Article, "\n\n")
	return e, nil
}

// Hits is how much an entry finds: in the last 24 hours, 7 days and 30 days before To.
type Hits struct {
	Day, Week, Month int64
	Days             []int64 // of the last 30 times 24 hours, oldest first; nil when only the sums are known
	Questions        [3]Question
	Error            string // why it could not be asked
}

// Noted is an entry with what it finds.
type Noted struct {
	Entry
	Over bool
	Hits Hits
}

// rank puts what finds something now first, reports of others before questions that always find something, and what is over last.
func (n *Noted) rank() int {
	switch {
	case n.Over:
		return 4
	case n.Hits.Week > 0 && n.Told != nil:
		return 0
	case n.Hits.Week > 0 || n.Hits.Error != "":
		return 1
	case n.Hits.Month > 0:
		return 2
	}
	return 3
}

// Noteworthy is the answer.
type Noteworthy struct {
	To      time.Time // the ranges end here
	Entries []Noted   // what finds something comes first; those that are over stand last, and are not asked
	Refused []string  // what sources brought and cannot be shown, one sentence each
}

// Board keeps the noteworthy entries.
type Board struct {
	Sources func(ctx context.Context) ([]Source, error) // nil: none
	Runner  Runner
	Now     func() time.Time

	stale atomic.Bool
	mu    sync.Mutex
	last  *Noteworthy
	made  time.Time
}

// boardLife is how long an answer is shown again: it is dozens of questions, and says when it was made.
const boardLife = 2 * time.Minute

// broughtTime is how long what sources bring is counted, so that feeds never keep the page from its own questions. It is less than what a
// question of the API may take.
const broughtTime = 25 * time.Second

// Noteworthy returns all entries with what they find. Counts are the same for everybody: columns that quote messages are not read.
func (b *Board) Noteworthy(ctx context.Context) (*Noteworthy, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.Now().UTC()
	if b.stale.Swap(false) {
		b.last = nil
	}
	if b.last != nil && !now.Before(b.made) && now.Sub(b.made) < boardLife {
		return b.last, nil
	}
	out := &Noteworthy{To: now.Truncate(time.Minute)}
	entries := b.entries(ctx, out)
	brought, stop := context.WithTimeout(ctx, broughtTime)
	defer stop()
	for i := range entries {
		n := Noted{Entry: entries[i], Over: entries[i].Over(now)}
		switch {
		case n.Over:
		case n.Told == nil:
			n.Hits = hits(ctx, b.Runner, n.Query, out.To)
		default:
			if n.Hits = hits(brought, b.Runner, n.Query, out.To); brought.Err() != nil {
				n.Hits = Hits{Questions: n.Hits.Questions, Error: "counting the reports of feeds took too long, so this one was not counted; ask its question in Hunting"}
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, n)
	}
	slices.SortStableFunc(out.Entries, func(x, y Noted) int { return cmp.Compare(x.rank(), y.rank()) })
	b.last, b.made = out, now
	return out, nil
}

// Forget has the next answer made anew: what sources bring has changed. It does not wait for one that is being made.
func (b *Board) Forget() { b.stale.Store(true) }

// entries are those that ship and those that sources bring, which are checked.
func (b *Board) entries(ctx context.Context, out *Noteworthy) []Entry {
	all := slices.Clone(Shipped())
	seen := map[string]bool{}
	for i := range all {
		seen[all[i].ID] = true
	}
	brought := b.brought(ctx, out)
	// What happened last is worth a look first.
	slices.SortStableFunc(brought, func(x, y Entry) int { return y.Added.Compare(x.Added) })
	kept := 0
	for i := range brought {
		e := &brought[i]
		switch err := e.Check(); {
		case err != nil:
			out.Refused = append(out.Refused, fmt.Sprintf("%s: %.80q: %v", e.Source, e.Title, err))
		case seen[e.ID]:
			out.Refused = append(out.Refused, fmt.Sprintf("%s: there is an entry %s already", e.Source, e.ID))
		case kept == maxBrought:
			out.Refused = append(out.Refused, fmt.Sprintf("feeds bring %d entries, of which the newest %d are shown", len(brought), maxBrought))
			return all
		default:
			seen[e.ID] = true
			kept++
			all = append(all, *e)
		}
	}
	return all
}

// brought is what sources bring, as it is.
func (b *Board) brought(ctx context.Context, out *Noteworthy) []Entry {
	if b.Sources == nil {
		return nil
	}
	sources, err := b.Sources(ctx)
	if err != nil {
		out.Refused = append(out.Refused, "what feeds bring cannot be read: "+err.Error())
		return nil
	}
	var all []Entry
	for _, s := range sources {
		brought, err := s.Noteworthy(ctx)
		if err != nil {
			out.Refused = append(out.Refused, s.Name()+": "+err.Error())
			continue
		}
		if len(brought) > maxEntries {
			out.Refused = append(out.Refused, fmt.Sprintf("%s: it brings %d entries, of which the first %d are looked at", s.Name(), len(brought), maxEntries))
			brought = brought[:maxEntries]
		}
		for _, e := range brought {
			e.Source = s.Name()
			all = append(all, e)
		}
	}
	return all
}

// hits counts what a query finds before to.
func hits(ctx context.Context, r Runner, query string, to time.Time) (h Hits) {
	for i, back := range []time.Duration{day, 7 * day, 30 * day} {
		q, err := Ask(query, to.Add(-back), to)
		if err != nil {
			h.Error = err.Error()
			return h
		}
		h.Questions[i] = q
	}
	month := &h.Questions[2]
	if month.Explorer == "" {
		for i, n := range []*int64{&h.Day, &h.Week, &h.Month} {
			var err error
			if *n, _, err = h.Questions[i].Count(ctx, r, false); err != nil {
				return Hits{Questions: h.Questions, Error: err.Error()}
			}
		}
		return h
	}
	// A filter looks at each row alone, so that the counts of days add up to those of longer ranges.
	prepared, err := month.ask(ctx, r, fmt.Sprintf("| summarize Events = count() by Day = bin_at(Timestamp, 1d, %s)", datetime(to)), hunt.Ask{})
	if err == nil {
		h.Days = make([]int64, 30)
		_, err = r.Run(ctx, prepared, each(func(row []any) error {
			at, _ := row[0].(time.Time)
			n, _ := row[1].(int64)
			if i := int(at.Sub(month.From) / day); i >= 0 && i < len(h.Days) {
				h.Days[i] += n
			}
			return nil
		}))
	}
	if err != nil {
		return Hits{Questions: h.Questions, Error: err.Error()}
	}
	for i, n := range h.Days {
		h.Month += n
		if i >= 23 {
			h.Week += n
		}
	}
	h.Day = h.Days[29]
	return h
}
