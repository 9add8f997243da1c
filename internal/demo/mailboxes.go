package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/remediate"
)

// Mailboxes is the mail system of the invented organisation, so that mail can be taken out of mailboxes and put back without a real server.
// What lies in a mailbox is known from the events: a message that was delivered lies in its folder, as it came in. What is done to it is kept
// in memory; after a restart it lies where the events say it does. Set the fields before it is used.
type Mailboxes struct {
	// Event says where a message of a mailbox lies, and when it came. ok is false when the mailbox never got it.
	Event func(ctx context.Context, message, address string) (lies Lies, ok bool, err error)
	Raw   func(ctx context.Context, sha256 string) ([]byte, error)

	mu      sync.Mutex
	boxes   map[string]map[string]*letter // by address and network message id
	scripts map[string]string             // rules that were changed, by address
	last    int
}

// Lies is where a message lies.
type Lies struct {
	Place  remediate.Place
	SHA256 string // of the bytes as they came in
	Time   time.Time
}

// letter is a message in a mailbox, with its copies.
type letter struct{ copies []copied }

type copied struct {
	remediate.Copy
	raw []byte // nil: the bytes that came in
}

// delay is how long a call takes, as to a server in the next room: so that one can watch the work.
const delay = 8 * time.Millisecond

// Name is the organisation's, so that nobody takes it for a mail system.
func (m *Mailboxes) Name() string { return "invented mailboxes of " + Name }

// Open opens the mailbox of one of the sixty.
func (m *Mailboxes) Open(ctx context.Context, address string) (remediate.Mailbox, error) {
	if !slices.ContainsFunc(People(), func(p Person) bool { return strings.EqualFold(p.Address, address) }) {
		return nil, fmt.Errorf("%w: %s", remediate.ErrNoMailbox, address)
	}
	return &mailbox{m: m, address: strings.ToLower(address)}, nil
}

// letter of a mailbox; needs the lock.
func (m *Mailboxes) letter(address, message string) *letter {
	if m.boxes == nil {
		m.boxes = map[string]map[string]*letter{}
	}
	if m.boxes[address] == nil {
		m.boxes[address] = map[string]*letter{}
	}
	return m.boxes[address][message]
}

// put adds a copy; needs the lock.
func (m *Mailboxes) put(l *letter, c remediate.Copy, raw []byte) remediate.Copy {
	m.last++
	c.ID = fmt.Sprintf("%s;%d", c.Folder, m.last)
	l.copies = append(l.copies, copied{c, raw})
	return c
}

var demoFolders = map[remediate.Place]string{remediate.Inbox: "INBOX", remediate.Junk: "Junk", remediate.Deleted: "Trash"}

// mailbox is an open one. It remembers what was looked for last: a copy that is appended belongs to it.
type mailbox struct {
	m       *Mailboxes
	address string
	message string
}

