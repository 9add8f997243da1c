package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

var _ audit.Store = (*Store)(nil)

// journal lets records that come together share one transaction: a commit costs a sync of the disk, however many records it holds.
type journal struct {
	turn    sync.Mutex // held by whoever writes a batch
	mu      sync.Mutex
	waiting *batch
}

type batch struct {
	records []auth.Record
	done    chan struct{}
	err     error
}

// Bounds of one transaction.
const (
	maxBatch   = 512
	appendTime = time.Minute
)

// Append adds a record to the audit log and chains it to the one before; it is on disk when Append returns. Records that come while
// others are written go together in the next transaction.
func (s *Store) Append(ctx context.Context, r auth.Record) error {
	audit.Clean(&r)
	j := &s.journal
	j.mu.Lock()
	b := j.waiting
	first := b == nil || len(b.records) >= maxBatch
	if first {
		b = &batch{done: make(chan struct{})}
		j.waiting = b
	}
	b.records = append(b.records, r)
	j.mu.Unlock()
	if !first {
		<-b.done // its writer has a time limit
		return b.err
	}
	defer close(b.done)
	j.turn.Lock()
	defer j.turn.Unlock()
	j.mu.Lock()
	if j.waiting == b {
		j.waiting = nil
	}
	j.mu.Unlock()
	// Others' records are in it too: it does not end with this request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appendTime)
	defer cancel()
	b.err = wrap("audit", s.InTx(ctx, func(tx *sql.Tx) error { return s.appendChained(ctx, tx, b.records) }))
	return b.err
}

const auditInsert = `INSERT INTO audit (seq, at, operator_id, operator, via, address, action, subject, recipient, reason, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// appendChained is the only thing that writes records.
func (s *Store) appendChained(ctx context.Context, tx *sql.Tx, records []auth.Record) error {
	head, chained, err := s.lockHead(ctx, tx)
	if err != nil {
		return err
	}
	if !chained {
		return errors.New("the audit log is not chained to its end; restart Tocsin")
	}
	insert, err := tx.PrepareContext(ctx, s.dialect.Rebind(auditInsert))
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range records {
		r := &records[i]
		r.Seq = head.Seq + 1
		sum := audit.Hash(head.Hash, r)
		if _, err := insert.ExecContext(ctx, r.Seq, micros(r.At), r.OperatorID, r.Operator, r.Via, r.Address, string(r.Action), r.Subject, r.Recipient, r.Reason, string(r.Detail), head.Hash[:], sum[:]); err != nil {
			return fmt.Errorf("record %d: %w", r.Seq, err)
		}
		head = audit.Head{Seq: r.Seq, Hash: sum}
	}
	return s.setHead(ctx, tx, head, true)
}

// lockHead reads the last record's number and hash; on databases with many writers it holds their row until the transaction ends.
func (s *Store) lockHead(ctx context.Context, tx *sql.Tx) (audit.Head, bool, error) {
	var (
		h       audit.Head
		raw     []byte
		chained bool
	)
	err := tx.QueryRowContext(ctx, `SELECT seq, hash, chained FROM audit_head WHERE id = 1`+s.dialect.forUpdate).Scan(&h.Seq, &raw, &chained)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, errNoHead
	}
	copy(h.Hash[:], raw)
	return h, chained, err
}

var errNoHead = errors.New("the audit log's note of its last record is gone: somebody changed the store; run tocsin audit verify")

func (s *Store) setHead(ctx context.Context, tx *sql.Tx, h audit.Head, chained bool) error {
	_, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE audit_head SET seq = ?, hash = ?, chained = ? WHERE id = 1`), h.Seq, h.Hash[:], chained)
	return err
}

// chainBatch is how many older records are chained in one transaction.
const chainBatch = 5000

// chainAudit chains the records that an older version wrote, once: a chain that lost its head is not made anew, since that would make
// whatever stands there look as if Tocsin had written it.
func (s *Store) chainAudit(ctx context.Context, now time.Time) error {
	for {
		more := false
		err := s.InTx(ctx, func(tx *sql.Tx) error {
			head, chained, err := s.lockHead(ctx, tx)
			if errors.Is(err, errNoHead) {
				if head, err = s.firstHead(ctx, tx); err != nil {
					return err
				}
			}
			if err != nil || chained {
				return err
			}
			n := 0
			if head, n, err = s.chainSome(ctx, tx, head); err != nil {
				return err
			}
			if more = n == chainBatch; more {
				return s.setHead(ctx, tx, head, false)
			}
			if err := s.setHead(ctx, tx, head, true); err != nil || head.Seq == 0 {
				return err
			}
			detail, err := json.Marshal(map[string]int64{"last": head.Seq})
			if err != nil {
				return err
			}
			return s.appendChained(ctx, tx, []auth.Record{{At: audit.FromMicros(micros(now)), Operator: "tocsin", Via: "upgrade", Action: auth.ActAuditChained, Detail: detail}})
		})
		if err != nil || !more {
			return wrap("chain the audit log", err)
		}
	}
}

