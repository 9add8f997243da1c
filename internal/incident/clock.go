package incident

import (
	"fmt"
	"strings"
	"time"
)

// Clock is how long something may take. Zero: it is not measured.
type Clock struct {
	Acknowledge time.Duration // until somebody takes it up
	Resolve     time.Duration // until it is resolved
}

// Clocks by severity. They run from when an incident was opened and are never paused.
type Clocks map[Severity]Clock

// DefaultClocks are those of an installation that says nothing.
func DefaultClocks() Clocks {
	return Clocks{
		High:          {15 * time.Minute, 4 * time.Hour},
		Medium:        {time.Hour, 24 * time.Hour},
		Low:           {8 * time.Hour, 3 * 24 * time.Hour},
		Informational: {24 * time.Hour, 7 * 24 * time.Hour},
	}
}

// Validate says which clock cannot be.
func (c Clocks) Validate() error {
	for _, s := range Severities() {
		for _, x := range []struct {
			what string
			d    time.Duration
		}{{"acknowledge", c[s].Acknowledge}, {"resolve", c[s].Resolve}} {
			if x.d < 0 || x.d > 0 && x.d < time.Minute || x.d > 366*24*time.Hour {
				return fmt.Errorf("%s.%s: %s is out of bounds; 1m to 366d, or 0 for none", strings.ToLower(s.String()), x.what, x.d)
			}
		}
	}
	return nil
}

// Due is how an incident stands against its clocks. Zero times: not measured.
type Due struct {
	Acknowledge, Resolve         time.Time // deadlines
	AcknowledgeLate, ResolveLate bool      // missed, whether or not it was done since
	Next                         time.Time // the nearest deadline that still has to be met; zero when there is none
	Overdue                      bool      // a deadline has passed and what it is for is still to do
}

// Of says how the incident stands.
func (c Clocks) Of(i *Incident, now time.Time) (d Due) {
	clock := c[i.Severity]
	open := i.Status != Resolved
	part := func(limit time.Duration, done time.Time, todo bool) (due time.Time, late bool) {
		if limit <= 0 {
			return time.Time{}, false
		}
		due = i.Created.Add(limit)
		if !todo {
			return due, done.After(due)
		}
		if d.Next.IsZero() || due.Before(d.Next) {
			d.Next = due
		}
		return due, now.After(due)
	}
	d.Acknowledge, d.AcknowledgeLate = part(clock.Acknowledge, i.Acknowledged, open && i.Acknowledged.IsZero())
	d.Resolve, d.ResolveLate = part(clock.Resolve, i.Resolved, open)
	d.Overdue = !d.Next.IsZero() && now.After(d.Next)
	return d
}
