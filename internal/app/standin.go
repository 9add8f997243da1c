package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/policy"
)

// StandIn judges messages as the server of a data folder would now, and stores nothing: with the rules, entries and settings of
// mailboxes that were decided there, its local models, its people, and what it remembers of mail before. All that stands in the case store,
// which can be read beside a running server.
type StandIn struct {
	Book *detect.Book

	examiner ingest.Examiner
	cases    *casestore.Store
	memory   *casestore.Memory
}

// OpenStandIn reads what the server of the data folder judges with. A folder that is not there is an error.
func OpenStandIn(ctx context.Context, c Config) (*StandIn, error) {
	if _, err := os.Stat(c.path(caseFile)); err != nil {
		return nil, fmt.Errorf("there are no stores in %s; tocsin import or tocsin serve makes them", c.Data)
	}
	cases, err := casestore.Open(ctx, c.path(caseFile))
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	s := &StandIn{cases: cases}
	if err := s.read(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *StandIn) read(ctx context.Context, c Config) error {
	desk, err := policy.Open(ctx, s.cases, c.Decider(), time.Now)
	if err != nil {
		return err
	}
	s.Book = desk.Book()
	book, err := newRulebook(ctx, s.cases, c, time.Now)
	if err != nil {
		return err
	}
	known, err := knownSet(ctx, c)
	if err != nil {
		return err
	}
	judge, err := newJudge(c, book.Set(), known, false)
	if err != nil {
		return err
	}
	models := &Learner{cases: s.cases, judge: judge, loaded: map[string]int64{}}
	if err := models.Refresh(ctx); err != nil {
		return err
	}
	people := c.newDirectory(s.cases, time.Now, func(string, error) {})
	if err := people.Load(ctx); err != nil {
		return err
	}
	x := ingest.Examiner{Judge: judge, Org: people.Organisation(), Own: c.Own().Network}
	checker, err := NewChecker(c, nil)
	if err != nil {
		return err
	}
	x.Auth = checker
	if x.Engines, err = NewEngines(c); err != nil {
		return err
	}
	s.examiner.Engines = x.Engines // closed when what follows fails
	lab, err := c.Engines.lab(s.cases, time.Now)
	if err != nil {
		return err
	}
	if !lab.Idle() {
		x.Late = lab
	}
	if c.Memory.Enabled {
		if s.memory, err = s.cases.Memory(casestore.MemoryOptions{Keep: c.Memory.Keep, Threads: c.Memory.Threads}); err != nil {
			return err
		}
		x.Memory = s.memory
	}
	if c.Campaigns.Enabled {
		if x.Campaigns, err = ingest.OpenCampaigns(ctx, s.cases); err != nil {
			return err
		}
	}
	s.examiner = x
	return nil
}

// Examine judges a message. One that was taken in there has the time and the recipients that it came with; known is what the ledger
// says of it, nil when it is a stranger.
func (s *StandIn) Examine(ctx context.Context, raw []byte, env ingest.Envelope) (x ingest.Examined, known *casestore.Message, err error) {
	sum := sha256.Sum256(raw)
	m, err := s.cases.MessageBySHA256(ctx, hex.EncodeToString(sum[:]))
	switch {
	case err == nil:
		env.Source, env.Time, env.Recipients, known = m.Source, m.Time, m.Recipients, &m
	case !errors.Is(err, casestore.ErrNotFound):
		return x, nil, err
	}
	x, err = s.examiner.Examine(ctx, raw, env)
	return x, known, err
}

// Close closes what OpenStandIn opened.
func (s *StandIn) Close() error {
	errs := []error{closeEngines(s.examiner.Engines)}
	if s.memory != nil {
		errs = append(errs, s.memory.Close())
	}
	return errors.Join(append(errs, s.cases.Close())...)
}
