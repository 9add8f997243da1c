package api

import (
	"fmt"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	p, now := &pace{}, time.Now()
	for n := range paceMost + 1 {
		err := p.may(fmt.Sprintf("2001:db8::%x", n), now) // one network
		if (err != nil) != (n == paceMost) {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if p.may("192.0.2.1", now) != nil || p.may("2001:db8::1", now.Add(paceSpan)) != nil {
		t.Error("somebody else, or the next minute, has to wait")
	}
	for n := range 2 * paceKeys {
		_ = p.may(fmt.Sprint(n), now)
	}
	if len(p.seen) > paceKeys {
		t.Errorf("%d addresses are remembered", len(p.seen))
	}
}
