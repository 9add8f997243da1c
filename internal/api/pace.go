package api

import (
	"net/netip"
	"sync"
	"time"

	"tocsin/internal/auth"
)

const (
	// paceMost is how many requests without a sign-in one address may make within paceSpan: an office may have one address.
	paceMost = 300
	paceSpan = time.Minute
	// paceKeys bounds what is remembered.
	paceKeys = 20_000
)

// pace bounds how often somebody without a sign-in may ask. An IPv6 client counts by its /64.
type pace struct {
	mu    sync.Mutex
	began time.Time
	seen  map[string]int
}

// may returns *auth.TooSoon when the address has to wait.
func (p *pace) may(address string, now time.Time) error {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Unmap().Is6() {
		net, _ := ip.WithZone("").Prefix(64)
		address = net.String()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.began) >= paceSpan || now.Before(p.began) || len(p.seen) >= paceKeys {
		p.began, p.seen = now, map[string]int{}
	}
	p.seen[address]++
	if p.seen[address] > paceMost {
		return &auth.TooSoon{RetryAfter: p.began.Add(paceSpan).Sub(now)}
	}
	return nil
}