func (b *mailbox) wait(ctx context.Context) error {
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Find takes the message from where its event says it lies when it is looked for the first time.
func (b *mailbox) Find(ctx context.Context, want remediate.Message) ([]remediate.Copy, error) {
	if err := b.wait(ctx); err != nil {
		return nil, err
	}
	b.message = want.NetworkMessageID
	b.m.mu.Lock()
	l := b.m.letter(b.address, b.message)
	b.m.mu.Unlock()
	if l == nil {
		if err := b.arrive(ctx); err != nil {
			return nil, err
		}
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	var out []remediate.Copy
	for _, c := range b.m.letter(b.address, b.message).copies {
		found := c.Copy
		found.SHA256 = ""
		out = append(out, found)
	}
	return out, nil
}

// arrive puts the message where its event says it is.
func (b *mailbox) arrive(ctx context.Context) error {
	at, ok, err := b.m.Event(ctx, b.message, b.address)
	if err != nil {
		return err
	}
	l := &letter{}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if folder := demoFolders[at.Place]; ok && folder != "" {
		b.m.put(l, remediate.Copy{Folder: folder, Place: at.Place, Flags: flagsOf(b.address, at.SHA256), Received: at.Time.UTC().Truncate(time.Second), SHA256: at.SHA256}, nil)
	}
	if b.m.letter(b.address, b.message) == nil {
		b.m.boxes[b.address][b.message] = l
	}
	return nil
}

// flagsOf invents what its owner did with a message: most was read, some of it answered or forwarded. The same message has the same.
func flagsOf(address, sum string) []string {
	h := sha256.Sum256([]byte(address + " " + sum))
	var out []string
	if h[0] < 150 {
		if h[1] < 20 {
			out = append(out, "$Forwarded")
		}
		if h[2] < 30 {
			out = append(out, `\Answered`)
		}
		out = append(out, `\Seen`)
	}
	return out
}

// with runs f on a copy that is there.
func (b *mailbox) with(ctx context.Context, c remediate.Copy, f func(l *letter, i int) error) error {
	if err := b.wait(ctx); err != nil {
		return err
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	for _, l := range b.m.boxes[b.address] {
		if i := slices.IndexFunc(l.copies, func(have copied) bool { return have.ID == c.ID }); i >= 0 {
			return f(l, i)
		}
	}
	return remediate.ErrGone
}

func (b *mailbox) Stat(ctx context.Context, c remediate.Copy) (out remediate.Copy, err error) {
	err = b.with(ctx, c, func(l *letter, i int) error {
		out = l.copies[i].Copy
		out.SHA256 = c.SHA256
		return nil
	})
	return out, err
}

func (b *mailbox) Fetch(ctx context.Context, c remediate.Copy) (raw []byte, out remediate.Copy, err error) {
	err = b.with(ctx, c, func(l *letter, i int) error {
		out, raw = l.copies[i].Copy, slices.Clone(l.copies[i].raw)
		return nil
	})
	if err == nil && raw == nil {
		raw, err = b.m.Raw(ctx, out.SHA256)
	}
	out.Size = int64(len(raw))
	return raw, out, err
}

func (b *mailbox) Move(ctx context.Context, c remediate.Copy, place remediate.Place, folder string) (out remediate.Copy, err error) {
	if folder == "" {
		folder = demoFolders[place]
	}
	if folder == "" {
		return out, remediate.ErrCannot
	}
	err = b.with(ctx, c, func(l *letter, i int) error {
		was := l.copies[i]
		if was.Folder == folder {
			out = was.Copy
			return nil
		}
		l.copies = slices.Delete(l.copies, i, i+1)
		was.Folder, was.Place = folder, placeIn(folder)
		out = b.m.put(l, was.Copy, was.raw)
		return nil
	})
	out.SHA256, out.Size = c.SHA256, c.Size
	return out, err
}

func (b *mailbox) Remove(ctx context.Context, c remediate.Copy) error {
	return b.with(ctx, c, func(l *letter, i int) error {
		l.copies = slices.Delete(l.copies, i, i+1)
		return nil
	})
}

func (b *mailbox) Append(ctx context.Context, raw []byte, place remediate.Place, folder string, flags []string, received time.Time) (out remediate.Copy, err error) {
	if folder == "" {
		folder = demoFolders[place]
	}
	if folder == "" {
		return out, remediate.ErrCannot
	}
	if err := b.wait(ctx); err != nil {
		return out, err
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	l := b.m.letter(b.address, b.message)
	if l == nil {
		l = &letter{}
		b.m.boxes[b.address][b.message] = l
	}
	sum := sha256.Sum256(raw)
	return b.m.put(l, remediate.Copy{Folder: folder, Place: placeIn(folder), Flags: slices.Sorted(slices.Values(flags)), Received: received.UTC().Truncate(time.Second),
		Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:])}, slices.Clone(raw)), nil
}

func (b *mailbox) Close() error { return nil }

func placeIn(folder string) remediate.Place {
	for place, f := range demoFolders {
		if f == folder {
			return place
		}
	}
	return remediate.Inbox
}

var (
	_ remediate.Provider = (*Mailboxes)(nil)
	_ remediate.Mailbox  = (*mailbox)(nil)
)
