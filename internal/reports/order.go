package reports

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"tocsin/internal/dashboard"
)

// BoardLetter is what an order names beside the reports: the figures of the dashboard.
const BoardLetter = "dashboard"

// Rhythms of an order.
const (
	Daily   = "daily"
	Weekly  = "weekly"
	Monthly = "monthly"
)

// Order says who gets which report, when, and about whom.
type Order struct {
	ID      string // UUIDv7
	Name    string // stands in the subject
	Report  string // name of a Kind, or BoardLetter
	Filter  dashboard.Filter
	Rhythm  string
	Weekday time.Weekday // when it is weekly
	Day     int          // 1 to 31, when it is monthly; a shorter month has it on its last day
	Hour    int          // 0 to 23, in Zone
	Zone    string
	To      []string // addresses
	On      bool
	Due     time.Time // zero while it is off
	Last    time.Time // when the last one was made; zero: never
	Problem string    // why the last one was not, or to whom it was not sent; "" when all went well
	By      string
	At      time.Time
	Version int64
}

// Orders keeps orders.
type Orders interface {
	ReportOrders(ctx context.Context) ([]Order, error)
	// ReportOrder returns one, or ErrNoOrder.
	ReportOrder(ctx context.Context, id string) (Order, error)
	AddReportOrder(ctx context.Context, o Order) error
	// ChangeReportOrder replaces what somebody says of it when it is at that version, else *OutdatedError; 0 is any. Last and Problem stay.
	ChangeReportOrder(ctx context.Context, o Order, from int64) (Order, error)
	RemoveReportOrder(ctx context.Context, id string) error
	// ReportsDue returns those whose time has come.
	ReportsDue(ctx context.Context, now time.Time) ([]Order, error)
	// ReportMade notes what became of the one that was due, and when the next is.
	ReportMade(ctx context.Context, id string, due, next, at time.Time, problem string) error
}

// ErrNoOrder means that there is no such order.
var ErrNoOrder = errors.New("there is no such schedule any more")

// OutdatedError says that somebody was faster.
type OutdatedError struct{ Version int64 }

func (e *OutdatedError) Error() string {
	return fmt.Sprintf("somebody changed this schedule in the meantime (version %d); load it again", e.Version)
}

// MaxOrders and MaxReaders bound what is sent.
const (
	MaxOrders  = 50
	MaxReaders = 50
)

// zone is the order's time zone.
func (o *Order) zone() (*time.Location, error) {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil || o.Zone == "Local" {
		return nil, &dashboard.WrongError{Field: "zone", Say: fmt.Sprintf("%q is no time zone; write Europe/Berlin, or UTC", o.Zone)}
	}
	return zone, nil
}

// Next is when the report is due after a time. Where the clock is put forward over its hour, it is the hour after.
func (o *Order) Next(after time.Time) (time.Time, error) {
	zone, err := o.zone()
	if err != nil {
		return time.Time{}, err
	}
	t := after.In(zone)
	for add := range 63 { // from any day on, two ends of months are nearer
		due := time.Date(t.Year(), t.Month(), t.Day()+add, o.Hour, 0, 0, 0, zone)
		if o.falls(due) && due.After(after) {
			return due.UTC(), nil
		}
	}
	return time.Time{}, &dashboard.WrongError{Field: "rhythm", Say: "there is no such day"}
}

// falls says whether the order is due on the day.
func (o *Order) falls(day time.Time) bool {
	switch o.Rhythm {
	case Daily:
		return true
	case Weekly:
		return day.Weekday() == o.Weekday
	case Monthly:
		return day.Day() == min(o.Day, daysOf(day.Year(), day.Month()))
	}
	return false
}

func daysOf(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 12, 0, 0, 0, time.UTC).Day()
}

// Span is the range that a report made until then is about: the day, the seven days or the month before.
func (o *Order) Span(until time.Time) (from, to time.Time) {
	zone, err := o.zone()
	if err != nil {
		zone = time.UTC
	}
	t := until.In(zone)
	switch o.Rhythm {
	case Daily:
		from = t.AddDate(0, 0, -1)
	case Monthly:
		year, month, _ := t.Date()
		day := t.Day()
		if o.falls(t) {
			day = o.Day // the last day of a short month stands for the 31st
		}
		last := daysOf(year, month-1)
		from = time.Date(year, month-1, min(day, last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	default:
		from = t.AddDate(0, 0, -7)
	}
	return from.UTC(), until.UTC()
}

// Check tidies an order and says what is wrong with it. may says whether a letter may go to an address.
func (o *Order) Check(may func(address string) bool) error {
	wrong := func(field, format string, args ...any) error {
		return &dashboard.WrongError{Field: field, Say: fmt.Sprintf(format, args...)}
	}
	o.Name = strings.Join(strings.Fields(o.Name), " ")
	if o.Name == "" || len(o.Name) > 100 {
		return wrong("name", "give it a name of at most 100 characters")
	}
	if _, ok := KindOf(o.Report); !ok && o.Report != BoardLetter {
		return wrong("report", "there is no report %q", o.Report)
	}
	switch o.Rhythm {
	case Daily, Weekly:
		o.Day = 0
	case Monthly:
		if o.Day < 1 || o.Day > 31 {
			return wrong("day", "a day of the month is 1 to 31")
		}
	default:
		return wrong("rhythm", "%q is no rhythm; there are daily, weekly and monthly", o.Rhythm)
	}
	if o.Hour < 0 || o.Hour > 23 {
		return wrong("hour", "an hour is 0 to 23")
	}
	if _, err := o.Next(time.Unix(0, 0)); err != nil {
		return err
	}
	var to []string
	seen := map[string]bool{}
	for _, a := range o.To {
		a = strings.ToLower(strings.TrimSpace(a))
		if p, err := mail.ParseAddress(a); err != nil || p.Address != a {
			return wrong("to", "%q is no address", a)
		}
		if !may(a) {
			return wrong("to", "%s is neither an address of the organisation nor an operator's: figures do not leave the organisation", a)
		}
		if !seen[a] {
			seen[a] = true
			to = append(to, a)
		}
	}
	if len(to) == 0 || len(to) > MaxReaders {
		return wrong("to", "1 to %d addresses", MaxReaders)
	}
	o.To = to
	return nil
}
