// Package ingest is the way of one message into Tocsin.
//
// A source (SMTP journal, LMTP, files, a mailbox) hands raw bytes and what it knows of the envelope to Intake.Accept.
// When Accept returns, the bytes are fsynced under the name of their hash and a durable job is committed: only then may
// the source say "250". The job (Pipeline) reads the bytes again, parses, authenticates, judges and decides, and
// writes one email event a recipient. Everything is a function of the bytes, the envelope and the time fixed at
// Accept, and is stored under ids that follow from them: a job may run any number of times and ends in the same
// rows. A crash between any two steps therefore loses nothing and doubles nothing.
//
// Accept gathers concurrent callers into one commit, because a disk gives a few hundred fsyncs a second but each
// may carry hundreds of messages. docs/design/ingest.md has the reasons and the figures.
package ingest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/email"
	"tocsin/internal/event"
)

var (
	// ErrTooLarge: the message is over Intake's size limit. Trying again will not help.
	ErrTooLarge = errors.New("message is too large")
	// ErrFull: the disk under the blob store or the case store is full.
	ErrFull = errors.New("disk is full")
	// ErrClosed: the intake is shutting down.
	ErrClosed = errors.New("intake is closed")
)

// Envelope is how a message came. Zero fields mean unknown.
type Envelope struct {
	Source string // name of the source, shown as the connector: "smtp", "import"

	ClientIP netip.Addr // who handed the message over
	// OwnClient says that ClientIP is one of the organisation's own servers (or one that it allowed to hand over mail),
	// so that the sender's address stands in the Received fields.
	OwnClient bool
	Helo      string
	// MailFrom is the envelope sender without angle brackets; "" is the null path when MailFromKnown. Without
	// MailFromKnown it is somebody's word for it, and a Return-Path field goes before it.
	MailFrom      string
	MailFromKnown bool
	TLS           string   // version, or "" for none or unknown
	Recipients    []string // empty: the headers must do
	// Lists names, for a recipient, the distribution list that was expanded to it; Forwards, the mailbox that forwards to it.
	Lists, Forwards map[string]string

	Time     time.Time // when the message entered; zero: from its headers
	FileTime time.Time // last resort before now when the headers have no usable time

	// Journal asks Accept to take the message out of a journal report (see Unwrap). Not for sources through which strangers'
	// mail comes as it is: a stranger can write what looks like a report.
	Journal    bool
	ClientName string // host name of ClientIP, as the mail system verified it
	AuthUser   string // who signed in to the mail system to send it; "" for nobody or unknown
	QueueID    string // the mail system's name for it, to find it in its log

	// Otherwise is what is done with the message when its source no longer waits for the judgement (see Pipeline.Expect). nil: the
	// source never waits, and what the policy decides counts.
	Otherwise *Decision
	// OutOfReach says that nothing can be done with the message where it lies: Otherwise stays so, and nobody is asked to take it out.
	OutOfReach bool
	// Defects found on the way in; they are listed with those of the message.
	Defects []string
}

// Receipt says what became of an accepted message.
type Receipt struct {
	NetworkMessageID string
	Duplicate        bool // it was here before, and nothing about it was new
	Job              *Job // what will be judged; nil for a duplicate
}

// Blobs keeps raw mail. PutMany is durable on return.
type Blobs interface {
	PutMany(ctx context.Context, blobs []blobstore.Blob) []error
	Get(ctx context.Context, sha256 string) ([]byte, error)
	Exists(ctx context.Context, sha256 string) (bool, error)
}

var _ Blobs = (*blobstore.Store)(nil)

// Jobs is the part of the queue client that Intake uses.
type Jobs interface {
	InsertManyFastTx(ctx context.Context, tx *sql.Tx, params []river.InsertManyParams) (int, error)
}

var _ Jobs = (*river.Client[*sql.Tx])(nil)

// IntakeOptions bound what one group commit takes. Zero fields mean the default.
type IntakeOptions struct {
	MaxSize    int           // octets of one message; default 100 MiB
	GroupSize  int           // messages of one commit; default 256
	GroupBytes int           // octets of one commit; default 128 MiB
	Linger     time.Duration // how long a commit waits for company once there was some; default 2 ms
}

// Intake takes messages in, durably. It is safe for concurrent use.
type Intake struct {
	blobs  Blobs
	ledger *casestore.Store
	jobs   Jobs
	opts   IntakeOptions
	group  *group[*admission]

	accepted, duplicates, failed atomic.Int64
}

