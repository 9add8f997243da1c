package hunt

import (
	"context"
	"errors"
	"testing"
	"time"
)

func begin(t *testing.T, r *Runs, id, operator string) (*Run, context.Context, func()) {
	t.Helper()
	run := &Run{ID: id, OperatorID: operator, Operator: operator + "@harbour.test", Query: "EmailEvents"}
	ctx, end, err := r.Begin(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return run, ctx, end
}

func TestRuns(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	r := NewRuns(2, 1, func() time.Time { at = at.Add(time.Second); return at })
	one, ctx, end := begin(t, r, "1", "ann")
	_, other, endOther := begin(t, r, "2", "ann")
	defer endOther()
	_, _, endBob := begin(t, r, "3", "bob")
	defer endBob()

	var many *TooMany
	if _, _, err := r.Begin(t.Context(), &Run{ID: "4", OperatorID: "ann"}); !errors.As(err, &many) || many.Limit != 2 {
		t.Errorf("a third: %v", err)
	}
	if _, _, err := r.Begin(t.Context(), &Run{ID: "1", OperatorID: "bob"}); !errors.Is(err, ErrRunning) {
		t.Errorf("the same id: %v", err)
	}
	if all, own := r.List("", true), r.List("ann", false); len(all) != 3 || all[0] != one || len(own) != 2 {
		t.Errorf("%d, %d", len(all), len(own))
	}
	one.Count()
	if r.Find("1").Rows() != 1 {
		t.Error("rows are not counted")
	}
	r.Find("1").Cancel("eve@harbour.test")
	var stopped *Cancelled
	if ctx.Err() == nil || !errors.As(context.Cause(ctx), &stopped) || stopped.By != "eve@harbour.test" || other.Err() != nil {
		t.Errorf("%v, %v", context.Cause(ctx), other.Err())
	}
	end()
	end() // no harm
	if r.Find("1") != nil {
		t.Error("what is over is still listed")
	}
	_, _, end = begin(t, r, "1", "ann") // there is room again, and the id is free
	end()
}

// TestRunsTakeTurns: an operator's second run waits for the first, and holds up nobody else.
func TestRunsTakeTurns(t *testing.T) {
	r := NewRuns(3, 1, time.Now)
	first, ctx, end := begin(t, r, "1", "ann")
	if err := first.Turn(ctx); err != nil {
		t.Fatal(err)
	}
	second, its, endSecond := begin(t, r, "2", "ann")
	got := make(chan error)
	go func() { got <- second.Turn(its) }()
	third, late, endThird := begin(t, r, "3", "ann")
	third.Cancel("")
	if err := third.Turn(late); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that is stopped while it waits: %v", err)
	}
	endThird()
	bobs, ctx, endBob := begin(t, r, "4", "bob")
	if err := bobs.Turn(ctx); err != nil {
		t.Error(err)
	}
	endBob()
	select {
	case err := <-got:
		t.Errorf("the second did not wait: %v", err)
	default:
	}
	end()
	if err := <-got; err != nil {
		t.Error(err)
	}
	endSecond()
	if len(r.slots) != 0 {
		t.Errorf("%d operators are remembered", len(r.slots))
	}
}

func TestPickSaved(t *testing.T) {
	all := []Saved{
		{ID: "1", Name: "Mine", OwnerID: "ann", Owner: "ann@x"},
		{ID: "2", Name: "mine", OwnerID: "bob", Owner: "bob@x", Shared: true},
		{ID: "3", Name: "Both", OwnerID: "bob", Owner: "bob@x", Shared: true},
		{ID: "4", Name: "Both", OwnerID: "eve", Owner: "eve@x", Shared: true},
	}
	for _, w := range []struct{ operator, name, id string }{
		{"ann", "MINE", "1"}, {"eve", "mine", ""}, {"eve", "Both", "4"}, {"ann", "both", ""}, {"ann", "none", ""}, {"ann", "3", "3"},
	} {
		got, err := PickSaved(all, w.operator, w.name)
		if got.ID != w.id || (err == nil) != (w.id != "") {
			t.Errorf("%s asks for %s: %s, %v", w.operator, w.name, got.ID, err)
		}
	}
}
