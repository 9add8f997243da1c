package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// LearnExample is what is kept of one message for a local model: which features it has, not its text.
type LearnExample struct {
	ID        string // network message id
	At        time.Time
	Sender    string // registrable domain
	Delivered bool   // to its recipient, and no threat was named
	Features  []byte
	Labels    []LearnLabel // filled by LearnExamples
}

// LearnLabel is what one person said of one message. A person has one opinion: a later one replaces it.
type LearnLabel struct {
	ID     string
	Who    string
	Source string
	Label  string // "" takes back what was said
	At     time.Time
}

// LearnModel is one trained model.
type LearnModel struct {
	ID      int64
	Threat  string
	State   string // "shadow", "active", "retired"
	Trained time.Time
	Labels  int64
	Checked string
	Passed  bool
	Model   []byte
}

// States of a LearnModel.
const (
	ModelShadow  = "shadow"
	ModelActive  = "active"
	ModelRetired = "retired"
)

// AddLearnExamples keeps examples. Those that are there already stay as they are.
func (s *Store) AddLearnExamples(ctx context.Context, all []LearnExample) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`INSERT INTO learn_examples (id, at, sender, delivered, features) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`))
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		for _, e := range all {
			if _, err := stmt.ExecContext(ctx, e.ID, micros(e.At), e.Sender, e.Delivered, e.Features); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("keep examples", err)
}

// HasLearnExample reports whether the message is among the examples.
func (s *Store) HasLearnExample(ctx context.Context, id string) (bool, error) {
	var n int
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM learn_examples WHERE id = ?`), id).Scan(&n)
	return n > 0, wrap("look for an example", err)
}

// PutLearnLabel records an opinion, or takes it back. Saying the same again changes nothing.
func (s *Store) PutLearnLabel(ctx context.Context, l LearnLabel) error {
	if l.Label == "" {
		_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM learn_labels WHERE id = ? AND who = ?`), l.ID, l.Who)
		return wrap("take back a label", err)
	}
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO learn_labels (id, who, source, label, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id, who) DO UPDATE SET source = excluded.source, label = excluded.label, at = excluded.at
		WHERE learn_labels.label <> excluded.label OR learn_labels.source <> excluded.source`), l.ID, l.Who, l.Source, l.Label, micros(l.At))
	return wrap("keep a label", err)
}

// LearnExamples calls each with every example that has a label, and with every delivered one, oldest first.
func (s *Store) LearnExamples(ctx context.Context, each func(LearnExample) error) error {
	labels, err := s.learnLabels(ctx)
	if err != nil {
		return err
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT id, at, sender, delivered, features FROM learn_examples ORDER BY at, id`)
	if err != nil {
		return wrap("read examples", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e LearnExample
		var at int64
		if err := rows.Scan(&e.ID, &at, &e.Sender, &e.Delivered, &e.Features); err != nil {
			return wrap("read examples", err)
		}
		e.At, e.Labels = fromMicros(at), labels[e.ID]
		if len(e.Labels) == 0 && !e.Delivered {
			continue
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return wrap("read examples", rows.Err())
}

func (s *Store) learnLabels(ctx context.Context) (map[string][]LearnLabel, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT id, who, source, label, at FROM learn_labels ORDER BY id, who`)
	if err != nil {
		return nil, wrap("read labels", err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string][]LearnLabel{}
	for rows.Next() {
		var l LearnLabel
		var at int64
		if err := rows.Scan(&l.ID, &l.Who, &l.Source, &l.Label, &at); err != nil {
			return nil, wrap("read labels", err)
		}
		l.At = fromMicros(at)
		all[l.ID] = append(all[l.ID], l)
	}
	return all, wrap("read labels", rows.Err())
}

// TrimLearning forgets examples and labels of messages before a time (zero: none for their age), and the oldest examples above most of
// either kind: with a label, and without.
func (s *Store) TrimLearning(ctx context.Context, before time.Time, most int) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		if !before.IsZero() {
			for _, q := range []string{`DELETE FROM learn_labels WHERE at < ? AND id NOT IN (SELECT id FROM learn_examples WHERE at >= ?)`, `DELETE FROM learn_examples WHERE at < ? AND at < ?`} {
				if _, err := tx.ExecContext(ctx, s.dialect.Rebind(q), micros(before), micros(before)); err != nil {
					return err
				}
			}
		}
		for _, in := range []string{"IN", "NOT IN"} {
			_, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM learn_examples WHERE id IN (SELECT id FROM learn_examples WHERE id `+in+` (SELECT id FROM learn_labels) ORDER BY at DESC, id LIMIT 1000000000 OFFSET ?)`), most)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM learn_labels WHERE id NOT IN (SELECT id FROM learn_examples)`)
		return err
	})
	return wrap("forget examples", err)
}

// ForgetLearning removes what was learned from one message, after it was deleted.
func (s *Store) ForgetLearning(ctx context.Context, id string) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{`DELETE FROM learn_labels WHERE id = ?`, `DELETE FROM learn_examples WHERE id = ?`} {
			if _, err := tx.ExecContext(ctx, s.dialect.Rebind(q), id); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("forget an example", err)
}

// LearnCounts is how much there is to learn from.
type LearnCounts struct {
	Examples int64            // all that are kept
	Labels   map[string]int64 // messages by what somebody said of them
}

// LearnCounts counts.
func (s *Store) LearnCounts(ctx context.Context) (LearnCounts, error) {
	c := LearnCounts{Labels: map[string]int64{}}
	if err := s.reader.QueryRowContext(ctx, `SELECT count(*) FROM learn_examples`).Scan(&c.Examples); err != nil {
		return c, wrap("count examples", err)
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT label, count(DISTINCT id) FROM learn_labels GROUP BY label`)
	if err != nil {
		return c, wrap("count labels", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var label string
		var n int64
		if err := rows.Scan(&label, &n); err != nil {
			return c, wrap("count labels", err)
		}
		c.Labels[label] = n
	}
	return c, wrap("count labels", rows.Err())
}

