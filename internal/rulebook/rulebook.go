// Package rulebook keeps the rules that judge mail: those that ship with Tocsin, those of the administrator's folder, and those that were
// written in the product.
//
// A file is never changed from here. What an administrator decides about a rule is a version in the store, by the rule's id: a text of
// its own, on or off, another weight, who decided it, when and why. The newest version of an id counts. An own text of the same id stands
// before the file's; without it the file rules again. The Desk holds the one compiled set that is at work and exchanges it whole, and only for a
// set that compiles. Every change raises a number in the store, which each process that judges looks at.
package rulebook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"tocsin/internal/detect"
)

// Origin says where a rule's text comes from.
type Origin string

const (
	Shipped Origin = "shipped"
	Folder  Origin = "folder"
	Own     Origin = "own" // written in the product
)

// Source is a folder of rule files.
type Source struct {
	Origin Origin
	FS     fs.FS
}

// Version is what somebody decided about one id.
type Version struct {
	ID      string
	Number  int64 // of this id, from 1
	At      time.Time
	By      string // address of the operator, or "local command line"
	Via     string // "session", "token", "local"
	Reason  string
	Text    string // "": as the file has it
	Enabled bool
	Weight  int  // instead of the file's; 0: as written. Only without a text
	Removed bool // nothing is decided any more: the file rules, and without one there is no such rule
}

// Store keeps versions, append-only.
type Store interface {
	// RuleGeneration rises with every version.
	RuleGeneration(ctx context.Context) (int64, error)
	// LatestRules returns the newest version of every id.
	LatestRules(ctx context.Context) ([]Version, error)
	// RuleVersions returns versions of an id below the given number, newest first; 0 is no bound.
	RuleVersions(ctx context.Context, id string, below int64, limit int) ([]Version, error)
	// AddRuleVersion keeps v as the version after from, else *Outdated. After a removal from may be 0 again.
	AddRuleVersion(ctx context.Context, v Version, from int64) (Version, error)
}

// Rule is one rule as it stands.
type Rule struct {
	ID      string
	Origin  Origin
	Text    string
	File    *detect.RuleFile // nil when the text cannot be read
	Base    string           // text of the file that an own one stands before; "" when there is none
	Under   Origin           // origin of that file
	Enabled bool
	Weight  int     // instead of the file's; 0: as written
	Latest  Version // Number 0: nothing was ever decided here
	Error   *detect.RuleError
}

// Standing is the number that a change must name: 0 when nothing is decided.
func (r *Rule) Standing() int64 {
	if r.Latest.Removed {
		return 0
	}
	return r.Latest.Number
}

// State is what is at work.
type State struct {
	Set        *detect.RuleSet
	Rules      []Rule // by id
	Generation int64
	Since      time.Time // when this process took it up
	byID       map[string]int
}

// Rule finds a rule.
func (s *State) Rule(id string) (*Rule, bool) {
	i, ok := s.byID[id]
	if !ok {
		return nil, false
	}
	return &s.Rules[i], true
}

// Problems are the errors of rules that are set aside.
func (s *State) Problems() (out []*detect.RuleError) {
	for i := range s.Rules {
		if s.Rules[i].Error != nil {
			out = append(out, s.Rules[i].Error)
		}
	}
	return out
}

// Who makes a change.
type Who struct{ Name, Via string }

// ErrNotFound says that there is no such rule.
var ErrNotFound = errors.New("there is no such rule")

// Outdated says that somebody else was faster.
type Outdated struct{ Now int64 }

func (e *Outdated) Error() string {
	return fmt.Sprintf("somebody changed this rule in the meantime: it is at version %d now; look at that first", e.Now)
}

// Wrong is an input that cannot be. Field is where, in the words of the API.
type Wrong struct {
	Field  string
	Err    error
	Errors []*detect.RuleError // of a rule's text
}

func (e *Wrong) Error() string { return e.Err.Error() }
func (e *Wrong) Unwrap() error { return e.Err }

// MaxOwn bounds the rules that are written in the product.
const MaxOwn = 1000
