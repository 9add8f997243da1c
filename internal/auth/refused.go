package auth

import (
	"context"
	"sync"
	"time"
)

// slowed remembers whose refusals were written down lately: somebody who guesses on without waiting must not fill the audit log.
type slowed struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

const (
	slowedEvery = time.Minute
	slowedMost  = 10_000
)

// first reports whether nothing was written down about the key for a while.
func (s *slowed) first(key string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.seen[key]; ok && now.Sub(at) < slowedEvery {
		return false
	}
	if s.seen == nil || len(s.seen) >= slowedMost {
		s.seen = map[string]time.Time{}
	}
	s.seen[key] = now
	return true
}

// recordSlowed writes down that a sign-in was refused because there were too many, once a minute for an account and an address.
func (g *Gate) recordSlowed(ctx context.Context, email, address string) error {
	if !g.slowed.first(email+"\n"+address, g.now()) {
		return nil
	}
	return g.Write(ctx, Record{Operator: email, Via: "session", Address: address, Action: ActSignInRefused}, map[string]string{"why": "too many failed sign-ins; more of them within a minute leave no record"})
}
