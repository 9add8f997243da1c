package imap

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/emersion/go-sasl"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/sieve"
)

// aided is a mailbox of a system with ManageSieve.
type aided struct{ *mailbox }

// maxScripts of a mailbox are read: the active one and what it includes.
const maxScripts = 10

// Rules lists the rules of the active script and of the mailbox's own scripts that it includes.
func (a *aided) Rules(ctx context.Context) ([]remediate.MailboxRule, error) {
	var out []remediate.MailboxRule
	err := a.sieve(ctx, func(c *sieve.Client) error {
		scripts, err := c.Scripts()
		if err != nil {
			return err
		}
		var todo []string
		for _, s := range scripts {
			if s.Active {
				todo = append(todo, s.Name)
			}
		}
		for i := 0; i < len(todo) && i < maxScripts; i++ {
			text, err := c.Get(todo[i])
			if err != nil {
				return err
			}
			for k, r := range sieve.Cut(text) {
				out = append(out, remediate.MailboxRule{ID: ruleID(todo[i], r, k), Script: todo[i], Version: version(text), Text: r.Text, Why: r.Why(a.p.o.OwnDomains)})
				for _, name := range r.Includes() {
					if !slices.Contains(todo, name) && slices.ContainsFunc(scripts, func(s sieve.Script) bool { return s.Name == name }) {
						todo = append(todo, name)
					}
				}
			}
		}
		if len(todo) > maxScripts {
			return fmt.Errorf("the scripts of %s include more than %d others; look at them by hand", a.address, maxScripts)
		}
		return nil
	})
	return out, err
}

// ruleID names a rule by its script, its text and, since a script may hold the same twice, its place.
func ruleID(script string, r sieve.Rule, n int) string {
	return fmt.Sprintf("%s;%d;%s", r.Hash, n, script)
}

// version names a script's octets.
func version(script string) string {
	sum := sha256.Sum256([]byte(script))
	return hex.EncodeToString(sum[:16])
}

// RemoveRule rewrites the script without the rule. The server checks the rest before it takes it.
func (a *aided) RemoveRule(ctx context.Context, rule remediate.MailboxRule, keep func(remediate.ScriptChange) error) error {
	return a.sieve(ctx, func(c *sieve.Client) error {
		text, err := a.get(c, rule.Script)
		if err != nil {
			return err
		}
		if version(text) != rule.Version {
			return remediate.ErrChanged
		}
		for k, r := range sieve.Cut(text) {
			if ruleID(rule.Script, r, k) == rule.ID {
				return rewrite(c, remediate.ScriptChange{Script: rule.Script, Before: text, After: sieve.Without(text, r), At: r.Start}, keep)
			}
		}
		return &remediateError{fmt.Sprintf("the rule does not stand in %q any more", cut(rule.Script)), remediate.ErrGone, nil}
	})
}

// PutBack writes what was taken out where it stood.
func (a *aided) PutBack(ctx context.Context, out remediate.ScriptChange, keep func(remediate.ScriptChange) error) error {
	return a.sieve(ctx, func(c *sieve.Client) error {
		text, err := a.get(c, out.Script)
		if err != nil {
			return err
		}
		after, ok := sieve.Restore(text, out.Before, out.After, out.At)
		if !ok {
			return remediate.ErrChanged
		}
		return rewrite(c, remediate.ScriptChange{Script: out.Script, Before: text, After: after, At: out.At}, keep)
	})
}

// errKeep is the error of a keep, which is none of the mail system.
type errKeep struct{ error }

func (e errKeep) Unwrap() error { return e.error }

// rewrite tells keep and then the server. ManageSieve knows no condition for writing: what another wrote in between is lost, and the change
// that keep holds shows it.
func rewrite(c *sieve.Client, x remediate.ScriptChange, keep func(remediate.ScriptChange) error) error {
	if err := keep(x); err != nil {
		return errKeep{err}
	}
	if x.Before == x.After {
		return nil
	}
	return c.Put(x.Script, x.After)
}

// Script reads one.
func (a *aided) Script(ctx context.Context, name string) (text string, err error) {
	err = a.sieve(ctx, func(c *sieve.Client) error {
		text, err = a.get(c, name)
		return err
	})
	return text, err
}

func (a *aided) get(c *sieve.Client, name string) (string, error) {
	text, err := c.Get(name)
	var no *sieve.Refusal
	if errors.As(err, &no) && no.Code == "NONEXISTENT" {
		return "", &remediateError{fmt.Sprintf("there is no script %q any more", cut(name)), remediate.ErrGone, nil}
	}
	return text, err
}

// CanSignOut says no: IMAP has no word for ending other sessions.
func (a *aided) CanSignOut() error {
	return cannot("over IMAP nobody can end the sessions of another; change the password and end them on the mail server (Dovecot: doveadm kick " + a.address + ")")
}

// SignOut cannot be.
func (a *aided) SignOut(context.Context) error { return a.CanSignOut() }

// sieve signs in to the mailbox's ManageSieve and puts errors into the words of the contract.
func (a *aided) sieve(ctx context.Context, f func(c *sieve.Client) error) error {
	o := a.p.o
	var secure *tls.Config
	if o.SieveTLS != TLSNone {
		secure = a.p.tls.Clone()
		secure.ServerName, _, _ = net.SplitHostPort(o.Sieve)
	}
	c, err := sieve.Dial(ctx, o.Sieve, secure, o.SieveTLS == TLSImplicit, o.Timeout)
	if err != nil {
		return a.sieveError("connecting to ManageSieve", err)
	}
	defer c.Close()
	mechanism, message, err := a.sieveSignIn(ctx, c)
	if err != nil {
		return err
	}
	if err := c.Authenticate(mechanism, message); err != nil {
		var no *sieve.Refusal
		if errors.As(err, &no) && no.Code != "TRYLATER" && !no.Bye {
			return &remediateError{fmt.Sprintf("ManageSieve of %s refuses %s: %q", o.Name, o.who(), cut(no.Text)), remediate.ErrRefused, nil}
		}
		return a.sieveError("signing in to ManageSieve", err)
	}
	return a.sieveError("the mail rules of "+a.address, f(c))
}

func (a *aided) sieveSignIn(ctx context.Context, c *sieve.Client) (mechanism string, message []byte, err error) {
	o := a.p.o
	if o.SignIn != SignOAuth2 {
		authzid, user, password, err := a.credentials()
		if err != nil {
			return "", nil, err
		}
		return sasl.NewPlainClient(authzid, user, password).Start()
	}
	token, err := a.token(ctx, false)
	if err != nil {
		return "", nil, err
	}
	if c.Offers(sasl.OAuthBearer) {
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: a.login, Token: token}).Start()
	}
	return (&xoauth2{a.login, token}).Start()
}

func (a *aided) sieveError(what string, err error) error {
	var no *sieve.Refusal
	var ours *remediateError
	var network net.Error
	var kept errKeep
	switch {
	case errors.As(err, &kept):
		return kept.error
	case err == nil || errors.As(err, &ours) || errors.Is(err, remediate.ErrChanged) || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &no):
		kind := error(nil)
		if no.Bye || no.Code == "TRYLATER" {
			kind = remediate.ErrOverloaded
		}
		return &remediateError{fmt.Sprintf("%s: %s says %q", what, a.p.o.Name, cut(no.Text)), kind, nil}
	case errors.As(err, &network):
		return overloaded(what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
