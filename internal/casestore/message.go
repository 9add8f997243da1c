package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// Message is one message that was taken in: the line that makes taking it in again harmless.
type Message struct {
	SHA256           string // of the raw bytes, lower-case hex
	NetworkMessageID string
	Time             time.Time // of the message; also inside NetworkMessageID
	FirstSeen        time.Time
	Source           string
	Size             int64
	Recipients       []string  // of all envelopes it came with, lower case, sorted; empty when only its headers name any
	Done             time.Time // when its events were last stored; zero while never
}

// Admission is the outcome of admitting one message.
type Admission struct {
	NetworkMessageID string
	Time             time.Time
	Known            bool     // the message was here before
	New              []string // recipients not seen before with this message
}

// Work reports whether the admitted message must be judged: it is new, or has new recipients.
func (a Admission) Work() bool { return !a.Known || len(a.New) > 0 }

const messageColumns = `sha256, network_message_id, at, first_seen, source, size, recipients, done_at`

// AdmitMessages records messages inside a transaction. A message that is known keeps its id and its time and gains the recipients
// it did not have. id gives the n-th choice for a network message id: the ids hold 74 bits of a hash, so two
// different messages of one millisecond can be made to collide on purpose, and the second must not hide behind the first. The SHA-256s of m must be distinct.
func (s *Store) AdmitMessages(ctx context.Context, tx *sql.Tx, m []Message, id func(m Message, n int) string) ([]Admission, error) {
	insert, err := tx.PrepareContext(ctx, s.dialect.Rebind(
		`INSERT INTO messages (`+messageColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`))
	if err != nil {
		return nil, fmt.Errorf("admit messages: %w", err)
	}
	defer func() { _ = insert.Close() }()
	out := make([]Admission, len(m))
	for i := range m {
		if out[i], err = s.admit(ctx, tx, insert, m[i], id); err != nil {
			return nil, fmt.Errorf("admit message %s: %w", m[i].SHA256, err)
		}
	}
	return out, nil
}

func (s *Store) admit(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, m Message, id func(Message, int) string) (Admission, error) {
	rcpt, err := json.Marshal(emptyNotNull(m.Recipients))
	if err != nil {
		return Admission{}, err
	}
	for n := 0; ; n++ {
		m.NetworkMessageID = id(m, n)
		res, err := insert.ExecContext(ctx, m.SHA256, m.NetworkMessageID, micros(m.Time), micros(m.FirstSeen), m.Source, m.Size, string(rcpt))
		if err != nil {
			return Admission{}, err
		}
		if rows, err := res.RowsAffected(); err != nil {
			return Admission{}, err
		} else if rows == 1 {
			return Admission{NetworkMessageID: m.NetworkMessageID, Time: m.Time, New: m.Recipients}, nil
		}
		have, err := scanMessage(tx.QueryRowContext(ctx, s.dialect.Rebind(
			`SELECT `+messageColumns+` FROM messages WHERE sha256 = ?`+s.dialect.forUpdate), m.SHA256))
		if errors.Is(err, ErrNotFound) && n < 16 {
			continue // not this message but its id was taken: try the next one
		} else if err != nil {
			return Admission{}, err
		}
		a := Admission{NetworkMessageID: have.NetworkMessageID, Time: have.Time, Known: true}
		all := have.Recipients
		for _, r := range m.Recipients {
			if !slices.Contains(all, r) {
				a.New = append(a.New, r)
				all = append(all, r)
			}
		}
		if len(a.New) == 0 {
			return a, nil
		}
		slices.Sort(all)
		if rcpt, err = json.Marshal(all); err != nil {
			return Admission{}, err
		}
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE messages SET recipients = ? WHERE sha256 = ?`), string(rcpt), m.SHA256)
		return a, err
	}
}

