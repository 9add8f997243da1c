package remediate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// ApprovalVersion is one state of the approval policy.
type ApprovalVersion struct {
	Number int64 // from 1; 0: what the settings say
	At     time.Time
	By     string
	Via    string
	Reason string
	Policy ApprovalPolicy
}

// Outdated says that somebody else was faster.
type Outdated struct{ Now int64 }

func (e *Outdated) Error() string {
	return fmt.Sprintf("the approval policy is at version %d by now; look at it and change that one", e.Now)
}

// ApprovalStore keeps the versions.
type ApprovalStore interface {
	LatestApprovals(ctx context.Context) (ApprovalVersion, error)
	ApprovalVersions(ctx context.Context, below int64, limit int) ([]ApprovalVersion, error)
	AddApprovals(ctx context.Context, v ApprovalVersion, from int64) (ApprovalVersion, error)
}

// Approvals is the approval policy in force. The settings give the first; once it was edited in the product, the store rules.
type Approvals struct {
	Store ApprovalStore
	First ApprovalPolicy
	Now   func() time.Time

	mu  sync.Mutex
	now ApprovalVersion
}

// Load reads the version in force.
func (p *Approvals) Load(ctx context.Context) error {
	v, err := p.Store.LatestApprovals(ctx)
	if errors.Is(err, ErrNotFound) {
		v, err = ApprovalVersion{Policy: p.First}, nil
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = v
	return nil
}

// Version is the one in force.
func (p *Approvals) Version() ApprovalVersion {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// Policy is that of the version in force.
func (p *Approvals) Policy() (ApprovalPolicy, int64) {
	v := p.Version()
	return v.Policy, v.Number
}

// Set makes another version of the one that was edited. *Wrong says what is wrong with it, *Outdated that it is not in force any more.
func (p *Approvals) Set(ctx context.Context, policy ApprovalPolicy, from int64, by, via, reason string) (ApprovalVersion, error) {
	reason = strings.TrimSpace(reason)
	if err := written("", reason); err != nil {
		return ApprovalVersion{}, err
	}
	if err := policy.Validate(); err != nil {
		return ApprovalVersion{}, err
	}
	v, err := p.Store.AddApprovals(ctx, ApprovalVersion{At: p.Now().UTC().Truncate(time.Microsecond), By: by, Via: via, Reason: reason, Policy: policy}, from)
	if err != nil {
		return v, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if v.Number > p.now.Number {
		p.now = v
	}
	return v, nil
}
