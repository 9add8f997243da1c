package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/audit"
	"tocsin/internal/casestore"
)

type auditVerifyCommand struct {
	settings
	Checkpoints []string `help:"File of checkpoints kept elsewhere; give it again for more. Those in the data folder and of audit.checkpoints are read anyway." type:"existingfile" placeholder:"FILE"`
	Key         string   `help:"Public key kept elsewhere. Default: the one in the data folder, which whoever changed the log could have changed too." type:"existingfile" placeholder:"FILE"`
	Format      string   `help:"text or json." enum:"text,json" default:"text"`
	Export      string   `arg:"" optional:"" help:"File of tocsin audit export, - for standard input, instead of the data folder."`
}

// Run checks and ends with 1 when anything is wrong.
func (c auditVerifyCommand) Run(ctx context.Context, in stdin, out stdout) error {
	var public audit.Public
	if c.Key != "" {
		var err error
		if public, err = audit.ReadPublic(c.Key); err != nil {
			return err
		}
	}
	var sheets []audit.Sheet
	for _, path := range c.Checkpoints {
		s, err := audit.ReadCheckpointFile(path)
		if err != nil {
			return err
		}
		sheets = append(sheets, s)
	}
	what, rep, err := c.check(ctx, in, public, sheets)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = printVerified(out, rep)
	} else {
		err = sayVerified(out, what, rep)
	}
	if err == nil && !rep.OK() {
		err = errSilent
	}
	return err
}

func (c auditVerifyCommand) check(ctx context.Context, in io.Reader, public audit.Public, sheets []audit.Sheet) (string, *audit.Report, error) {
	if c.Export != "" {
		r := in
		if c.Export != "-" {
			f, err := os.Open(c.Export)
			if err != nil {
				return "", nil, err
			}
			defer func() { _ = f.Close() }()
			r = f
		}
		rep, err := audit.VerifyExport(bufio.NewReader(r), public, sheets...)
		if err != nil {
			err = fmt.Errorf("%s: %w", c.Export, err)
		}
		return c.Export, rep, err
	}
	cfg, err := c.load(nil)
	if err != nil {
		return "", nil, err
	}
	at := filepath.Join(cfg.Data, app.CaseFile)
	if _, err := os.Stat(at); errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("there is no data folder %s with an audit log; name it with --data", cfg.Data)
	}
	if !public.Known() {
		if public, err = audit.ReadPublic(filepath.Join(cfg.Data, audit.PublicName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", nil, err
		}
	}
	for _, path := range []string{filepath.Join(cfg.Data, audit.FileName), cfg.Audit.Checkpoints} {
		if path == "" {
			continue
		}
		s, err := audit.ReadCheckpointFile(path)
		if err == nil {
			sheets = append(sheets, s)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", nil, err
		}
	}
	s, err := casestore.OpenReadOnly(ctx, at)
	if err != nil {
		return "", nil, err
	}
	rep, err := audit.VerifyStore(ctx, s, public, sheets...)
	return cfg.Data, rep, errors.Join(err, s.Close())
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// sayVerified says the answer first, then what it rests on, then what is wrong.
func sayVerified(w io.Writer, what string, r *audit.Report) error {
	var b strings.Builder
	verdict := "The audit log is whole"
	switch {
	case !r.OK():
		verdict = fmt.Sprintf("THE AUDIT LOG IS NOT AS IT WAS WRITTEN: %d problem%s", r.Wrong, plural(r.Wrong))
	case r.Partial:
		verdict = "The exported records are as they were written"
	case r.Key == "":
		verdict = "The records follow one another; nothing signed was checked"
	}
	fmt.Fprintf(&b, "%s (%s).\n", verdict, visible(what))
	if r.Records == 0 {
		b.WriteString("There is no record.\n")
	} else {
		fmt.Fprintf(&b, "%d record%s, %d to %d, from %s to %s.\n", r.Records, plural(int(r.Records)), r.First.Seq, r.Last.Seq, utc(r.From), utc(r.To))
	}
	if r.Anchor > 0 {
		fmt.Fprintf(&b, "Records up to %d were removed as their retention says; a signed anchor says so.\n", r.Anchor)
	}
	if r.Key != "" {
		fmt.Fprintf(&b, "%d of %d checkpoints hold, signed with the key %s", r.Holding, r.Checkpoints, r.Key)
		if l := r.Latest; l != nil {
			fmt.Fprintf(&b, "; the newest is %d of %s, up to record %d", l.Number, utc(l.At), l.Seq)
			if r.Last.Seq > l.Seq && !r.Partial {
				fmt.Fprintf(&b, ", and %d newer record%s %s not signed yet", r.Last.Seq-l.Seq, plural(int(r.Last.Seq-l.Seq)), isAre(int(r.Last.Seq-l.Seq)))
			}
		}
		b.WriteString(".\n")
	}
	for _, n := range r.Notes {
		b.WriteString("Note: " + visible(n) + ".\n")
	}
	for _, p := range r.Problems {
		b.WriteString("  " + visible(p.Text) + "\n")
	}
	if n := r.Wrong - len(r.Problems); n > 0 {
		fmt.Fprintf(&b, "  and %d more\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// verified is a report for programs.
type verified struct {
	OK          bool      `json:"ok"`
	Records     int64     `json:"records"`
	First       int64     `json:"first"`
	Last        int64     `json:"last"`
	From        time.Time `json:"from,omitzero"`
	To          time.Time `json:"to,omitzero"`
	Anchor      int64     `json:"anchor"`
	Key         string    `json:"key"`
	Checkpoints int       `json:"checkpoints"`
	Holding     int       `json:"holding"`
	Signed      int64     `json:"signed"` // up to this record
	Wrong       int       `json:"wrong"`
	Problems    []problem `json:"problems"`
	Notes       []string  `json:"notes"`
}

type problem struct {
	Kind   string    `json:"kind"`
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at,omitzero"`
	Action string    `json:"action"`
	Text   string    `json:"text"`
}

func printVerified(w io.Writer, r *audit.Report) error {
	v := verified{
		OK: r.OK(), Records: r.Records, First: r.First.Seq, Last: r.Last.Seq, From: r.From, To: r.To, Anchor: r.Anchor, Key: r.Key,
		Checkpoints: r.Checkpoints, Holding: r.Holding, Wrong: r.Wrong, Problems: []problem{}, Notes: append([]string{}, r.Notes...),
	}
	if r.Latest != nil {
		v.Signed = r.Latest.Seq
	}
	for _, p := range r.Problems {
		v.Problems = append(v.Problems, problem{p.Kind, p.Seq, p.At, string(p.Action), p.Text})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type auditKeyCommand struct {
	settings
}

func (c auditKeyCommand) Run(out stdout, errs stderr) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	p, err := audit.ReadPublic(filepath.Join(cfg.Data, audit.PublicName))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key in %s yet; tocsin serve makes one", cfg.Data)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(errs, "The key %s:\n", p.ID())
	_, err = out.Write(p.PEM())
	return err
}
