package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/directory"
)

// directoryCommand works on the case store itself, beside a running server or without one. A running server notices within seconds.
type directoryCommand struct {
	Import directoryImportCommand `cmd:"" help:"Take people from a CSV file; what came from a file of this name before is replaced."`
	Sync   directorySyncCommand   `cmd:"" help:"Ask the files and the LDAP server of the settings."`
	List   directoryListCommand   `cmd:"" help:"List people, or where they come from."`
	Remove directoryRemoveCommand `cmd:"" help:"Forget the people of an imported file."`
}

type directoryImportCommand struct {
	settings
	File string `arg:"" help:"CSV with a head line: email, and as you have them name, title, department, manager, groups, aliases, private, priority; - is standard input."`
}

func (c directoryImportCommand) Run(ctx context.Context, in stdin, out stdout) error {
	name, r := filepath.Base(c.File), io.Reader(in)
	if c.File == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		r = bufio.NewReader(f)
	}
	people, err := directory.ReadCSV(r, name)
	if err != nil {
		return err
	}
	return c.withDirectory(ctx, func(ctx context.Context, d *directory.Directory, p *app.People) error {
		n, err := d.Import(ctx, "csv "+name, people)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(out, "%d people from %s; %d in the directory\n", n, visible(name), len(d.Organisation().People))
		return p.Gate.Write(ctx, auth.Record{Action: auth.ActDirectory, Subject: "csv " + name}, map[string]int{"people": n})
	})
}

type directorySyncCommand struct {
	settings
	Shrink bool `help:"Believe an answer with less than half of the people that are known."`
}

func (c directorySyncCommand) Run(ctx context.Context, out stdout) error {
	return c.withDirectory(ctx, func(ctx context.Context, d *directory.Directory, p *app.People) error {
		outcomes := d.Sync(ctx, c.Shrink)
		if len(outcomes) == 0 {
			return errors.New("there is nothing to ask; set directory.files or directory.ldap, or use tocsin directory import")
		}
		var errs []error
		for _, o := range outcomes {
			if o.Err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", o.Source, o.Err))
				continue
			}
			fmt.Fprintf(out, "%s: %d people\n", o.Source, o.People)
		}
		errs = append(errs, p.Gate.Write(ctx, auth.Record{Action: auth.ActDirectory}, nil))
		return errors.Join(errs...)
	})
}

type directoryListCommand struct {
	settings
	Sources bool   `help:"Where people come from, and how the last try went."`
	Search  string `arg:"" optional:"" help:"Words that name, address, title, department or group must contain."`
}

func (c directoryListCommand) Run(ctx context.Context, out stdout) error {
	return c.withDirectory(ctx, func(_ context.Context, d *directory.Directory, _ *app.People) error {
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		if c.Sources {
			fmt.Fprintln(w, "SOURCE\tPEOPLE\tCOPY FROM\tLAST TRY")
			for _, s := range d.Sources() {
				state := "well"
				if s.Problem != "" {
					state = visible(s.Problem)
				}
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", visible(s.Source), s.Count, moment(s.At), state)
			}
			return w.Flush()
		}
		fmt.Fprintln(w, "ADDRESS\tNAME\tTITLE\tDEPARTMENT\tPRIORITY\tFROM")
		for _, e := range d.Find(directory.Wanted{Search: c.Search}, "", directory.MaxPeople).People {
			priority := ""
			if e.Priority {
				priority = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", visible(e.Address), visible(e.Name), visible(e.Title), visible(e.Department), priority, visible(strings.Join(e.Sources, ", ")))
		}
		return w.Flush()
	})
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

type directoryRemoveCommand struct {
	settings
	Source string `arg:"" help:"As tocsin directory list --sources shows it."`
}

func (c directoryRemoveCommand) Run(ctx context.Context, out stdout) error {
	return c.withDirectory(ctx, func(ctx context.Context, d *directory.Directory, p *app.People) error {
		for _, s := range d.Sources() {
			if s.Source != c.Source || s.Source == directory.Settings {
				continue
			}
			if err := p.Store.RemoveDirectoryCopy(ctx, c.Source); err != nil {
				return err
			}
			fmt.Fprintf(out, "%s removed: %d people\n", visible(c.Source), s.Count)
			return p.Gate.Write(ctx, auth.Record{Action: auth.ActDirectory, Subject: c.Source}, map[string]bool{"removed": true})
		}
		return fmt.Errorf("there is no source %q; tocsin directory list --sources shows them", c.Source)
	})
}

// withDirectory opens the directory for f, which acts as the local command line in the audit log.
func (s settings) withDirectory(ctx context.Context, f func(context.Context, *directory.Directory, *app.People) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	d, p, err := app.OpenDirectory(ctx, cfg)
	if err != nil {
		return err
	}
	local := &auth.Principal{Operator: auth.Operator{Email: "local command line"}, Via: "local"}
	return errors.Join(f(auth.With(ctx, local), d, p), p.Close())
}
