package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/detonate"
	"tocsin/internal/scan"
)

var _ detonate.Store = (*Store)(nil)

// SaveAnswer keeps an answer, or that one is worked on; the last one counts.
func (s *Store) SaveAnswer(ctx context.Context, p detonate.Known) error {
	way := ""
	if len(p.Way) > 0 {
		b, err := json.Marshal(p.Way)
		if err != nil {
			return fmt.Errorf("save answer: %w", err)
		}
		way = string(b)
	}
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`
		INSERT INTO answers (about, engine, kind, threat, details, failed, task, at, picture, way) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (about, engine) DO UPDATE SET kind = excluded.kind, threat = excluded.threat, details = excluded.details, failed = excluded.failed, task = excluded.task, at = excluded.at, picture = excluded.picture, way = excluded.way`),
		p.About, p.Engine, string(p.Kind), p.Threat, p.Details, p.Failed, p.Task, micros(p.At), notNull(p.Picture), way)
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
			`SELECT about, engine, kind, threat, details, failed, task, at, way, length(picture) > 0 FROM answers WHERE about IN (?`+strings.Repeat(", ?", n-1)+`)`), args...)
		if err != nil {
			return nil, fmt.Errorf("read answers: %w", err)
		}
		for rows.Next() {
			var p detonate.Known
			var kind, way string
			var at int64
			if err := rows.Scan(&p.About, &p.Engine, &kind, &p.Threat, &p.Details, &p.Failed, &p.Task, &at, &way, &p.Drawn); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("read answers: %w", err)
			}
			p.Kind, p.At = scan.Kind(kind), fromMicros(at)
			if way != "" {
				_ = json.Unmarshal([]byte(way), &p.Way) // what another version wrote and this one cannot read is no way
			}
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

// PagePicture returns the picture of the page that was visited for a link, a PNG; nil when there is none.
func (s *Store) PagePicture(ctx context.Context, link string) ([]byte, error) {
	var out []byte
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT picture FROM answers WHERE about = ? AND kind = ? AND length(picture) > 0`), link, string(scan.KindPage)).Scan(&out)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	return out, nil
}

// AnswerCount is how much is known from one kind of engine.
type AnswerCount struct {
	Answers int64 // given, with or without a threat
	Found   int64 // of those, with a threat
	Waiting int64 // still worked on
}

// AnswerCounts counts what is kept, by kind of engine.
func (s *Store) AnswerCounts(ctx context.Context) (map[scan.Kind]AnswerCount, error) {
	rows, err := s.reader.QueryContext(ctx, `
		SELECT kind, COUNT(CASE WHEN task = '' AND failed = '' THEN 1 END), COUNT(CASE WHEN task = '' AND threat <> '' THEN 1 END), COUNT(CASE WHEN task <> '' THEN 1 END)
		FROM answers GROUP BY kind`)
	if err != nil {
		return nil, fmt.Errorf("count answers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[scan.Kind]AnswerCount{}
	for rows.Next() {
		var kind string
		var n AnswerCount
		if err := rows.Scan(&kind, &n.Answers, &n.Found, &n.Waiting); err != nil {
			return nil, fmt.Errorf("count answers: %w", err)
		}
		out[scan.Kind(kind)] = n
	}
	return out, rows.Err()
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
