package policy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/detect"
)

// Who makes a change.
type Who struct{ Name, Via string }

// State is what is in force.
type State struct {
	Book       *detect.Book
	Version    Version // Number 0: the settings file's policy
	Entries    int
	Mailboxes  int
	Generation int64
	Since      time.Time // when this process took it up
}

// Desk holds what is in force, and is where it is changed. It is safe for concurrent use.
type Desk struct {
	store Store
	first detect.Policy
	now   func() time.Time
	state atomic.Pointer[State]
	load  sync.Mutex // one load at a time

	// Changed is called after another state came into force, but not for the first. It must be quick. Set it before Watch.
	Changed func(before, now *State)
}

// Open reads what is in force. first is the settings file's policy.
func Open(ctx context.Context, s Store, first detect.Policy, now func() time.Time) (*Desk, error) {
	d := &Desk{store: s, first: first, now: now}
	if _, err := d.Refresh(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// State returns what is in force.
func (d *Desk) State() *State { return d.state.Load() }

// Book returns what decides now.
func (d *Desk) Book() *detect.Book { return d.state.Load().Book }

// First is the policy of the settings file.
func (d *Desk) First() detect.Policy { return d.first }

// Store returns the store, for reading.
func (d *Desk) Store() Store { return d.store }

// Refresh takes up what was changed, here or in another process, and reports whether anything was.
func (d *Desk) Refresh(ctx context.Context) (bool, error) {
	d.load.Lock()
	defer d.load.Unlock()
	// The number is read first: a change that comes between is taken up twice, never missed.
	generation, err := d.store.PolicyGeneration(ctx)
	if err != nil {
		return false, err
	}
	have := d.state.Load()
	if have != nil && have.Generation == generation {
		return false, nil
	}
	next, err := d.read(ctx)
	if err != nil {
		return false, err
	}
	next.Generation, next.Since = generation, d.now().UTC()
	d.state.Store(next)
	if have != nil && d.Changed != nil {
		d.Changed(have, next)
	}
	return true, nil
}

func (d *Desk) read(ctx context.Context) (*State, error) {
	s := &State{Version: Version{Policy: d.first}}
	v, err := d.store.LatestPolicy(ctx)
	switch {
	case err == nil:
		s.Version = v
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	if s.Version.Number > 0 { // events say which version decided
		s.Version.Policy.ID = fmt.Sprintf("%s:%d", s.Version.Policy.ID, s.Version.Number)
	}
	entries, err := d.store.AllEntries(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]detect.Override, len(entries))
	for i := range entries {
		list[i] = entries[i].Override
	}
	mailboxes, err := d.store.AllMailboxes(ctx)
	if err != nil {
		return nil, err
	}
	s.Entries, s.Mailboxes = len(entries), len(mailboxes)
	s.Book = detect.Policies{Policy: s.Version.Policy, Entries: detect.NewEntries(list), Mailboxes: mailboxes}.Book()
	return s, nil
}

// Watch takes up changes of other processes until ctx ends. A store that does not answer leaves what is in force.
func (d *Desk) Watch(ctx context.Context, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := d.Refresh(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			log.Warn("changes of the policy cannot be read; what was in force stays", "err", err)
		}
		failed = err != nil
	}
}

// SetPolicy makes p the policy in force, as the version after from.
func (d *Desk) SetPolicy(ctx context.Context, w Who, p detect.Policy, from int64, reason string) (Version, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return Version{}, &Wrong{"reason", errors.New("say why; the next administrator will want to know")}
	}
	p.Overrides = nil
	p.ID, p.Name = d.first.ID, d.first.Name
	if err := p.Validate(); err != nil {
		return Version{}, &Wrong{"policy", err}
	}
	v, err := d.store.AddPolicyVersion(ctx, Version{At: d.now().UTC().Truncate(time.Microsecond), By: w.Name, Via: w.Via, Reason: reason, Policy: p}, from)
	if err != nil {
		return Version{}, err
	}
	_, err = d.Refresh(ctx)
	return v, err
}

// Draft is what somebody wants on the list: one kind, one or more values.
type Draft struct {
	Kind     detect.OverrideKind
	Values   []string
	Allow    bool
	Unproven bool
	Reason   string
	Expires  time.Time
}