// NewIntake starts an Intake; Close stops it.
func NewIntake(blobs Blobs, ledger *casestore.Store, jobs Jobs, o IntakeOptions) *Intake {
	if o.MaxSize <= 0 {
		o.MaxSize = 100 << 20
	}
	if o.GroupSize <= 0 {
		o.GroupSize = 256
	}
	if o.GroupBytes <= 0 {
		o.GroupBytes = 128 << 20
	}
	if o.Linger <= 0 {
		o.Linger = 2 * time.Millisecond
	}
	in := &Intake{blobs: blobs, ledger: ledger, jobs: jobs, opts: o}
	in.group = newGroup(groupOptions{items: o.GroupSize, weight: o.GroupBytes, linger: o.Linger}, in.commit)
	return in
}

// Close waits for the commits that are under way. Accept returns ErrClosed from then on.
func (in *Intake) Close() { in.group.close() }

// admission is one message on its way through a group commit.
type admission struct {
	raw     []byte
	sum     string
	env     Envelope
	receipt Receipt
}

// Accept takes a message in. When it returns nil, the bytes are on disk (file and folder fsynced) and the job that
// judges them is committed. The same bytes again are a duplicate: the receipt has the first one's id, and only
// recipients that were not known are judged. When ctx ends first, the message may or may not have been accepted;
// offering it again is safe. raw must not be changed before Accept returns.
func (in *Intake) Accept(ctx context.Context, raw []byte, env Envelope) (Receipt, error) {
	if len(raw) > in.opts.MaxSize {
		in.failed.Add(1)
		return Receipt{}, fmt.Errorf("%w: %d octets, the limit is %d", ErrTooLarge, len(raw), in.opts.MaxSize)
	}
	if env.Journal {
		raw, env = open(raw, env)
	}
	env = env.clean()
	if env.Time.IsZero() {
		env.Time = headerTime(raw, env.FileTime, time.Now())
	}
	// The id carries milliseconds; the event's Timestamp must be the same instant.
	env.Time = env.Time.UTC().Truncate(time.Millisecond)
	hash := sha256.Sum256(raw)
	a := &admission{raw: raw, sum: hex.EncodeToString(hash[:]), env: env}
	if err := in.group.do(ctx, a, len(raw)); err != nil {
		in.failed.Add(1)
		if isFull(err) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
		return Receipt{}, fmt.Errorf("accept message: %w", err)
	}
	in.accepted.Add(1)
	if a.receipt.Duplicate {
		in.duplicates.Add(1)
	}
	return a.receipt, nil
}

// open takes the original out of a journal report or copy.
func open(raw []byte, env Envelope) ([]byte, Envelope) {
	// Only what calls itself a report costs a parse here: most mail through a journal listener may be plain copies.
	if !looksWrapped(raw) {
		return raw, env
	}
	m := email.Parse(raw, email.Limits{})
	inner, ienv, _, ok := Unwrap(m, raw, env)
	if !ok {
		env.Defects = append(slices.Clone(env.Defects), event.DefectJournal)
		return raw, env
	}
	return inner, ienv
}

// clean brings an envelope into the form it is stored in: lower-case, unique, sorted recipients; no control characters,
// no invalid UTF-8 and no endless strings in what strangers wrote.
func (e Envelope) clean() Envelope {
	e.Helo, e.MailFrom, e.TLS = tidy(e.Helo), tidy(e.MailFrom), tidy(e.TLS)
	e.ClientName, e.AuthUser, e.QueueID = tidy(e.ClientName), tidy(e.AuthUser), tidy(e.QueueID)
	seen := make(map[string]bool, len(e.Recipients))
	out := make([]string, 0, len(e.Recipients))
	for _, r := range e.Recipients {
		r = Recipient(r)
		if r != "" && !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	slices.Sort(out)
	e.Recipients = out
	e.Lists, e.Forwards = tidyMap(e.Lists), tidyMap(e.Forwards)
	return e
}

// Recipient is the form in which an address of an envelope is stored.
func Recipient(address string) string {
	return strings.ToLower(strings.Trim(tidy(address), "<> "))
}

func tidyMap(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[strings.ToLower(tidy(k))] = strings.ToLower(tidy(v))
	}
	return out
}

const maxEnvelopeText = 1000 // octets; a path is at most 256 (RFC 5321 section 4.5.3.1.3), more with SMTPUTF8

func tidy(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if len(s) > maxEnvelopeText {
		s = strings.ToValidUTF8(s[:maxEnvelopeText], "")
	}
	return s
}

