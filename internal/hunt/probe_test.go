package hunt_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// What the columns of bag_unpack are is asked of the store, in a real one and within bounds.
func TestProbe(t *testing.T) {
	w := newWorld(t, 50)
	q, err := kql.Parse(`EmailEvents | take 1 | project d = bag_pack("n", 1, "s", "x", "l", To) | evaluate bag_unpack(d) | project-reorder *`)
	if err != nil {
		t.Fatal(err)
	}
	compile := func(ctx context.Context, within time.Duration) (*kql.Statement, error) {
		return kql.Compile(q, kql.Options{Now: end, Probe: hunt.Probe(ctx, w.store, within)}, w.store.Dialect())
	}
	st, err := compile(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range st.Columns {
		names = append(names, c.Name+":"+string(c.Type))
	}
	if want := []string{"l:dynamic", "n:long", "s:string"}; !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := compile(gone, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller that went away: %v", err)
	}
	if _, err := compile(t.Context(), time.Nanosecond); err == nil || !strings.Contains(err.Error(), "finding the columns took longer") {
		t.Errorf("without time: %v", err)
	}
	_, err = kql.Compile(q, kql.Options{Now: end}, w.store.Dialect())
	var ke *kql.Error
	if !errors.As(err, &ke) || !strings.Contains(ke.Msg, "depend on the data") {
		t.Errorf("without a store: %v", err)
	}
}
