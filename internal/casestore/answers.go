package casestore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/detonate"
	"tocsin/internal/scan"
)

var _ detonate.Store = (*Store)(nil)

// SaveAnswer keeps an answer, or that one is worked on; the last one counts.
func (s *Store) SaveAnswer(ctx context.Context, p detonate.Known) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`
		INSERT INTO answers (about, engine, kind, threat, details, failed, task, at, picture) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (about, engine) DO UPDATE SET kind = excluded.kind, threat = excluded.threat, details = excluded.details, failed = excluded.failed, task = excluded.task, at = excluded.at, picture = excluded.picture`),
		p.About, p.Engine, string(p.Kind), p.Threat, p.Details, p.Failed, p.Task, micros(p.At), notNull(p.Picture))
	if err != nil {
		return fmt.Errorf("save answer: %w", err)
	}
	return nil
}

// Answers returns what is known about files and links, by their SHA-256s and URLs; those that are still worked on have a task.
func (s *Store) Answers(ctx context.Context, about []string) ([]detonate.Known, error) {
	var out []detonate.Known
	for len(about) > 0 {
		n := min(len(about), 200)
		args := make([]any, n)
		for i, a := range about[:n] {
			args[i] = a
		}
		rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(
			`SELECT about, engine, kind, threat, details, failed, task, at FROM answers WHERE about IN (?`+strings.Repeat(", ?", n-1)+`)`), args...)
		if err != nil {
			return nil, fmt.Errorf("read answers: %w", err)
		}
		for rows.Next() {
			var p detonate.Known
			var kind string
			var at int64
			if err := rows.Scan(&p.About, &p.Engine, &kind, &p.Threat, &p.Details, &p.Failed, &p.Task, &at); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("read answers: %w", err)
			}
			p.Kind, p.At = scan.Kind(kind), fromMicros(at)
			p.Run = p.Kind == scan.KindSandbox
			out = append(out, p)
		}
		if err := rows.Close(); err != nil {
			return nil, fmt.Errorf("read answers: %w", err)
		}
		about = about[n:]
	}
	return out, nil
}

// ForgetAnswers deletes answers from before a time.
func (s *Store) ForgetAnswers(ctx context.Context, before time.Time) error {
	if _, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM answers WHERE at < ?`), micros(before)); err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	return nil
}

// notNull is b, and empty when there is none: a column of bytes is never null.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
