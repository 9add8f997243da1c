package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

// auditCommand reads the log of what operators did, and proves it.
type auditCommand struct {
	List   auditListCommand   `cmd:"" help:"Show records, newest first."`
	Export auditExportCommand `cmd:"" help:"Write records as lines of JSON with their hashes, signed; tocsin audit verify checks such a file anywhere."`
	Verify auditVerifyCommand `cmd:"" help:"Check that no record was changed, removed, inserted or moved. Needs no server, and changes nothing."`
	Key    auditKeyCommand    `cmd:"" help:"Print the public key. Keep a copy elsewhere: signatures are checked with it."`
}

// auditPick says which records.
type auditPick struct {
	Since    time.Duration `help:"Only the last hours: 48h." placeholder:"HOURS"`
	From     time.Time     `help:"Only from this time on, as 2026-03-01T08:00:00Z." placeholder:"TIME"`
	To       time.Time     `help:"Only before this time." placeholder:"TIME"`
	Operator string        `help:"Part of the operator's address."`
	Action   []string      `help:"What was done, as the list shows it; give it again for more." sep:"none"`
	Subject  string        `help:"Part of what it was done to."`
	Text     string        `help:"Part of anything that was written down."`
}

func (p auditPick) query() url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	set("from", at(p.since()))
	set("to", at(p.To))
	set("operator", p.Operator)
	set("action", strings.Join(p.Action, ","))
	set("subject", p.Subject)
	set("text", p.Text)
	return q
}

type auditListCommand struct {
	settings
	remoteFlags
	auditPick
	Limit int `help:"How many records." default:"100"`
}

func (c auditListCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "RECORD\tTIME\tWHO\tVIA\tFROM\tACTION\tSUBJECT\tREASON")
		q := c.query()
		for left := c.Limit; left > 0; {
			q.Set("limit", strconv.Itoa(min(left, 500)))
			var page api.AuditPage
			if err := d.ask(ctx, http.MethodGet, "/audit?"+q.Encode(), nil, &page); err != nil {
				return err
			}
			for _, r := range page.Records {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Seq, r.At.UTC().Format(time.RFC3339), visible(r.Operator), visible(r.Via), visible(r.Address), visible(r.Action), short(visible(r.Subject)), short(visible(r.Reason)))
			}
			if left -= len(page.Records); page.Next == 0 {
				break
			}
			q.Set("cursor", strconv.FormatInt(page.Next, 10))
		}
		return w.Flush()
	})
}

type auditExportCommand struct {
	settings
	remoteFlags
	auditPick
	Out string `short:"o" help:"File to write; it must not exist. Default: standard output." type:"path" placeholder:"FILE"`
}

func (c auditExportCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	server, err := findRemote(c.Server, c.Token, cfg)
	var held *app.InUse
	if err != nil && !errors.As(err, &held) {
		return err
	}
	var to io.Writer = out
	if c.Out != "" {
		f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		to = f
	}
	if server != nil {
		err = c.from(ctx, server, to)
	} else {
		err = c.here(ctx, to)
	}
	if err == nil && c.Out != "" {
		fmt.Fprintf(errs, "Check it with tocsin audit verify %s\n", c.Out)
	}
	return err
}

// from asks a server.
func (c auditExportCommand) from(ctx context.Context, server *remote, to io.Writer) error {
	path := "/audit/export"
	if q := c.query(); len(q) > 0 {
		path += "?" + q.Encode()
	}
	body, err := server.send(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if n, err := io.Copy(to, body); err != nil {
		return fmt.Errorf("the export broke off after %d octets: %w", n, err)
	}
	return nil
}

// here reads the store itself; like the server, it writes down first that it does.
func (c auditExportCommand) here(ctx context.Context, to io.Writer) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	return c.withGate(ctx, func(ctx context.Context, p *app.People) error {
		if err := p.Gate.Write(ctx, auth.Record{Action: auth.ActAuditExported, Subject: cmp.Or(f.Words(), "all records")}, nil); err != nil {
			return err
		}
		w := bufio.NewWriterSize(to, 64<<10)
		return errors.Join(p.Notary.Export(ctx, p.Notary.Exporter(w), f, auth.From(ctx).Operator.Email), w.Flush())
	})
}

func (p auditPick) filter() (audit.Filter, error) {
	f := audit.Filter{From: p.since(), To: p.To, Operator: strings.TrimSpace(p.Operator), Subject: strings.TrimSpace(p.Subject), Text: strings.TrimSpace(p.Text)}
	for _, a := range p.Action {
		if !slices.Contains(auth.Actions(), auth.Action(a)) {
			return f, fmt.Errorf("--action: there is no such action as %q; tocsin audit list shows how they are written", a)
		}
		f.Actions = append(f.Actions, auth.Action(a))
	}
	return f, nil
}

// since is the time that records are asked for from.
func (p auditPick) since() time.Time {
	if p.Since > 0 && p.From.IsZero() {
		return time.Now().Add(-p.Since)
	}
	return p.From
}
