package api

import (
	"testing"
	"time"
)

func TestGrant(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newGrants(func() time.Time { return now })
	grant := g.issue("op1", "m1", "sum1")
	if !g.check(grant, "op1", "m1", "sum1") {
		t.Fatal("own grant refused")
	}
	for name, ok := range map[string]bool{
		"another operator":  g.check(grant, "op2", "m1", "sum1"),
		"another message":   g.check(grant, "op1", "m2", "sum1"),
		"parts run on":      g.check(grant, "op1m", "1", "sum1"),
		"empty":             g.check("", "op1", "m1", "sum1"),
		"not base64":        g.check("***", "op1", "m1", "sum1"),
		"another process":   newGrants(func() time.Time { return now }).check(grant, "op1", "m1", "sum1"),
		"a changed expiry":  g.check("A"+"B"+grant[2:], "op1", "m1", "sum1"),
		"something shorter": g.check(grant[:20], "op1", "m1", "sum1"),
	} {
		if ok {
			t.Errorf("%s was let in", name)
		}
	}
	now = now.Add(grantLife)
	if g.check(grant, "op1", "m1", "sum1") {
		t.Error("good after its time")
	}
}
