package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/api"
)

// feedCommand goes through a running server.
type feedCommand struct {
	List feedListCommand `cmd:"" help:"Feeds, and how it stands with each."`
	Test feedTestCommand `cmd:"" help:"Try a feed: connect, read the beginning, say what was found. Nothing is kept."`
	Add  feedAddCommand  `cmd:"" help:"Set a feed up."`
	Run  feedRunCommand  `cmd:"" help:"Read a feed now."`
}

type feedListCommand struct {
	actionFlags
	JSON bool `name:"json" help:"The answer of the API."`
}

// Run lists feeds.
func (c feedListCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	var all []api.Feed
	if err := d.ask(ctx, http.MethodGet, "/feeds", nil, &all); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, all)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "Feed\tKind\tHealth\tLast good read\tNext\tIndicators\tName")
	for i := range all {
		f := &all[i]
		health := f.Status
		if f.Problem != "" {
			health = fmt.Sprintf("failed %d times: %s", f.Failures, f.Problem)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", f.ID, f.Kind, visible(health), timeOrNever(f.Good), timeOrNever(f.Next), f.Items, visible(f.Name))
	}
	return w.Flush()
}

func timeOrNever(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// feedFlags describe a feed.
type feedFlags struct {
	Kind       string        `arg:"" help:"stix, taxii, misp, misp-feed, csv or text." enum:"stix,taxii,misp,misp-feed,csv,text"`
	Address    string        `arg:"" help:"Where it is." placeholder:"URL"`
	Name       string        `help:"What people call it; default the host."`
	Collection string        `help:"TAXII: id of the collection; the test lists them."`
	Root       string        `help:"TAXII: address of the API root that has it; default the first that the server names."`
	Auth       string        `help:"none, basic, bearer or header." enum:"none,basic,bearer,header" default:"none"`
	User       string        `help:"For basic."`
	Header     string        `help:"For header: the one that carries the key." default:"Authorization"`
	Secret     string        `help:"Where the password or key is read: a file, or stdin." placeholder:"FILE"`
	Private    bool          `help:"It is in the own network: private addresses may be reached, also without TLS."`
	Every      time.Duration `help:"Between two readings." default:"1h"`
	Whole      bool          `help:"The list is all there is: what it does not name any more is retired."`
	Confidence int           `help:"Of what says nothing of its own, 0 to 100." default:"60"`
	TLP        string        `name:"tlp" help:"Of what says nothing of its own." enum:",clear,green,amber,amber+strict,red" default:""`
	Days       int           `help:"How long something is valid that says nothing of its own; 0: until it is withdrawn." default:"30"`
	State      string        `help:"suspicious or confirmed." enum:"suspicious,confirmed" default:"suspicious"`
	Tag        []string      `help:"A tag for all that it brings; more than once for more."`
	Threat     string        `help:"Name of the threat, of what says nothing of its own."`
	Column     []string      `help:"CSV: value=url, type=2, threat=..., also confidence, tags, until, about; by the name in the head or the number from 1."`
	Separator  string        `help:"CSV: the character between cells; tab for a tab." default:","`
	Head       bool          `help:"CSV: the first line names columns."`
	Of         string        `help:"CSV and text: what all values are; default guessed." enum:",url,domain,ip,hash,sender,subject" default:""`
	Events     bool          `help:"MISP: ask for events instead of attributes."`
	Filter     string        `help:"MISP: only what has one of these tags, separated by commas."`
}

func (f *feedFlags) chosen() (api.FeedSettings, error) {
	s := api.FeedSettings{Name: f.Name, Kind: f.Kind, URL: f.Address, Collection: f.Collection, Root: f.Root, Auth: f.Auth, User: f.User, Private: f.Private, EveryMinutes: int(f.Every / time.Minute), Whole: f.Whole,
		Confidence: f.Confidence, TLP: f.TLP, Days: f.Days, State: f.State, Tags: f.Tag, Threat: f.Threat, Events: f.Events, Filter: f.Filter}
	if f.Auth == "header" {
		s.Header = f.Header
	}
	if s.Name == "" {
		if u, err := url.Parse(f.Address); err == nil {
			s.Name = u.Hostname()
		}
	}
	if f.Kind == "csv" || f.Kind == "text" {
		s.Columns = api.FeedColumns{Separator: f.Separator, Head: f.Head, Of: f.Of}
	}
	for _, c := range f.Column {
		what, name, ok := strings.Cut(c, "=")
		to, known := map[string]*string{"value": &s.Columns.Value, "type": &s.Columns.Type, "threat": &s.Columns.Threat, "confidence": &s.Columns.Confidence, "tags": &s.Columns.Tags, "until": &s.Columns.Until, "about": &s.Columns.About}[what]
		if !ok || !known {
			return s, fmt.Errorf("--column: %q is not understood; write value=url, type=2, threat, confidence, tags, until or about", c)
		}
		*to = name
	}
	return s, nil
}

// secret reads the password or key. It is no flag, so that it stands in no list of processes and no history.
func (f *feedFlags) secret(in io.Reader) (string, error) {
	if f.Secret == "" {
		return "", nil
	}
	if f.Secret != "stdin" && f.Secret != "-" {
		file, err := os.Open(f.Secret)
		if err != nil {
			return "", fmt.Errorf("--secret: %w", err)
		}
		defer file.Close()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, 8<<10))
	return strings.TrimRight(string(raw), "\r\n"), err
}