// Entries makes entries of a draft, without keeping them. Values that stand in it twice are one.
func (d *Desk) Entries(w Who, r Draft) ([]Entry, error) {
	now := d.now().UTC().Truncate(time.Microsecond)
	switch {
	case len(r.Values) == 0:
		return nil, &Wrong{"values", errors.New("give a value")}
	case !r.Expires.IsZero() && !r.Expires.After(now):
		return nil, &Wrong{"expires", errors.New("the end lies in the past")}
	case r.Unproven && (!r.Allow || r.Kind != detect.OverrideSender && r.Kind != detect.OverrideDomain):
		return nil, &Wrong{"unproven", errors.New("is for allow entries of senders and domains")}
	}
	var out []Entry
	seen := map[string]bool{}
	for i, value := range r.Values {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("id: %w", err)
		}
		o := detect.Override{
			ID: id.String(), Kind: r.Kind, Value: Tidy(r.Kind, value), Allow: r.Allow, Unproven: r.Unproven, Reason: strings.TrimSpace(r.Reason),
			By: w.Name, Created: now, Expires: r.Expires.UTC().Truncate(time.Microsecond),
		}
		if err := o.Validate(); err != nil {
			field := fmt.Sprintf("values[%d]", i)
			if o.Reason == "" {
				field = "reason"
			}
			return nil, &Wrong{field, err}
		}
		if !seen[o.Value] {
			seen[o.Value] = true
			out = append(out, Entry{Override: o, Updated: now, UpdatedBy: w.Name, Revision: 1})
		}
	}
	return out, nil
}

// AddEntries puts entries on the list.
func (d *Desk) AddEntries(ctx context.Context, w Who, r Draft) ([]Entry, error) {
	entries, err := d.Entries(w, r)
	if err != nil {
		return nil, err
	}
	if d.State().Entries+len(entries) > MaxEntries {
		return nil, &Wrong{"values", fmt.Errorf("the list is full: it holds at most %d entries; remove some that expired", MaxEntries)}
	}
	if err := d.store.AddEntries(ctx, entries, d.now()); err != nil {
		return nil, err
	}
	_, err = d.Refresh(ctx)
	return entries, err
}

// ChangeEntry changes all of an entry but what it is about.
func (d *Desk) ChangeEntry(ctx context.Context, w Who, id string, revision int64, r Draft) (before, after Entry, err error) {
	if before, err = d.store.Entry(ctx, id); err != nil {
		return before, after, err
	}
	r.Kind, r.Values = before.Kind, []string{before.Value}
	made, err := d.Entries(w, r)
	if err != nil {
		return before, after, err
	}
	next := before
	next.Allow, next.Unproven, next.Reason, next.Expires = r.Allow, r.Unproven, made[0].Reason, made[0].Expires
	next.Updated, next.UpdatedBy, next.Revision = made[0].Updated, w.Name, revision
	if after, err = d.store.ChangeEntry(ctx, next); err != nil {
		return before, after, err
	}
	_, err = d.Refresh(ctx)
	return before, after, err
}

// RemoveEntry takes an entry off the list.
func (d *Desk) RemoveEntry(ctx context.Context, id string) (Entry, error) {
	before, err := d.store.Entry(ctx, id)
	if err != nil {
		return before, err
	}
	if err := d.store.RemoveEntry(ctx, id); err != nil {
		return before, err
	}
	_, err = d.Refresh(ctx)
	return before, err
}

// PutMailbox keeps the settings of a mailbox. before is empty when it had none.
func (d *Desk) PutMailbox(ctx context.Context, w Who, m detect.Mailbox) (before, after detect.Mailbox, err error) {
	m.Address = strings.ToLower(strings.TrimSpace(m.Address))
	m.SafeSenders, m.BlockedSenders = tidyAll(detect.OverrideSender, m.SafeSenders), tidyAll(detect.OverrideSender, m.BlockedSenders)
	m.SafeDomains, m.BlockedDomains = tidyAll(detect.OverrideDomain, m.SafeDomains), tidyAll(detect.OverrideDomain, m.BlockedDomains)
	m.Updated, m.By = d.now().UTC().Truncate(time.Microsecond), w.Name
	if err := m.Validate(); err != nil {
		field, _, _ := strings.Cut(err.Error(), ":")
		return before, after, &Wrong{field, err}
	}
	if before, err = d.store.Mailbox(ctx, m.Address); err != nil && !errors.Is(err, ErrNotFound) {
		return before, after, err
	}
	if err := d.store.PutMailbox(ctx, m); err != nil {
		return before, after, err
	}
	_, err = d.Refresh(ctx)
	return before, m, err
}

func tidyAll(kind detect.OverrideKind, list []string) []string {
	out := make([]string, 0, len(list))
	seen := map[string]bool{}
	for _, v := range list {
		if v = Tidy(kind, v); !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// RemoveMailbox forgets the settings of a mailbox.
func (d *Desk) RemoveMailbox(ctx context.Context, address string) (detect.Mailbox, error) {
	address = strings.ToLower(address)
	before, err := d.store.Mailbox(ctx, address)
	if err != nil {
		return before, err
	}
	if err := d.store.RemoveMailbox(ctx, address); err != nil {
		return before, err
	}
	_, err = d.Refresh(ctx)
	return before, err
}
