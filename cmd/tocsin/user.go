package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// userCommand works on the case store itself, beside a running server or without one: its database takes both.
type userCommand struct {
	Add    userAddCommand    `cmd:"" help:"Add an operator."`
	Token  userTokenCommand  `cmd:"" help:"Make an API token for an operator; it is printed once."`
	List   userListCommand   `cmd:"" help:"List operators and their tokens."`
	Change userChangeCommand `cmd:"" help:"Change roles, disable, remove a lost second factor, end sessions, revoke a token."`
}

type userAddCommand struct {
	settings
	Email    string   `short:"e" required:"" help:"Address to sign in with."`
	Role     []string `short:"r" required:"" help:"Role; give it again for more. Global Administrator, Security Administrator, Security Operator, Security Reader; extra: Search and Purge, Preview, Approve."`
	Name     string   `help:"Name to show; default the part before the @."`
	Password string   `help:"Where the password comes from: ask, stdin (one line) or none (API tokens only). Default: ask on a terminal, else none." enum:"ask,stdin,none," default:""`
}

func (c userAddCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	roles := make([]auth.Role, len(c.Role))
	for i, name := range c.Role {
		r, err := auth.ParseRole(name)
		if err != nil {
			return err
		}
		roles[i] = r
	}
	password, err := c.password(errs)
	if err != nil {
		return err
	}
	return c.withGate(ctx, func(ctx context.Context, p *app.People) error {
		o, err := p.Gate.AddOperator(ctx, c.Email, c.Name, password, roles)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Email, err)
		}
		fmt.Fprintf(out, "%s added: %s\n", o.Email, strings.Join(roleNames(roles), ", "))
		return nil
	})
}

func roleNames(roles []auth.Role) []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return names
}

func (c userAddCommand) password(errs io.Writer) (string, error) {
	terminal := term.IsTerminal(int(os.Stdin.Fd()))
	from := c.Password
	if from == "" {
		from = "none"
		if terminal {
			from = "ask"
		}
	}
	switch from {
	case "ask":
		if !terminal {
			return "", errors.New("--password ask needs a terminal; use --password stdin")
		}
		return secretFrom(from, "Password for "+c.Email, errs)
	case "stdin":
		return secretFrom(from, "", errs)
	}
	return "", nil
}

// secretFrom reads a password from the terminal (ask), or one line of standard input (stdin).
func secretFrom(from, prompt string, errs io.Writer) (string, error) {
	switch from {
	case "ask":
		fmt.Fprintf(errs, "%s: ", prompt)
		b, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(errs)
		return string(b), err
	case "stdin":
		line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	return "", nil
}

type userTokenCommand struct {
	settings
	Email string        `short:"e" required:"" help:"Whose token."`
	Name  string        `short:"n" required:"" help:"What it is for."`
	Life  time.Duration `help:"How long it works; default: until revoked."`
}

func (c userTokenCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return c.withGate(ctx, func(ctx context.Context, p *app.People) error {
		secret, err := p.Gate.MakeToken(ctx, c.Email, c.Name, c.Life)
		if err != nil {
			return err
		}
		fmt.Fprintln(errs, "This token is shown once. Send it as: Authorization: Bearer ...")
		_, err = fmt.Fprintln(out, secret)
		return err
	})
}

type userListCommand struct {
	settings
}

func (c userListCommand) Run(ctx context.Context, out stdout) error {
	return c.withGate(ctx, func(ctx context.Context, p *app.People) error {
		operators, err := p.Store.Operators(ctx)
		if err != nil {
			return err
		}
		tokens, err := p.Store.Tokens(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "EMAIL\tNAME\tROLES\tSIGNED IN\tTOKENS")
		for _, o := range operators {
			var names []string
			for _, t := range tokens {
				if t.OperatorID == o.ID && !t.Revoked {
					names = append(names, t.Name)
				}
			}
			slices.Sort(names)
			seen := "never"
			if !o.SignedIn.IsZero() {
				seen = o.SignedIn.Format(time.RFC3339)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Email, o.Name, strings.Join(roleNames(o.Roles), ", "), seen, strings.Join(names, ", "))
		}
		return w.Flush()
	})
}

// withGate opens the case store for f, which acts as the local command line in the audit log.
func (s settings) withGate(ctx context.Context, f func(context.Context, *app.People) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	p, err := app.OpenPeople(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(f(asLocal(ctx), p), p.Close())
}

// asLocal is a context in which the local command line acts.
func asLocal(ctx context.Context) context.Context {
	return auth.With(ctx, &auth.Principal{Operator: auth.Operator{Email: "local command line"}, Via: "local"})
}
