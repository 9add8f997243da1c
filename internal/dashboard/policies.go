package dashboard

import (
	"context"
	"sync"
	"time"
)

// policyLife is how long an answer of DNS about a domain of the organisation serves.
const policyLife = 10 * time.Minute

// policies remembers what own domains publish: it is no figure of the store, and a page that refreshes itself must not ask DNS each time.
type policies struct {
	mu sync.Mutex
	at map[string]published
}

type published struct {
	policy string
	err    error
	at     time.Time
}

// of is the DMARC policy of a domain.
func (p *policies) of(ctx context.Context, now time.Time, domain string, ask func(ctx context.Context, domain string) (string, error)) (string, error) {
	p.mu.Lock()
	have, ok := p.at[domain]
	p.mu.Unlock()
	if ok && now.Sub(have.at) < policyLife {
		return have.policy, have.err
	}
	policy, err := ask(ctx, domain)
	if ctx.Err() != nil { // the time of one page is not the domain's fault
		return policy, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil || len(p.at) > 1000 {
		p.at = map[string]published{}
	}
	p.at[domain] = published{policy, err, now}
	return policy, err
}
