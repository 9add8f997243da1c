// Package providertest holds what every mailbox provider must do, as a suite of tests (Run), and a mail system in memory (Memory) that
// does it: for tests of what stands above providers, with faults on demand.
package providertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/remediate"
)

// Op names what is done to a Memory, for its hooks.
type Op string

// The operations.
const (
	OpOpen   Op = "open"
	OpFind   Op = "find"
	OpStat   Op = "stat"
	OpFetch  Op = "fetch"
	OpMove   Op = "move"
	OpRemove Op = "remove"
	OpAppend Op = "append"
	OpClose  Op = "close"

	OpRules   Op = "rules"   // reads them
	OpRewrite Op = "rewrite" // changes them
	OpSignOut Op = "sign out"
)

// Memory is a mail system in memory. Set its fields before it is used.
type Memory struct {
	// Before is asked before each operation; its error is the answer and nothing is done. After is asked when it was done; its error is
	// the answer although it was done, as when a connection breaks in that moment. They may block. address is the mailbox's.
	Before, After func(ctx context.Context, op Op, address string) error
	// NoSignOut is why sessions cannot be ended; nil: they can.
	NoSignOut error

	mu    sync.Mutex
	boxes map[string]*memoryBox
	last  int
}

type memoryBox struct {
	copies []memoryCopy
	rules  []remediate.MailboxRule
	outs   int
}

type memoryCopy struct {
	remediate.Copy
	raw []byte
}

// Held is a copy as an independent look into a mailbox shows it.
type Held struct {
	Folder   string
	Flags    []string // sorted, without \Recent
	Received time.Time
	Raw      []byte
}

// NewMemory makes a mail system with these mailboxes.
func NewMemory(addresses ...string) *Memory {
	m := &Memory{boxes: map[string]*memoryBox{}}
	for _, a := range addresses {
		m.boxes[strings.ToLower(a)] = &memoryBox{}
	}
	return m
}

// Name is "memory".
func (m *Memory) Name() string { return "memory" }

// folder of a place.
var memoryFolders = map[remediate.Place]string{remediate.Inbox: "INBOX", remediate.Junk: "Junk", remediate.Deleted: "Trash"}

// Folder is the name that a place has in a Memory; "" for places that are no folders.
func Folder(p remediate.Place) string { return memoryFolders[p] }

func placeOf(folder string) remediate.Place {
	switch folder {
	case "Junk":
		return remediate.Junk
	case "Trash":
		return remediate.Deleted
	}
	return remediate.Inbox
}

// Deliver puts a message into a folder, past Before and After, and returns the copy. The mailbox is made when it is not there.
func (m *Memory) Deliver(address, folder string, raw []byte, flags []string, received time.Time) remediate.Copy {
	m.mu.Lock()
	defer m.mu.Unlock()
	address = strings.ToLower(address)
	if m.boxes[address] == nil {
		m.boxes[address] = &memoryBox{}
	}
	return m.put(m.boxes[address], raw, folder, flags, received)
}

// put needs the lock.
func (m *Memory) put(b *memoryBox, raw []byte, folder string, flags []string, received time.Time) remediate.Copy {
	m.last++
	sum := sha256.Sum256(raw)
	flags = slices.Clone(flags)
	slices.Sort(flags)
	c := remediate.Copy{ID: fmt.Sprintf("%s;%d", folder, m.last), Folder: folder, Place: placeOf(folder), Flags: flags,
		Received: received.UTC().Truncate(time.Second), Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:])}
	b.copies = append(b.copies, memoryCopy{c, slices.Clone(raw)})
	return c
}

// Look returns what lies in a mailbox, past Before and After, in the order of arrival in their folders.
func (m *Memory) Look(address string) []Held {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.boxes[strings.ToLower(address)]
	if b == nil {
		return nil
	}
	var out []Held
	for _, c := range b.copies {
		out = append(out, Held{c.Folder, slices.Clone(c.Flags), c.Received, slices.Clone(c.raw)})
	}
	return out
}

// Flag changes the flags of a copy, as its owner does by reading. It reports whether the copy is there.
func (m *Memory) Flag(address string, c remediate.Copy, flags ...string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.boxes[strings.ToLower(address)]
	if b == nil {
		return false
	}
	i := b.index(c)
	if i >= 0 {
		b.copies[i].Flags = slices.Sorted(slices.Values(flags))
	}
	return i >= 0
}

// Renew gives every copy in a folder another ID, as an IMAP server does with another UIDVALIDITY.
func (m *Memory) Renew(address, folder string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[strings.ToLower(address)]; b != nil {
		for i := range b.copies {
			if b.copies[i].Folder == folder {
				m.last++
				b.copies[i].ID = fmt.Sprintf("%s;%d", folder, m.last)
			}
		}
	}
}

