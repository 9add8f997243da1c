package hunt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Saved is a query that somebody kept.
type Saved struct {
	ID          string // UUIDv7
	Name        string // unique among those of its owner
	Description string
	Folder      string
	Query       string
	Shared      bool
	OwnerID     string
	Owner       string // email address; read-only
	Created     time.Time
	Updated     time.Time
	Revision    int64 // from 1
}

// MaxSaved is how many queries one operator can keep.
const MaxSaved = 500

// What a Shelf answers.
var (
	ErrNoQuery  = errors.New("there is no such saved query, or it is not shared with you")
	ErrSameName = errors.New("its owner has a saved query with this name already; choose another name, or change that one")
	ErrFull     = fmt.Errorf("you have %d saved queries, which is as many as can be kept; remove one first", MaxSaved)
)

// Outdated refuses a change of what somebody changed in between.
type Outdated struct{ Revision int64 } // the newest

func (e *Outdated) Error() string {
	return fmt.Sprintf("somebody changed this query in between; read revision %d and change that", e.Revision)
}

// Shelf keeps saved queries.
type Shelf interface {
	// SavedQueries returns those of the operator and those that are shared, by folder and name.
	SavedQueries(ctx context.Context, operatorID string) ([]Saved, error)
	// SavedQuery answers ErrNoQuery when there is none.
	SavedQuery(ctx context.Context, id string) (Saved, error)
	// AddSavedQuery answers ErrSameName or ErrFull.
	AddSavedQuery(ctx context.Context, s Saved) error
	// ChangeSavedQuery replaces revision s.Revision by the next and returns it; it answers ErrNoQuery, *Outdated or ErrSameName.
	// Owner and time of creation stay.
	ChangeSavedQuery(ctx context.Context, s Saved) (Saved, error)
	RemoveSavedQuery(ctx context.Context, id string) error
}

// Readable reports whether an operator may see the query.
func (s *Saved) Readable(operatorID string) bool {
	return s.Shared || s.OwnerID == operatorID && operatorID != ""
}

// PickSaved finds a saved query by its id, or by its name in any case: the operator's own before those that others share.
func PickSaved(all []Saved, operatorID, name string) (Saved, error) {
	var found []Saved
	for _, s := range all {
		if s.ID == name {
			return s, nil
		}
		if !strings.EqualFold(s.Name, name) {
			continue
		}
		if s.OwnerID == operatorID && operatorID != "" {
			return s, nil
		}
		found = append(found, s)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Saved{}, fmt.Errorf("there is no saved query %q; tocsin hunt saved lists them", name)
	}
	owners := make([]string, len(found))
	for i, s := range found {
		owners[i] = s.Owner + " (" + s.ID + ")"
	}
	return Saved{}, fmt.Errorf("several people share a query %q: %s; name one by its id", name, strings.Join(owners, ", "))
}
