package auth

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Throttle slows guessing down: after a few free failures, each further one doubles the wait. It counts by account and
// by address (an IPv6 client by its /64). The account's wait stays short, so that a stranger who guesses cannot lock a
// person out for long; the address's grows to a quarter of an hour. It remembers a bounded number of keys, forgets each
// after a day without failures, and lives in memory: a restart, or a second process, starts from zero.
type Throttle struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]*failures
}

type failures struct {
	count int
	until time.Time
	last  time.Time
}

const (
	freeFailures   = 5
	accountCeiling = time.Minute
	addressCeiling = 15 * time.Minute
	maxKeys        = 20_000
	codePrefix     = "code " // accounts that begin so are second factors of somebody whose password is known
	forgetAfter    = 24 * time.Hour
)

// NewThrottle returns an empty throttle.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, seen: map[string]*failures{}}
}

// Try asks whether an attempt may go on. It counts the attempt as a failure at once, so that attempts made at the same
// time cannot slip through together; Succeeded takes that back. The error is *TooSoon.
func (t *Throttle) Try(account, address string) error {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys(account, address) {
		if f := t.seen[k.key]; f != nil && now.Before(f.until) {
			return &TooSoon{RetryAfter: f.until.Sub(now)}
		}
	}
	for _, k := range keys(account, address) {
		f := t.seen[k.key]
		if f == nil || now.Sub(f.last) > forgetAfter {
			t.makeRoom(now)
			f = &failures{}
			t.seen[k.key] = f
		}
		f.count++
		f.last = now
		if over := f.count - freeFailures; over > 0 {
			f.until = now.Add(min(time.Second<<min(over, 30), k.ceiling))
		}
	}
	return nil
}

// Succeeded forgets the account's failures and takes back the one counted for the address: its other failures stay, so that
// somebody with one good account cannot use it to wipe the slate clean between guesses at others.
func (t *Throttle) Succeeded(account, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ks := keys(account, address)
	delete(t.seen, ks[0].key)
	if f := t.seen[ks[1].key]; f != nil {
		f.count--
		f.until = time.Time{}
		if f.count <= 0 {
			delete(t.seen, ks[1].key)
		}
	}
}

// TakeBack takes one counted attempt back and forgives nothing else.
func (t *Throttle) TakeBack(account, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys(account, address) {
		if f := t.seen[k.key]; f != nil {
			f.count--
			f.until = time.Time{}
			if f.count <= 0 {
				delete(t.seen, k.key)
			}
		}
	}
}

// makeRoom drops what is old, and when nothing is, whatever failed least: a flood of invented accounts must not push out
// the address that sends it.
func (t *Throttle) makeRoom(now time.Time) {
	if len(t.seen) < maxKeys {
		return
	}
	for k, f := range t.seen {
		if now.Sub(f.last) > forgetAfter {
			delete(t.seen, k)
		}
	}
	for k, f := range t.seen {
		if len(t.seen) < maxKeys-maxKeys/10 {
			return
		}
		if f.count <= freeFailures {
			delete(t.seen, k)
		}
	}
	if len(t.seen) >= maxKeys {
		clear(t.seen)
	}
}

type throttleKey struct {
	key     string
	ceiling time.Duration
}

func keys(account, address string) [2]throttleKey {
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap()
		if ip.Is6() {
			p, _ := ip.WithZone("").Prefix(64)
			address = p.String()
		} else {
			address = ip.String()
		}
	}
	ceiling := accountCeiling
	if strings.HasPrefix(account, codePrefix) {
		ceiling = addressCeiling
	}
	return [2]throttleKey{{"account " + account, ceiling}, {"address " + address, addressCeiling}}
}