// AddLearnModel keeps a model in shadow and returns its id. Older ones in shadow are retired, and of the retired the last five stay.
func (s *Store) AddLearnModel(ctx context.Context, m LearnModel) (id int64, err error) {
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE learn_models SET state = ? WHERE threat = ? AND state = ?`), ModelRetired, m.Threat, ModelShadow); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM learn_models WHERE id IN (SELECT id FROM learn_models WHERE threat = ? AND state = ? ORDER BY id DESC LIMIT 1000 OFFSET 5)`), m.Threat, ModelRetired); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, s.dialect.Rebind(`INSERT INTO learn_models (threat, state, trained, labels, checked, passed, model) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`),
			m.Threat, ModelShadow, micros(m.Trained), m.Labels, m.Checked, m.Passed, m.Model).Scan(&id)
	})
	return id, wrap("keep a model", err)
}

// SetLearnModel says how a model's last check ended and what it is now. Making one active retires the one that was.
func (s *Store) SetLearnModel(ctx context.Context, m LearnModel) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		if m.State == ModelActive {
			if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE learn_models SET state = ? WHERE threat = ? AND state = ? AND id <> ?`), ModelRetired, m.Threat, ModelActive, m.ID); err != nil {
				return err
			}
		}
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE learn_models SET state = ?, checked = ?, passed = ? WHERE id = ?`), m.State, m.Checked, m.Passed, m.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			return ErrNotFound
		}
		return nil
	})
	return wrap("set a model", err)
}

// LearnModelIn returns the newest model for a threat in a state, or ErrNotFound.
func (s *Store) LearnModelIn(ctx context.Context, threat, state string) (LearnModel, error) {
	var m LearnModel
	var at int64
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT id, threat, state, trained, labels, checked, passed, model FROM learn_models WHERE threat = ? AND state = ? ORDER BY id DESC LIMIT 1`), threat, state).
		Scan(&m.ID, &m.Threat, &m.State, &at, &m.Labels, &m.Checked, &m.Passed, &m.Model)
	if errors.Is(err, sql.ErrNoRows) {
		return LearnModel{}, fmt.Errorf("model: %w", ErrNotFound)
	}
	m.Trained = fromMicros(at)
	return m, wrap("read a model", err)
}

// ActiveModels returns the ids of the active models by threat: cheap enough to ask often whether one changed.
func (s *Store) ActiveModels(ctx context.Context) (map[string]int64, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT threat, id FROM learn_models WHERE state = ?`), ModelActive)
	if err != nil {
		return nil, wrap("read active models", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]int64{}
	for rows.Next() {
		var threat string
		var id int64
		if err := rows.Scan(&threat, &id); err != nil {
			return nil, wrap("read active models", err)
		}
		out[threat] = id
	}
	return out, wrap("read active models", rows.Err())
}

// ResetLearning removes every model, and with everything also what they learned from.
func (s *Store) ResetLearning(ctx context.Context, everything bool) error {
	tables := []string{"learn_models"}
	if everything {
		tables = append(tables, "learn_labels", "learn_examples")
	}
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		for _, t := range tables {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+t); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("reset learning", err)
}
