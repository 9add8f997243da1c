package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// LetterOrder says who gets the letter of the week, when, and about whom.
type LetterOrder struct {
	ID      string // UUIDv7
	Name    string
	To      []string // addresses
	Weekday time.Weekday
	Hour    int // 0 to 23, in Zone
	Zone    string
	Filter  Filter
	On      bool
	Due     time.Time // zero while it is off
	Last    time.Time // when the last one was made; zero: never
	Problem string    // why the last one was not, or to whom it was not sent; "" when all went well
	By      string
	At      time.Time
	Version int64
}

// Letters keeps orders.
type Letters interface {
	LetterOrders(ctx context.Context) ([]LetterOrder, error)
	// LetterOrder returns one, or ErrNoLetter.
	LetterOrder(ctx context.Context, id string) (LetterOrder, error)
	AddLetterOrder(ctx context.Context, o LetterOrder) error
	// ChangeLetterOrder replaces what somebody says of it when it is at that version, else *OutdatedError; 0 is any. Last and Problem stay.
	ChangeLetterOrder(ctx context.Context, o LetterOrder, from int64) (LetterOrder, error)
	RemoveLetterOrder(ctx context.Context, id string) error
	// LettersDue returns those whose time has come.
	LettersDue(ctx context.Context, now time.Time) ([]LetterOrder, error)
	// LetterMade notes what became of the one that was due, and when the next is.
	LetterMade(ctx context.Context, id string, due, next, at time.Time, problem string) error
}

// Errors of letters.
var ErrNoLetter = errors.New("there is no such letter any more")

// OutdatedError says that somebody was faster.
type OutdatedError struct{ Version int64 }

func (e *OutdatedError) Error() string {
	return fmt.Sprintf("somebody changed this letter in the meantime (version %d); load it again", e.Version)
}

// MaxLetters and MaxReaders bound what is sent.
const (
	MaxLetters = 50
	MaxReaders = 50
)

// Next is when the letter is due after a time: at its hour on its weekday. Where the clock is put forward over that hour, it is the hour after.
func (o *LetterOrder) Next(after time.Time) (time.Time, error) {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil || o.Zone == "Local" {
		return time.Time{}, &WrongError{"zone", fmt.Sprintf("%q is no time zone; write Europe/Berlin, or UTC", o.Zone)}
	}
	t := after.In(zone)
	for add := range 9 {
		if due := time.Date(t.Year(), t.Month(), t.Day()+add, o.Hour, 0, 0, 0, zone); due.Weekday() == o.Weekday && due.After(after) {
			return due.UTC(), nil
		}
	}
	return time.Time{}, &WrongError{"weekday", "there is no such day"}
}

// Check tidies an order and says what is wrong with it. may says whether a letter may go to an address.
func (o *LetterOrder) Check(may func(address string) bool) error {
	o.Name = strings.Join(strings.Fields(o.Name), " ")
	if o.Name == "" || len(o.Name) > 100 {
		return &WrongError{"name", "give it a name of at most 100 characters"}
	}
	if o.Hour < 0 || o.Hour > 23 {
		return &WrongError{"hour", "an hour is 0 to 23"}
	}
	if _, err := o.Next(time.Unix(0, 0)); err != nil {
		return err
	}
	var to []string
	seen := map[string]bool{}
	for _, a := range o.To {
		a = strings.ToLower(strings.TrimSpace(a))
		if p, err := mail.ParseAddress(a); err != nil || p.Address != a {
			return &WrongError{"to", fmt.Sprintf("%q is no address", a)}
		}
		if !may(a) {
			return &WrongError{"to", fmt.Sprintf("%s is neither an address of the organisation nor an operator's: figures do not leave the organisation", a)}
		}
		if !seen[a] {
			seen[a] = true
			to = append(to, a)
		}
	}
	if len(to) == 0 || len(to) > MaxReaders {
		return &WrongError{"to", fmt.Sprintf("1 to %d addresses", MaxReaders)}
	}
	o.To = to
	return nil
}

// Words is who a filter leaves, for people; "" for everybody.
func (f Filter) Words() string {
	var all []string
	for _, p := range []struct{ what, name string }{{"the department ", f.Department}, {"the group ", f.Group}, {"", f.Domain}} {
		if p.name != "" {
			all = append(all, p.what+p.name)
		}
	}
	return strings.Join(all, ", ")
}