// commit makes one group durable. It returns an error for each, nil for those that are.
func (in *Intake) commit(group []*admission) []error {
	ctx := context.Background() // a caller that gives up must not take the others' commit down
	errs := make([]error, len(group))

	in.store(ctx, group, errs)
	var live []int
	for i, err := range errs {
		if err == nil {
			live = append(live, i)
		}
	}
	if len(live) == 0 {
		return errs
	}
	picked := make([]*admission, len(live))
	for k, i := range live {
		picked[k] = group[i]
	}
	err := in.record(ctx, picked)
	if err == nil {
		return errs
	}
	for k, i := range live {
		// One message must not fail its neighbours: alone, each shows whether it was the one.
		if len(live) > 1 && !isFull(err) {
			errs[i] = in.record(ctx, picked[k:k+1])
		} else {
			errs[i] = err
		}
	}
	return errs
}

// store writes the raw bytes that are not there yet.
func (in *Intake) store(ctx context.Context, group []*admission, errs []error) {
	sums := make([]string, len(group))
	for i, a := range group {
		sums[i] = a.sum
	}
	// A committed row proves that its bytes were fsynced once; retention may have removed them since.
	known, err := in.ledger.KnownMessages(ctx, sums)
	if err != nil {
		known = nil // the transaction below will say what is wrong
	}
	first := map[string]int{} // the same mail twice in one group is written once
	var (
		blobs []blobstore.Blob
		owner []int
	)
	for i, a := range group {
		if _, twice := first[a.sum]; twice {
			continue
		}
		first[a.sum] = i
		if known[a.sum] {
			if there, err := in.blobs.Exists(ctx, a.sum); err == nil && there {
				continue
			}
		}
		blobs = append(blobs, blobstore.Blob{SHA256: a.sum, Raw: a.raw})
		owner = append(owner, i)
	}
	if len(blobs) > 0 {
		for k, err := range in.blobs.PutMany(ctx, blobs) {
			errs[owner[k]] = err
		}
	}
	for i, a := range group {
		errs[i] = errs[first[a.sum]]
	}
}

// record commits the rows and jobs of messages whose bytes are stored.
func (in *Intake) record(ctx context.Context, group []*admission) error {
	now := time.Now().UTC()
	var (
		rows  []casestore.Message
		index = map[string]int{} // sum to place in rows
	)
	for _, a := range group {
		if i, twice := index[a.sum]; twice {
			rows[i].Recipients = union(rows[i].Recipients, a.env.Recipients)
			continue
		}
		index[a.sum] = len(rows)
		rows = append(rows, casestore.Message{
			SHA256: a.sum, Time: a.env.Time, FirstSeen: now, Source: a.env.Source,
			Size: int64(len(a.raw)), Recipients: a.env.Recipients,
		})
	}
	var admitted []casestore.Admission
	jobs := map[*admission]*Job{}
	err := in.ledger.InTx(ctx, func(tx *sql.Tx) error {
		var err error
		if admitted, err = in.ledger.AdmitMessages(ctx, tx, rows, messageID); err != nil {
			return err
		}
		var params []river.InsertManyParams
		clear(jobs)
		for _, a := range group {
			i := index[a.sum]
			if i < 0 || !admitted[i].Work() {
				continue
			}
			index[a.sum] = -1 - i // one job, made from the first of its kind in the group
			j := newJob(a, admitted[i])
			jobs[a] = &j
			params = append(params, river.InsertManyParams{Args: j})
		}
		if len(params) == 0 {
			return nil
		}
		_, err = in.jobs.InsertManyFastTx(ctx, tx, params)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range group {
		i := index[a.sum]
		worked := i < 0
		if worked {
			i = -1 - i
		}
		a.receipt = Receipt{NetworkMessageID: admitted[i].NetworkMessageID, Duplicate: !worked, Job: jobs[a]}
	}
	// Of the same mail several times in one group, one is the first and the others are duplicates.
	seen := map[string]bool{}
	for _, a := range group {
		a.receipt.Duplicate = a.receipt.Duplicate || seen[a.sum]
		seen[a.sum] = true
	}
	return nil
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// isFull reports whether the cause is a disk or a quota without room. SQLite says it in its own words (SQLITE_FULL, 13).
func isFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, ErrFull) {
		return true
	}
	var coded interface{ Code() int }
	return errors.As(err, &coded) && coded.Code()&0xff == 13
}