// SetRules sets what the mailbox does by itself. SignOuts says how often its owner was signed out.
func (m *Memory) SetRules(address string, rules ...remediate.MailboxRule) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[strings.ToLower(address)]; b != nil {
		b.rules = slices.Clone(rules)
	}
}

// SignOuts says how often the owner of the mailbox was signed out.
func (m *Memory) SignOuts(address string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[strings.ToLower(address)]; b != nil {
		return b.outs
	}
	return 0
}

func (b *memoryBox) index(c remediate.Copy) int {
	return slices.IndexFunc(b.copies, func(have memoryCopy) bool { return have.ID == c.ID })
}

// do runs one operation between the hooks, with the lock.
func (m *Memory) do(ctx context.Context, op Op, address string, f func(*memoryBox) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.Before != nil {
		if err := m.Before(ctx, op, address); err != nil {
			return err
		}
	}
	m.mu.Lock()
	b, err := m.boxes[strings.ToLower(address)], remediate.ErrNoMailbox
	if b != nil {
		err = f(b)
	}
	m.mu.Unlock()
	if err == nil && m.After != nil {
		err = m.After(ctx, op, address)
	}
	return err
}

// Open opens a mailbox.
func (m *Memory) Open(ctx context.Context, address string) (remediate.Mailbox, error) {
	if err := m.do(ctx, OpOpen, address, func(*memoryBox) error { return nil }); err != nil {
		return nil, err
	}
	return &memoryMailbox{m, address}, nil
}

// memoryMailbox is an open mailbox of a Memory.
type memoryMailbox struct {
	m       *Memory
	address string
}

func (o *memoryMailbox) Find(ctx context.Context, want remediate.Message) (out []remediate.Copy, err error) {
	err = o.m.do(ctx, OpFind, o.address, func(b *memoryBox) error {
		for _, c := range b.copies {
			if matches(c.raw, want) {
				found := c.Copy
				found.SHA256 = ""
				out = append(out, found)
			}
		}
		return nil
	})
	return out, err
}

// matches compares what Find searches by.
func matches(raw []byte, want remediate.Message) bool {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return false
	}
	if want.InternetMessageID != "" {
		return strings.TrimSpace(m.Header.Get("Message-Id")) == want.InternetMessageID
	}
	date, err := m.Header.Date()
	if err != nil || date.Format(time.DateOnly) != want.Date.In(date.Location()).Format(time.DateOnly) {
		return false
	}
	return strings.Contains(strings.ToLower(m.Header.Get("From")), strings.ToLower(want.SenderFrom))
}

// Folder lists the copies in a folder behind another.
func (o *memoryMailbox) Folder(ctx context.Context, name, after string, limit int) (out []remediate.Copy, err error) {
	err = o.m.do(ctx, OpFind, o.address, func(b *memoryBox) error {
		number := func(id string) (n int) {
			_, _ = fmt.Sscanf(id[strings.LastIndexByte(id, ';')+1:], "%d", &n)
			return n
		}
		for _, c := range b.copies {
			if strings.EqualFold(c.Folder, name) && number(c.ID) > number(after) && len(out) < limit {
				found := c.Copy
				found.SHA256 = ""
				out = append(out, found)
			}
		}
		return nil
	})
	return out, err
}

func (o *memoryMailbox) Stat(ctx context.Context, c remediate.Copy) (out remediate.Copy, err error) {
	err = o.m.do(ctx, OpStat, o.address, func(b *memoryBox) error {
		i := b.index(c)
		if i < 0 {
			return remediate.ErrGone
		}
		out = b.copies[i].Copy
		out.Flags, out.SHA256 = slices.Clone(out.Flags), c.SHA256
		return nil
	})
	return out, err
}

func (o *memoryMailbox) Fetch(ctx context.Context, c remediate.Copy) (raw []byte, out remediate.Copy, err error) {
	err = o.m.do(ctx, OpFetch, o.address, func(b *memoryBox) error {
		i := b.index(c)
		if i < 0 {
			return remediate.ErrGone
		}
		raw, out = slices.Clone(b.copies[i].raw), b.copies[i].Copy
		return nil
	})
	return raw, out, err
}

func (o *memoryMailbox) Move(ctx context.Context, c remediate.Copy, place remediate.Place, folder string) (out remediate.Copy, err error) {
	if folder == "" {
		if folder = memoryFolders[place]; folder == "" {
			return out, remediate.ErrCannot
		}
	}
	err = o.m.do(ctx, OpMove, o.address, func(b *memoryBox) error {
		i := b.index(c)
		if i < 0 {
			return remediate.ErrGone
		}
		was := b.copies[i]
		if was.Folder == folder {
			out = was.Copy
			return nil
		}
		b.copies = slices.Delete(b.copies, i, i+1)
		out = o.m.put(b, was.raw, folder, was.Flags, was.Received)
		return nil
	})
	out.SHA256 = c.SHA256
	return out, err
}

