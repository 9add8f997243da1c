package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/casestore"
)

// People is the case store opened for operators and tokens alone. It works beside a running server.
type People struct {
	Store  *casestore.Store
	Gate   *auth.Gate
	Notary *audit.Notary
	began  audit.Head
}

// OpenPeople opens the case store of the data folder and makes both when they are not there.
func OpenPeople(ctx context.Context, c Config) (*People, error) {
	if err := makeFolder(c.Data); err != nil {
		return nil, err
	}
	s, err := casestore.Open(ctx, c.path(caseFile))
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	gate, err := c.newGate(s, auth.DefaultParams, time.Now)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	p := &People{Store: s, Gate: gate}
	if p.Notary, err = c.notary(ctx, s, p.Gate, time.Now, slog.New(slog.DiscardHandler)); err == nil {
		p.began, err = s.AuditHead(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return p, nil
}

// Close signs what was written down, and closes the store.
func (p *People) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	head, err := p.Store.AuditHead(ctx)
	if err == nil && head != p.began {
		err = p.Notary.Checkpoint(ctx)
	}
	return errors.Join(err, p.Store.Close())
}

// newGate is the gate of the server and of the command line: the same costs and the same key for both.
func (c Config) newGate(s *casestore.Store, passwords auth.Params, now func() time.Time) (*auth.Gate, error) {
	key, err := secretKey(c.Data)
	if err != nil {
		return nil, err
	}
	g := auth.NewGate(s, s, auth.NewHasher(passwords, max(1, runtime.NumCPU()/2)), now)
	g.SetFactors(key, c.Auth.SecondFactor)
	p, err := c.provider(now)
	if err != nil {
		return nil, err
	}
	return g, c.federate(g, p)
}