type feedTestCommand struct {
	actionFlags
	feedFlags
	JSON bool `name:"json" help:"The answer of the API."`
}

// Run tries a feed.
func (c feedTestCommand) Run(ctx context.Context, out stdout, in stdin) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	s, err := c.chosen()
	if err != nil {
		return err
	}
	secret, err := c.secret(in)
	if err != nil {
		return err
	}
	var t api.FeedTrial
	if err := d.ask(ctx, http.MethodPost, "/feeds/try", api.FeedTrialAsk{FeedSettings: s, Secret: &secret}, &t); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, t)
	}
	return printTrial(out, &t)
}

func printTrial(out io.Writer, t *api.FeedTrial) error {
	for _, f := range t.Found {
		fmt.Fprintln(out, visible(f))
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, col := range t.Collections {
		may := "may be read"
		if !col.CanRead {
			may = "may not be read"
		}
		fmt.Fprintf(w, "collection\t%s\t%s\t%s\n", col.ID, may, visible(col.Title))
	}
	for i, r := range t.Rows {
		if i == 10 {
			fmt.Fprintf(w, "...\t%d more\n", t.Items-i)
			break
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Kind, visible(r.Value), r.State, visible(r.Threat))
	}
	for i, r := range t.Refused {
		if i == 10 {
			fmt.Fprintf(w, "...\t%d more refused\n", t.RefusedCount-i)
			break
		}
		fmt.Fprintf(w, "refused\t%s\t%s\n", visible(r.Value), visible(r.Why))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range t.Notes {
		fmt.Fprintln(out, "note:", visible(n))
	}
	if !t.Good {
		return errors.New("it cannot be read: " + t.Problem)
	}
	return nil
}

type feedAddCommand struct {
	actionFlags
	feedFlags
	Off bool `help:"Keep it switched off."`
}

// Run sets a feed up.
func (c feedAddCommand) Run(ctx context.Context, out stdout, in stdin) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	s, err := c.chosen()
	if err != nil {
		return err
	}
	s.Enabled = !c.Off
	secret, err := c.secret(in)
	if err != nil {
		return err
	}
	var f api.Feed
	if err := d.ask(ctx, http.MethodPost, "/feeds", api.FeedAsk{FeedSettings: s, Secret: secret}, &f); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is set up; its indicators are kept as %q\n", f.ID, f.Source)
	return err
}

type feedRunCommand struct {
	actionFlags
	ID   string        `arg:"" help:"The feed, as the list names it."`
	Wait time.Duration `help:"How long to wait for the end." default:"10m"`
}

// Run reads a feed and waits for the end.
func (c feedRunCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	path := "/feeds/" + url.PathEscape(c.ID)
	var before, f api.FeedDetail
	if err := d.ask(ctx, http.MethodGet, path, nil, &before); err != nil {
		return err
	}
	var begun json.RawMessage
	if err := d.ask(ctx, http.MethodPost, path+"/run", nil, &begun); err != nil {
		return err
	}
	for end := time.Now().Add(c.Wait); ; {
		if err := d.ask(ctx, http.MethodGet, path, nil, &f); err != nil {
			return err
		}
		if len(f.Runs) > 0 && f.Status != "running" && (len(before.Runs) == 0 || f.Runs[0].At.After(before.Runs[0].At)) {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("it is not over after %s; tocsin feed list says how it ends", c.Wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
	r := f.Runs[0]
	fmt.Fprintf(out, "%d added, %d changed, %d as before, %d withdrawn, %d retired, %d refused, %d not seen in mail\n", r.Added, r.Changed, r.Same, r.Withdrawn, r.Retired, r.RefusedCount, r.Ignored)
	if r.Problem != "" {
		return errors.New("it could not be read to the end: " + r.Problem)
	}
	return nil
}