func (o *memoryMailbox) Remove(ctx context.Context, c remediate.Copy) error {
	return o.m.do(ctx, OpRemove, o.address, func(b *memoryBox) error {
		i := b.index(c)
		if i < 0 {
			return remediate.ErrGone
		}
		b.copies = slices.Delete(b.copies, i, i+1)
		return nil
	})
}

func (o *memoryMailbox) Append(ctx context.Context, raw []byte, place remediate.Place, folder string, flags []string, received time.Time) (out remediate.Copy, err error) {
	if folder == "" {
		if folder = memoryFolders[place]; folder == "" {
			return out, remediate.ErrCannot
		}
	}
	err = o.m.do(ctx, OpAppend, o.address, func(b *memoryBox) error {
		out = o.m.put(b, raw, folder, flags, received)
		return nil
	})
	return out, err
}

// Close ends the use of the mailbox.
func (o *memoryMailbox) Close() error {
	return o.m.do(context.Background(), OpClose, o.address, func(*memoryBox) error { return nil })
}

// Rules lists what SetRules set.
func (o *memoryMailbox) Rules(ctx context.Context) (out []remediate.MailboxRule, err error) {
	err = o.m.do(ctx, OpRules, o.address, func(b *memoryBox) error { out = slices.Clone(b.rules); return nil })
	return out, err
}

// script is the text of all rules of a script.
func (b *memoryBox) script(name string) (text string, found bool) {
	for _, r := range b.rules {
		if r.Script == name {
			text, found = text+r.Text, true
		}
	}
	return text, found
}

// RemoveRule takes a rule out. The hooks are asked twice, before and after keep: a fault between the two is a crash there.
func (o *memoryMailbox) RemoveRule(ctx context.Context, r remediate.MailboxRule, keep func(remediate.ScriptChange) error) error {
	var x remediate.ScriptChange
	err := o.m.do(ctx, OpRules, o.address, func(b *memoryBox) error {
		at := 0
		for _, have := range b.rules {
			if have.Script != r.Script {
				continue
			}
			if have.ID == r.ID {
				if have.Version != r.Version {
					return remediate.ErrChanged
				}
				whole, _ := b.script(r.Script)
				x = remediate.ScriptChange{Script: r.Script, Before: whole, After: whole[:at] + whole[at+len(have.Text):], At: at}
				return nil
			}
			at += len(have.Text)
		}
		return remediate.ErrGone
	})
	if err != nil {
		return err
	}
	if err := keep(x); err != nil {
		return err
	}
	return o.m.do(ctx, OpRewrite, o.address, func(b *memoryBox) error {
		b.rules = slices.DeleteFunc(b.rules, func(have remediate.MailboxRule) bool { return have.ID == r.ID })
		return nil
	})
}

// PutBack adds a rule with the text that was taken out, as the last one.
func (o *memoryMailbox) PutBack(ctx context.Context, out remediate.ScriptChange, keep func(remediate.ScriptChange) error) error {
	piece := out.Before[out.At : out.At+len(out.Before)-len(out.After)]
	x := remediate.ScriptChange{Script: out.Script}
	err := o.m.do(ctx, OpRules, o.address, func(b *memoryBox) error {
		whole, _ := b.script(out.Script)
		if whole != "" && whole != out.After && !strings.HasPrefix(whole, out.Before[:out.At]) {
			return remediate.ErrChanged
		}
		x.Before, x.After, x.At = whole, whole+piece, len(whole)
		return nil
	})
	if err != nil {
		return err
	}
	if err := keep(x); err != nil {
		return err
	}
	return o.m.do(ctx, OpRewrite, o.address, func(b *memoryBox) error {
		o.m.last++
		b.rules = append(b.rules, remediate.MailboxRule{ID: fmt.Sprintf("put back %d", o.m.last), Script: out.Script, Text: piece})
		return nil
	})
}

// Script is the text of its rules, one after the other.
func (o *memoryMailbox) Script(ctx context.Context, name string) (text string, err error) {
	err = o.m.do(ctx, OpRules, o.address, func(b *memoryBox) error { text, _ = b.script(name); return nil })
	return text, err
}

// CanSignOut says what NoSignOut says.
func (o *memoryMailbox) CanSignOut() error { return o.m.NoSignOut }

// SignOut counts.
func (o *memoryMailbox) SignOut(ctx context.Context) error {
	if o.m.NoSignOut != nil {
		return o.m.NoSignOut
	}
	return o.m.do(ctx, OpSignOut, o.address, func(b *memoryBox) error { b.outs++; return nil })
}

var (
	_ remediate.Provider = (*Memory)(nil)
	_ remediate.Mailbox  = (*memoryMailbox)(nil)
	_ remediate.FirstAid = (*memoryMailbox)(nil)
)
