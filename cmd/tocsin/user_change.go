package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// userChangeCommand is for when nobody can do it in the browser: the last administrator lost the phone, or forgot the password.
type userChangeCommand struct {
	settings
	Email        string   `short:"e" required:"" help:"Whom to change."`
	Role         []string `short:"r" help:"Roles in place of those there are; give it again for more."`
	Disable      bool     `xor:"state" help:"They may not sign in any more, and their tokens do not work."`
	Enable       bool     `xor:"state" help:"They may again."`
	RemoveFactor bool     `help:"Remove a second factor that was lost; their sessions end."`
	EndSessions  bool     `help:"End all their sessions."`
	Link         bool     `help:"Print a link with which they choose a new password."`
	RevokeToken  string   `placeholder:"NAME" help:"Revoke their API tokens of this name."`
}

func (c userChangeCommand) Run(ctx context.Context, out stdout) error {
	roles := make([]auth.Role, len(c.Role))
	for i, name := range c.Role {
		r, err := auth.ParseRole(name)
		if err != nil {
			return err
		}
		roles[i] = r
	}
	return c.withGate(ctx, func(ctx context.Context, p *app.People) error {
		o, err := p.Store.OperatorByEmail(ctx, strings.ToLower(strings.TrimSpace(c.Email)))
		if err != nil {
			return fmt.Errorf("%s: %w", c.Email, err)
		}
		change := auth.Change{}
		if len(roles) > 0 {
			change.Roles = roles
		}
		if c.Disable || c.Enable {
			change.Disabled = &c.Disable
		}
		if o, err = p.Gate.ChangeOperator(ctx, auth.From(ctx), o.ID, change); err != nil {
			return fmt.Errorf("%s: %w", c.Email, err)
		}
		if c.RemoveFactor {
			err = errors.Join(err, p.Gate.RemoveFactor(ctx, o.ID))
		}
		if c.EndSessions {
			err = errors.Join(err, p.Gate.EndSessions(ctx, o.ID, ""))
		}
		if c.RevokeToken != "" {
			err = errors.Join(err, c.revoke(ctx, p, o))
		}
		if err != nil {
			return err
		}
		if c.Link {
			secret, until, err := p.Gate.InviteAgain(ctx, o.ID)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "Put the server's address before it; it works once, until %s:\n/invitation#%s\n", until.UTC().Format("2006-01-02 15:04 UTC"), secret)
		}
		fmt.Fprintf(out, "%s: %s%s\n", o.Email, strings.Join(roleNames(o.Roles), ", "), map[bool]string{true: ", disabled"}[o.Disabled])
		return nil
	})
}

func (c userChangeCommand) revoke(ctx context.Context, p *app.People, o auth.Operator) error {
	tokens, err := p.Gate.Tokens(ctx, o.ID)
	if err != nil {
		return err
	}
	found := false
	for _, t := range tokens {
		if t.Name != c.RevokeToken {
			continue
		}
		found = true
		if err := p.Gate.RevokeToken(ctx, &auth.Principal{Operator: o}, t.ID); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s has no token %q", o.Email, c.RevokeToken)
	}
	return nil
}
