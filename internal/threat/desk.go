package threat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNotFound says that there is no threat with an id.
var ErrNotFound = errors.New("there is no such threat; a feed may have stopped telling of it")

// Told is a threat as a feed tells of it: a STIX malware, intrusion-set, attack-pattern or campaign object. Everything in it is hostile.
type Told struct {
	Ref         string // its id there: "malware--...", 1 to 200 octets
	Kind        Kind
	Name        string
	Aliases     []string
	Attack      []string // of external references; what is no id of ATT&CK is left out
	Tags        []string
	Description string // text; markup in it is text
	Updated     time.Time
}

// Limits of what feeds tell.
const (
	maxName    = 200
	maxAliases = 50
	maxText    = 20_000 // octets of a description
	maxTags    = 20
	maxTold    = 20_000 // threats of one source
)

// Store keeps what feeds told.
type Store interface {
	ThreatsTold(ctx context.Context) ([]Threat, error)
	// KeepThreats writes those of a source; gone are the Refs that it does not tell any more.
	KeepThreats(ctx context.Context, source string, put []Threat, gone []string) error
}

// Desk keeps the library: what ships, and what feeds tell beside it. It is safe for concurrent use.
type Desk struct {
	store Store
	write sync.Mutex
	now   atomic.Pointer[Library]
}

// Open reads what the store has.
func Open(ctx context.Context, s Store) (*Desk, error) {
	d := &Desk{store: s}
	return d, d.reload(ctx)
}

func (d *Desk) reload(ctx context.Context) error {
	told, err := d.store.ThreatsTold(ctx)
	if err != nil {
		return fmt.Errorf("threats of feeds: %w", err)
	}
	d.now.Store(NewLibrary(append(slices.Clone(Shipped()), told...)))
	return nil
}

// Library is what is known now.
func (d *Desk) Library() *Library { return d.now.Load() }

// Taken says what became of a delivery.
type Taken struct {
	Added, Changed, Same, Retired int
	Refused                       []string // one sentence each, 100 at most
}

// Take takes in what a source tells. With whole, what the source told before and does not tell now is retired. The same delivery twice
// changes nothing.
func (d *Desk) Take(ctx context.Context, source string, whole bool, list []Told) (Taken, error) {
	d.write.Lock()
	defer d.write.Unlock()
	var out Taken
	if source == "" {
		return out, fmt.Errorf("threat: a source must have a name")
	}
	told, err := d.store.ThreatsTold(ctx)
	if err != nil {
		return out, err
	}
	had := map[string]Threat{}
	for _, t := range told {
		if t.Source == source {
			had[t.Ref] = t
		}
	}
	refuse := func(format string, args ...any) {
		if len(out.Refused) < 100 {
			out.Refused = append(out.Refused, fmt.Sprintf(format, args...))
		}
	}
	var put []Threat
	named := map[string]bool{}
	for i, x := range list {
		if i >= maxTold {
			refuse("%d threats are more than the %d that one source may tell of", len(list), maxTold)
			whole = false // what was not read is not gone
			break
		}
		t, err := x.threat(source)
		if err != nil {
			refuse("%.80q: %v", x.Name, err)
			continue
		}
		if named[t.Ref] {
			continue
		}
		named[t.Ref] = true
		switch before, ok := had[t.Ref]; {
		case !ok:
			out.Added++
		case same(&before, &t):
			out.Same++
			continue
		default:
			out.Changed++
		}
		put = append(put, t)
	}
	var gone []string
	if whole {
		for ref := range had {
			if !named[ref] {
				gone = append(gone, ref)
			}
		}
		slices.Sort(gone)
		out.Retired = len(gone)
	}
	if len(put)+len(gone) == 0 {
		return out, nil
	}
	if err := d.store.KeepThreats(ctx, source, put, gone); err != nil {
		return Taken{}, err
	}
	return out, d.reload(ctx)
}

func same(a, b *Threat) bool {
	return a.Kind == b.Kind && a.Name == b.Name && slices.Equal(a.Aliases, b.Aliases) && slices.Equal(a.Attack, b.Attack) && slices.Equal(a.Tags, b.Tags) && a.Updated.Equal(b.Updated) && a.Description() == b.Description()
}

// threat makes a threat of what was told, cut to the limits.
func (x *Told) threat(source string) (Threat, error) {
	if x.Ref == "" || len(x.Ref) > 200 {
		return Threat{}, fmt.Errorf("its id has %d octets, must have 1 to 200", len(x.Ref))
	}
	sum := sha256.Sum256([]byte(source + "\x00" + x.Ref))
	name := line(x.Name, maxName)
	t := Threat{ID: slug(name, hex.EncodeToString(sum[:5])), Kind: x.Kind, Name: name, Updated: x.Updated.UTC().Truncate(time.Microsecond), Source: source, Ref: x.Ref}
	for _, a := range x.Aliases {
		if a = line(a, maxName); a != "" && a != name && !slices.Contains(t.Aliases, a) && len(t.Aliases) < maxAliases {
			t.Aliases = append(t.Aliases, a)
		}
	}
	for _, a := range x.Attack {
		if attackPattern.MatchString(a) && !slices.Contains(t.Attack, a) && len(t.Attack) < maxAliases {
			t.Attack = append(t.Attack, a)
		}
	}
	for _, a := range x.Tags {
		if a = line(a, 60); a != "" && !slices.Contains(t.Tags, a) && len(t.Tags) < maxTags {
			t.Tags = append(t.Tags, a)
		}
	}
	t.Tell(x.Description)
	return t, t.check()
}

// Tell makes a description the only section: paragraphs of plain text, nothing in it is markup.
func (t *Threat) Tell(description string) {
	t.Sections = nil
	description = cut(strings.ReplaceAll(description, "\r\n", "\n"), maxText)
	var s Section
	for p := range strings.SplitSeq(description, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			s.Blocks = append(s.Blocks, Block{Kind: Text, Spans: []Span{{Text: p}}})
		}
	}
	if len(s.Blocks) > 0 {
		s.Title = Titles[0]
		t.Sections = []Section{s}
	}
}

// Description is what Tell was given, but for blanks.
func (t *Threat) Description() string {
	var parts []string
	for _, s := range t.Sections {
		for _, b := range s.Blocks {
			for _, p := range b.Spans {
				parts = append(parts, p.Text)
			}
		}
	}
	return strings.Join(parts, "\n\n")
}

func line(s string, most int) string {
	return cut(strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " "), most)
}

func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") // without the rune that was cut through
	}
	return s
}
