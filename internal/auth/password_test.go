package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var cheap = Params{Memory: 8, Passes: 1, Threads: 1}

func TestHashAndCheck(t *testing.T) {
	h := NewHasher(cheap, 2)
	phc, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("PHC string %q", phc)
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterz": false, "": false} {
		if ok, outdated, err := h.Check(t.Context(), phc, password); err != nil || ok != want || outdated {
			t.Errorf("Check(%q) = %v, %v, %v; want %v", password, ok, outdated, err, want)
		}
	}
	if ok, _, err := h.Check(t.Context(), "", ""); ok || err != nil {
		t.Errorf("an operator without password let somebody in (%v)", err)
	}
	if again, _ := h.Hash(t.Context(), "correct horse battery"); again == phc {
		t.Error("the same salt twice")
	}
}

func TestSameTextTypedDifferently(t *testing.T) {
	h := NewHasher(cheap, 1)
	phc, err := h.Hash(t.Context(), "se\u0301same, ouvre-toi") // e and a combining accent
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Check(t.Context(), phc, "s\u00e9same, ouvre-toi"); !ok || err != nil {
		t.Errorf("composed form refused: %v", err)
	}
}

func TestOldCostsAreOutdated(t *testing.T) {
	phc, err := NewHasher(cheap, 1).Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	ok, outdated, err := NewHasher(Params{Memory: 16, Passes: 2, Threads: 1}, 1).Check(t.Context(), phc, "correct horse battery")
	if !ok || !outdated || err != nil {
		t.Errorf("ok %v, outdated %v, %v", ok, outdated, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := NewHasher(cheap, 1).Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"bcrypt":        "$2y$10$abcdefghijklmnopqrstuv",
		"argon2i":       strings.Replace(good, "argon2id", "argon2i", 1),
		"other version": strings.Replace(good, "v=19", "v=16", 1),
		"huge memory":   strings.Replace(good, "m=8", "m=4294967295", 1),
		"many passes":   strings.Replace(good, "t=1", "t=4000000", 1),
		"no threads":    strings.Replace(good, "p=1", "p=0", 1),
		"short key":     good[:len(good)-8],
		"text":          "password",
	} {
		if _, _, err := NewHasher(cheap, 1).Check(t.Context(), s, "x"); err == nil {
			t.Errorf("%s: accepted %q", name, s)
		}
	}
}

func TestHasherBoundsHowManyRun(t *testing.T) {
	h := NewHasher(cheap, 2)
	h.running <- struct{}{}
	h.running <- struct{}{} // both places are taken by somebody slow
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 40)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := h.Hash(ctx, "x")
			results <- err
		})
	}
	// 18 may wait; the other 22 are refused at once, before anybody's context ends.
	for range 40 - cap(h.waiting) {
		if err := <-results; !errors.Is(err, ErrBusy) {
			t.Errorf("got %v", err)
		}
	}
	cancel()
	wg.Wait()
	if len(h.waiting) != 0 {
		t.Errorf("%d still counted as waiting", len(h.waiting))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=99999999,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, salt, key, err := decode(s)
		if err == nil && (p.Memory > maxMemory || p.Passes > maxPasses || p.Threads == 0 || len(salt) < 8 || len(key) != keySize) {
			t.Errorf("accepted %q as %+v", s, p)
		}
	})
}

func TestThrottle(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	th := NewThrottle(func() time.Time { return now })
	for i := range freeFailures {
		if err := th.Try("a@x.example", "192.0.2.1"); err != nil {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	if err := th.Try("a@x.example", "192.0.2.1"); err != nil {
		t.Fatalf("the sixth is allowed and then waits: %v", err)
	}
	var soon *TooSoon
	if err := th.Try("a@x.example", "198.51.100.9"); !errors.As(err, &soon) || soon.RetryAfter != 2*time.Second {
		t.Errorf("same account from elsewhere: %v", err)
	}
	if err := th.Try("b@x.example", "::ffff:192.0.2.1"); !errors.As(err, &soon) {
		t.Errorf("another account from the same address: %v", err)
	}
	if err := th.Try("b@x.example", "198.51.100.9"); err != nil {
		t.Errorf("stranger: %v", err)
	}
	for range 60 {
		now = now.Add(time.Hour) // the account never waits longer than its ceiling
		if err := th.Try("a@x.example", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := th.Try("a@x.example", "203.0.113.5"); !errors.As(err, &soon) || soon.RetryAfter != accountCeiling {
		t.Errorf("account ceiling: %v", err)
	}
	if err := th.Try("c@x.example", "192.0.2.1"); !errors.As(err, &soon) || soon.RetryAfter != addressCeiling {
		t.Errorf("address ceiling: %v", err)
	}
	now = now.Add(forgetAfter + time.Second)
	for range freeFailures {
		if err := th.Try("a@x.example", "192.0.2.1"); err != nil {
			t.Fatalf("after a day: %v", err)
		}
	}
}

func TestThrottleTakesIPv6ByNetwork(t *testing.T) {
	now := time.Now()
	th := NewThrottle(func() time.Time { return now })
	for i := range freeFailures + 1 {
		if err := th.Try("acc", "2001:db8:1:2::"+string(rune('1'+i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := th.Try("other", "2001:db8:1:2:ffff::1"); err == nil {
		t.Error("another address of the same /64 was let through")
	}
	if err := th.Try("other", "2001:db8:1:3::1"); err != nil {
		t.Errorf("another /64: %v", err)
	}
}

func TestThrottleSuccess(t *testing.T) {
	now := time.Now()
	th := NewThrottle(func() time.Time { return now })
	// Somebody with one account signs in between guesses at others: the address still runs into the wall.
	blocked := false
	for i := range 40 {
		if th.Try("victim", "192.0.2.7") != nil {
			blocked = true
			break
		}
		if i%3 == 2 {
			if th.Try("own", "192.0.2.7") != nil {
				blocked = true
				break
			}
			th.Succeeded("own", "192.0.2.7")
		}
	}
	if !blocked {
		t.Error("signing in to one's own account reset the address")
	}
	for range 50 { // a person who signs in often is never slowed down
		if err := th.Try("good", "198.51.100.1"); err != nil {
			t.Fatal(err)
		}
		th.Succeeded("good", "198.51.100.1")
	}
}

func TestThrottleIsBounded(t *testing.T) {
	now := time.Now()
	th := NewThrottle(func() time.Time { return now })
	for i := range 3 * maxKeys {
		_ = th.Try(string(rune('a'+i%26))+strings.Repeat("x", i%50)+time.Duration(i).String(), "192.0.2.1")
		now = now.Add(addressCeiling)
	}
	if len(th.seen) > maxKeys {
		t.Errorf("%d keys", len(th.seen))
	}
	if f := th.seen["address 192.0.2.1"]; f == nil || f.count < freeFailures {
		t.Error("the flood pushed out the address it came from")
	}
}
