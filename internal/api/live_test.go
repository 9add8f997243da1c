package api

import (
	"errors"
	"testing"
	"time"
)

func TestHubAddsUpForSlowViews(t *testing.T) {
	h := newHub(2)
	v, err := h.join()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 1000 {
		h.Arrived(2, at.Add(time.Duration(i)*time.Second)) // never waits, although nobody reads
	}
	h.Arrived(0, at.Add(time.Hour))
	<-v.wake
	if sum := v.take(); sum.Events != 2000 || !sum.Newest.Equal(at.Add(999*time.Second)) {
		t.Errorf("%+v", sum)
	}
	if sum := v.take(); sum != (happened{}) {
		t.Errorf("again %+v", sum)
	}
	h.Happened()
	h.Worked()
	if sum := v.take(); sum.Events != 0 || !sum.mail || !sum.work {
		t.Errorf("what happened to mail, and what people did: %+v", sum)
	}
}

func TestHubIsBounded(t *testing.T) {
	h := newHub(2)
	a, _ := h.join()
	if _, err := h.join(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.join(); !errors.Is(err, errFull) {
		t.Errorf("third view: %v", err)
	}
	h.leave(a)
	b, err := h.join()
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if _, open := <-b.wake; open {
		t.Error("a view goes on after Close")
	}
	h.Arrived(1, time.Now()) // must not panic
	h.leave(b)
	if _, err := h.join(); !errors.Is(err, ErrStopping) {
		t.Errorf("after Close: %v", err)
	}
}
