package hunt_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/hunt"
)

// What the columns of bag_unpack are is asked of the store, within bounds, and not for a check.
func TestProbe(t *testing.T) {
	w := newWorld(t, 50)
	r := hunt.NewRunner(w.store, hunt.RunnerOptions{Now: func() time.Time { return end }})
	ask := hunt.Ask{Query: `EmailEvents | take 1 | project d = bag_pack("n", 1, "s", "x", "l", To) | evaluate bag_unpack(d)`}
	h, err := r.Prepare(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range h.Statement.Columns {
		names = append(names, c.Name+":"+string(c.Type))
	}
	if want := []string{"l:dynamic", "n:long", "s:string"}; !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Prepare(gone, ask); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller that went away: %v", err)
	}
	hasty := ask
	hasty.Time = time.Nanosecond
	var limit *hunt.LimitError
	if _, err := r.Prepare(t.Context(), hasty); !errors.As(err, &limit) || limit.Limit != hunt.LimitTime {
		t.Errorf("without time: %v", err)
	}
	ask.Check = true
	h, err = r.Prepare(gone, ask) // asks nobody
	if err != nil || len(h.Notes) != 1 || !strings.Contains(h.Notes[0], "depends on the data") {
		t.Errorf("a check: %v %+v", err, h)
	}
}