func (s *Store) firstHead(ctx context.Context, tx *sql.Tx) (audit.Head, error) {
	var one int
	switch err := tx.QueryRowContext(ctx, `SELECT 1 FROM audit WHERE hash IS NOT NULL UNION ALL SELECT 1 FROM audit_checkpoints LIMIT 1`).Scan(&one); {
	case err == nil:
		return audit.Head{}, errNoHead
	case !errors.Is(err, sql.ErrNoRows):
		return audit.Head{}, err
	}
	_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO audit_head (id, seq, hash, chained) VALUES (1, 0, ?, ?)`), audit.Genesis[:], false)
	return audit.Head{}, err
}

// chainSome chains the next records without a hash. What an older version wrote is kept as it is: an empty detail stays empty.
func (s *Store) chainSome(ctx context.Context, tx *sql.Tx, head audit.Head) (audit.Head, int, error) {
	rows, err := tx.QueryContext(ctx, s.dialect.Rebind(`SELECT `+auditColumns+` FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`), head.Seq, chainBatch)
	if err != nil {
		return head, 0, err
	}
	links, err := scanLinks(rows)
	if err != nil {
		return head, 0, err
	}
	set, err := tx.PrepareContext(ctx, s.dialect.Rebind(`UPDATE audit SET prev = ?, hash = ? WHERE seq = ?`))
	if err != nil {
		return head, 0, err
	}
	defer set.Close()
	for i := range links {
		sum := audit.Hash(head.Hash, &links[i].Record)
		if _, err := set.ExecContext(ctx, head.Hash[:], sum[:], links[i].Seq); err != nil {
			return head, 0, err
		}
		head = audit.Head{Seq: links[i].Seq, Hash: sum}
	}
	return head, len(links), nil
}

const auditColumns = `seq, at, operator_id, operator, via, address, action, subject, recipient, reason, detail, prev, hash`

func scanLinks(rows *sql.Rows) ([]audit.Link, error) {
	defer rows.Close()
	var all []audit.Link
	for rows.Next() {
		l, err := scanLink(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

func scanLink(scan func(...any) error) (audit.Link, error) {
	var (
		l          audit.Link
		at         int64
		detail     string
		prev, hash []byte
	)
	err := scan(&l.Seq, &at, &l.OperatorID, &l.Operator, &l.Via, &l.Address, &l.Action, &l.Subject, &l.Recipient, &l.Reason, &detail, &prev, &hash)
	l.At, l.Detail = fromMicros(at), json.RawMessage(detail)
	copy(l.Prev[:], prev)
	copy(l.Hash[:], hash)
	// A sum of another length was not written by Tocsin, whatever it begins with.
	l.Bare = len(hash) != len(l.Hash) || len(prev) != len(l.Prev)
	return l, err
}

// About returns the records of one subject, oldest first, at most limit.
func (s *Store) About(ctx context.Context, subject string, limit int) ([]auth.Record, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+auditColumns+` FROM audit WHERE subject = ? ORDER BY seq LIMIT ?`), subject, limit)
	if err != nil {
		return nil, wrap("audit", err)
	}
	links, err := scanLinks(rows)
	if err != nil {
		return nil, wrap("audit", err)
	}
	all := make([]auth.Record, len(links))
	for i := range links {
		all[i] = links[i].Record
	}
	return all, nil
}

// AuditHead is the last record of the chain.
func (s *Store) AuditHead(ctx context.Context) (audit.Head, error) {
	var (
		h   audit.Head
		raw []byte
	)
	err := s.reader.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&h.Seq, &raw)
	if errors.Is(err, sql.ErrNoRows) {
		return h, errNoHead
	}
	copy(h.Hash[:], raw)
	return h, wrap("audit", err)
}

// AuditRecord returns one record; audit.ErrNoRecord when there is none.
func (s *Store) AuditRecord(ctx context.Context, seq int64) (audit.Link, error) {
	l, err := scanLink(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+auditColumns+` FROM audit WHERE seq = ?`), seq).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Link{}, audit.ErrNoRecord
	}
	return l, wrap("audit", err)
}

// AuditPage returns the records that a filter picks, newest first.
func (s *Store) AuditPage(ctx context.Context, f audit.Filter) ([]audit.Link, error) {
	where, args := auditWhere(f)
	if f.Below > 0 {
		where, args = where+` AND seq < ?`, append(args, f.Below)
	}
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+auditColumns+` FROM audit WHERE `+where+` ORDER BY seq DESC LIMIT ?`), append(args, f.Limit)...)
	if err != nil {
		return nil, wrap("audit", err)
	}
	links, err := scanLinks(rows)
	return links, wrap("audit", err)
}

// walkBatch is how many records a walk holds. It reads in steps, so that a slow reader holds no transaction open.
const walkBatch = 2000

// AuditWalk gives records to each, oldest first.
func (s *Store) AuditWalk(ctx context.Context, f audit.Filter, last int64, each func(*audit.Link) error) error {
	where, given := auditWhere(f)
	if last == 0 {
		last = math.MaxInt64
	}
	query := s.dialect.Rebind(`SELECT ` + auditColumns + ` FROM audit WHERE ` + where + ` AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`)
	for after := int64(math.MinInt64); ; {
		rows, err := s.reader.QueryContext(ctx, query, append(given[:len(given):len(given)], after, last, walkBatch)...)
		if err != nil {
			return wrap("audit", err)
		}
		links, err := scanLinks(rows)
		if err != nil {
			return wrap("audit", err)
		}
		for i := range links {
			if err := each(&links[i]); err != nil {
				return err
			}
			after = links[i].Seq
		}
		if len(links) < walkBatch {
			return nil
		}
	}
}