// KnownMessages returns which of the given SHA-256s were admitted before.
func (s *Store) KnownMessages(ctx context.Context, sums []string) (map[string]bool, error) {
	known := map[string]bool{}
	stmt, err := s.reader.PrepareContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM messages WHERE sha256 = ?`))
	if err != nil {
		return nil, fmt.Errorf("known messages: %w", err)
	}
	defer func() { _ = stmt.Close() }()
	for _, sum := range sums {
		var n int
		if err := stmt.QueryRowContext(ctx, sum).Scan(&n); err != nil {
			return nil, fmt.Errorf("known messages: %w", err)
		}
		if n > 0 {
			known[sum] = true
		}
	}
	return known, nil
}

// MessagesDone notes inside a transaction that the events of these messages are stored. Noting it again changes only the time.
func (s *Store) MessagesDone(ctx context.Context, tx *sql.Tx, sums []string, at time.Time) error {
	stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`UPDATE messages SET done_at = ? WHERE sha256 = ?`))
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	for _, sum := range sums {
		if _, err := stmt.ExecContext(ctx, micros(at), sum); err != nil {
			return err
		}
	}
	return nil
}

// cleared is the count of a message that was judged after it had been under suspicion: whatever the process died of, it was not this.
const cleared = -1

// SuspectMessages counts, durably, that the process died while these messages were judged, except against those that were
// cleared. It returns every message under suspicion with its count.
func (s *Store) SuspectMessages(ctx context.Context, sums []string) (map[string]int, error) {
	suspects := map[string]int{}
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		for _, sum := range sums {
			_, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE messages SET suspect = suspect + 1 WHERE sha256 = ? AND suspect >= 0`), sum)
			if err != nil {
				return err
			}
		}
		rows, err := tx.QueryContext(ctx, `SELECT sha256, suspect FROM messages WHERE suspect > 0`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var sum string
			var times int
			if err := rows.Scan(&sum, &times); err != nil {
				return err
			}
			suspects[sum] = times
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("suspect messages: %w", err)
	}
	return suspects, nil
}

// ClearMessage frees a message from suspicion, durably and for good.
func (s *Store) ClearMessage(ctx context.Context, sum string) error {
	if _, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE messages SET suspect = ? WHERE sha256 = ?`), cleared, sum); err != nil {
		return fmt.Errorf("clear message %s: %w", sum, err)
	}
	return nil
}

// MessageBySHA256 returns the message with these bytes, or ErrNotFound.
func (s *Store) MessageBySHA256(ctx context.Context, sum string) (Message, error) {
	return scanMessage(s.reader.QueryRowContext(ctx, s.dialect.Rebind(
		`SELECT `+messageColumns+` FROM messages WHERE sha256 = ?`), sum))
}

// MessageByID returns the message with this network message id, or ErrNotFound.
func (s *Store) MessageByID(ctx context.Context, id string) (Message, error) {
	return scanMessage(s.reader.QueryRowContext(ctx, s.dialect.Rebind(
		`SELECT `+messageColumns+` FROM messages WHERE network_message_id = ?`), id))
}

func scanMessage(row interface{ Scan(dest ...any) error }) (Message, error) {
	var (
		m              Message
		at, seen, done int64
		rcpt           string
	)
	err := row.Scan(&m.SHA256, &m.NetworkMessageID, &at, &seen, &m.Source, &m.Size, &rcpt, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return Message{}, fmt.Errorf("message: %w", ErrNotFound)
	} else if err != nil {
		return Message{}, fmt.Errorf("message: %w", err)
	}
	m.Time, m.FirstSeen, m.Done = fromMicros(at), fromMicros(seen), fromMicros(done)
	if err := json.Unmarshal([]byte(rcpt), &m.Recipients); err != nil {
		return Message{}, fmt.Errorf("recipients of message %s: %w", m.SHA256, err)
	}
	return m, nil
}

// MessagesWithoutWork returns up to limit messages that have no events although no job of the given kind is left to
// make them, oldest first. There are none unless jobs were deleted or given up.
func (s *Store) MessagesWithoutWork(ctx context.Context, kind string, limit int) ([]Message, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`
		SELECT `+messageColumns+` FROM messages
		WHERE done_at = 0 AND sha256 NOT IN (
			SELECT coalesce(args ->> 'sha256', '') FROM river_job WHERE state IN (?, ?, ?, ?, ?) AND kind = ?)
		ORDER BY first_seen LIMIT ?`), append(slices.Clone(liveStates), kind, limit)...)
	if err != nil {
		return nil, fmt.Errorf("messages without work: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Message
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// liveStates are those of jobs that will still run.
var liveStates = []any{
	string(rivertype.JobStateAvailable), string(rivertype.JobStateRunning), string(rivertype.JobStateRetryable),
	string(rivertype.JobStateScheduled), string(rivertype.JobStatePending),
}

// JobsWaiting returns how many jobs of a queue are still to be finished.
func (s *Store) JobsWaiting(ctx context.Context, queue string) (int64, error) {
	var n int64
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(
		`SELECT count(*) FROM river_job WHERE state IN (?, ?, ?, ?, ?) AND queue = ?`), append(slices.Clone(liveStates), queue)...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count waiting jobs: %w", err)
	}
	return n, nil
}

func emptyNotNull(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
