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
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v3"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/detect"
	"tocsin/internal/policy"
)

// policyCommand goes through the running server, or works on the case store when none runs.
type policyCommand struct {
	Show policyShowCommand `cmd:"" help:"Show what is done with judged mail, and who decided it."`
	Set  policySetCommand  `cmd:"" help:"Change it, at once for all mail that comes."`
}

// desk is where policy, entries and runs are asked for: a server, or this process in its stead.
type desk struct {
	remote
	cfg app.Config
}

// withDesk opens the desk for f.
func withDesk(ctx context.Context, s settings, r remoteFlags, f func(desk) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	server, err := findRemote(r.Server, r.Token, cfg)
	var held *app.InUse
	if err != nil && !errors.As(err, &held) { // a command that holds the folder serves nobody, and the case store takes both
		return err
	}
	if server != nil {
		return f(desk{*server, cfg})
	}
	local, err := app.OpenLocal(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(f(localDesk(local, cfg)), local.Close())
}

func localDesk(l *app.Local, cfg app.Config) desk {
	return desk{remote{url: "http://localhost", token: l.Token, client: &http.Client{Transport: l}, here: true}, cfg}
}

// ask sends body as JSON, nil for none, and reads the answer into out, nil for none.
func (r *remote) ask(ctx context.Context, method, path string, body, out any) error {
	var raw []byte
	kind := ""
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
		kind = "application/json"
	}
	answer, err := r.send(ctx, method, path, kind, raw)
	if err != nil {
		return err
	}
	defer answer.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(answer).Decode(out); err != nil {
		return fmt.Errorf("server %s broke off its answer: %w", r.url, err)
	}
	return nil
}

type policyShowCommand struct {
	settings
	remoteFlags
	JSON    bool `name:"json" help:"The answer of the API."`
	History bool `help:"Every change: who, when, why."`
}

func (c policyShowCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		if c.History {
			return d.history(ctx, out, c.JSON)
		}
		var now api.PolicyInForce
		if err := d.ask(ctx, http.MethodGet, "/policy", nil, &now); err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(out, now)
		}
		return showPolicy(out, now)
	})
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func showPolicy(out io.Writer, now api.PolicyInForce) error {
	if now.Version == 0 {
		fmt.Fprintln(out, "From the settings file; never edited in the product.")
	} else {
		fmt.Fprintf(out, "Version %d, by %s on %s: %s\n", now.Version, visible(now.By), now.At.UTC().Format(time.RFC3339), visible(now.Reason))
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, k := range policyKeys {
		fmt.Fprintf(w, "%s\t%s\n", k.name, k.get(&now.Policy))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d allow and block entries, %d mailboxes with settings of their own\n", now.Entries, now.Mailboxes)
	return err
}

func (d desk) history(ctx context.Context, out io.Writer, raw bool) error {
	all, err := versions(ctx, d, "/policy", func(p *api.PolicyVersions) ([]api.PolicyVersion, int64) { return p.Versions, p.Next })
	if err != nil {
		return err
	}
	if raw {
		return writeJSON(out, all)
	}
	for _, v := range all {
		fmt.Fprintf(out, "%s\n", versionLine(v.Version, v.At, v.By, v.Reason))
		for _, f := range v.Changes {
			fmt.Fprintf(out, "   %s: %s -> %s\n", f.Field, f.Before, f.After)
		}
	}
	return nil
}

// versions asks for every version of what the path is about, newest first, page by page.
func versions[Page, Version any](ctx context.Context, d desk, path string, of func(*Page) (list []Version, next int64)) (all []Version, err error) {
	for below := int64(0); ; {
		page := new(Page)
		if err := d.ask(ctx, http.MethodGet, fmt.Sprintf("%s/versions?limit=100&below=%d", path, below), nil, page); err != nil {
			return nil, err
		}
		list, next := of(page)
		if all = append(all, list...); next == 0 {
			return all, nil
		}
		below = next
	}
}

// versionLine is who changed what when, and why.
func versionLine(number int64, at time.Time, by, reason string) string {
	return fmt.Sprintf("%d  %s  %s: %s", number, at.UTC().Format(time.RFC3339), visible(by), visible(reason))
}

// policyKeys are the settings of a policy, named as in the settings file.
var policyKeys = []struct {
	name string
	get  func(*api.PolicySettings) string
	set  func(*api.PolicySettings, string) error
}{
	textKey("mode", func(p *api.PolicySettings) *string { return &p.Mode }),
	textKey("malware", func(p *api.PolicySettings) *string { return &p.Malware }),
	textKey("phish_high", func(p *api.PolicySettings) *string { return &p.PhishHigh }),
	textKey("phish", func(p *api.PolicySettings) *string { return &p.Phish }),
	textKey("spam_high", func(p *api.PolicySettings) *string { return &p.SpamHigh }),
	textKey("spam", func(p *api.PolicySettings) *string { return &p.Spam }),
	textKey("bulk", func(p *api.PolicySettings) *string { return &p.Bulk }),
	numberKey("bulk_from", func(p *api.PolicySettings) *int { return &p.BulkFrom }),
	numberKey("priority_points", func(p *api.PolicySettings) *int { return &p.Priority.Points }),
	{"priority_step", func(p *api.PolicySettings) string { return strconv.FormatBool(p.Priority.Step) }, func(p *api.PolicySettings, v string) (err error) {
		p.Priority.Step, err = strconv.ParseBool(v)
		return err
	}},
}

type policyKey = struct {
	name string
	get  func(*api.PolicySettings) string
	set  func(*api.PolicySettings, string) error
}

func textKey(name string, at func(*api.PolicySettings) *string) policyKey {
	return policyKey{name, func(p *api.PolicySettings) string { return *at(p) }, func(p *api.PolicySettings, v string) error { *at(p) = v; return nil }}
}

func numberKey(name string, at func(*api.PolicySettings) *int) policyKey {
	return policyKey{name, func(p *api.PolicySettings) string { return strconv.Itoa(*at(p)) }, func(p *api.PolicySettings, v string) (err error) {
		*at(p), err = strconv.Atoi(v)
		return err
	}}
}

// setPolicy changes one setting, and says what is wrong with it before anything is sent.
func setPolicy(p *api.PolicySettings, name, value string) error {
	var names []string
	for _, k := range policyKeys {
		names = append(names, k.name)
		if k.name != name {
			continue
		}
		if err := k.set(p, value); err != nil {
			return fmt.Errorf("%s: %q is not what it takes", name, value)
		}
		return p.Policy().Validate()
	}
	return fmt.Errorf("there is no %q in a policy; it has %s", name, strings.Join(names, ", "))
}

type policySetCommand struct {
	settings
	remoteFlags
	Reason string   `short:"r" required:"" help:"Why; shown in the history."`
	Values []string `arg:"" name:"key=value" help:"mode=act, phish=quarantine, bulk_from=7, priority_points=10, ...; tocsin policy show lists them."`
}

func (c policySetCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		var now api.PolicyInForce
		if err := d.ask(ctx, http.MethodGet, "/policy", nil, &now); err != nil {
			return err
		}
		next := api.PolicyChange{Policy: now.Policy, Version: now.Version, Reason: c.Reason}
		for _, pair := range c.Values {
			name, value, found := strings.Cut(pair, "=")
			if !found {
				return fmt.Errorf("%q: write key=value", pair)
			}
			if err := setPolicy(&next.Policy, name, value); err != nil {
				return err
			}
		}
		if err := d.ask(ctx, http.MethodPut, "/policy", next, &now); err != nil {
			return err
		}
		return showPolicy(out, now)
	})
}

// readPolicy reads a file with the keys of a policy, as they stand under "policy:" in the settings, on top of p.
func readPolicy(path string, p api.PolicySettings) (api.PolicySettings, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	var doc map[string]any
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return p, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if inner, ok := doc["policy"].(map[string]any); ok && len(doc) == 1 {
		doc = inner
	}
	for name, value := range doc {
		if err := setPolicy(&p, name, fmt.Sprint(value)); err != nil {
			return p, fmt.Errorf("%s: %w", path, err)
		}
	}
	return p, nil
}

// listCommand works on the allow and block list.
type listCommand struct {
	Add    listAddCommand    `cmd:"" help:"Add entries."`
	Remove listRemoveCommand `cmd:"" help:"Remove entries."`
	List   listListCommand   `cmd:"" help:"Show entries, newest first."`
}

type listAddCommand struct {
	settings
	remoteFlags
	Action   string   `arg:"" enum:"allow,block" help:"allow or block."`
	Values   []string `arg:"" name:"kind=value" help:"sender=, domain=, ip=, url= or file= and the value; defanged ones are understood."`
	Reason   string   `short:"r" required:"" help:"Why; the next administrator will want to know."`
	Expires  span     `help:"Ends after this time: 30d, 12h; default never."`
	Unproven bool     `help:"Count an allowed sender or domain even when nothing proves it."`
}

// span is a time that may be in days.
type span time.Duration

// UnmarshalText reads 30d, 12h, 90m.
func (s *span) UnmarshalText(text []byte) error {
	t := string(text)
	if days, found := strings.CutSuffix(t, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is not a time; write 30d, 12h or 90m", t)
		}
		*s = span(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(t)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a time; write 30d, 12h or 90m", t)
	}
	*s = span(d)
	return nil
}

// pairs reads kind=value, and puts values of a kind together in the order in which the kinds came.
func pairs(list []string) (kinds []string, values map[string][]string, err error) {
	values = map[string][]string{}
	for _, pair := range list {
		kind, value, found := strings.Cut(pair, "=")
		if !found {
			return nil, nil, fmt.Errorf("%q: write kind=value; kinds are sender, domain, ip, url and file", pair)
		}
		// What is wrong is said before the first of several kinds is added.
		o := detect.Override{ID: "-", Kind: detect.OverrideKind(kind), Value: policy.Tidy(detect.OverrideKind(kind), value), Reason: "-"}
		if err := o.Validate(); err != nil {
			return nil, nil, err
		}
		if values[kind] == nil {
			kinds = append(kinds, kind)
		}
		values[kind] = append(values[kind], value)
	}
	return kinds, values, nil
}

// drafts makes drafts of kind=value pairs.
func drafts(list []string, action, reason string, unproven bool, expires span) ([]api.EntryDraft, error) {
	kinds, values, err := pairs(list)
	if err != nil {
		return nil, err
	}
	var out []api.EntryDraft
	for _, kind := range kinds {
		d := api.EntryDraft{Kind: kind, Values: values[kind], Action: action, Unproven: unproven, Reason: reason}
		if expires > 0 {
			end := time.Now().Add(time.Duration(expires)).UTC()
			d.Expires = &end
		}
		out = append(out, d)
	}
	return out, nil
}

func (c listAddCommand) Run(ctx context.Context, out stdout) error {
	action := map[string]string{"allow": "Allow", "block": "Block"}[c.Action]
	all, err := drafts(c.Values, action, c.Reason, c.Unproven, c.Expires)
	if err != nil {
		return err
	}
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		for _, draft := range all {
			var added []api.Entry
			if err := d.ask(ctx, http.MethodPost, "/policy/entries", draft, &added); err != nil {
				return err
			}
			for _, e := range added {
				fmt.Fprintf(out, "%s %s %s: %s\n", e.Action, e.Kind, visible(e.Value), visible(e.Effect))
			}
		}
		return nil
	})
}

type listRemoveCommand struct {
	settings
	remoteFlags
	Values []string `arg:"" name:"kind=value" help:"What the entries are about, or their ids."`
}

func (c listRemoveCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		for _, v := range c.Values {
			e, err := d.entry(ctx, v)
			if err != nil {
				return err
			}
			if err := d.ask(ctx, http.MethodDelete, "/policy/entries/"+url.PathEscape(e.ID), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(out, "removed %s %s %s\n", strings.ToLower(e.Action), e.Kind, visible(e.Value))
		}
		return nil
	})
}

// entry finds an entry by kind=value or by its id.
func (d desk) entry(ctx context.Context, name string) (e api.Entry, err error) {
	kind, value, found := strings.Cut(name, "=")
	if !found {
		return e, d.ask(ctx, http.MethodGet, "/policy/entries/"+url.PathEscape(name), nil, &e)
	}
	if _, _, err := pairs([]string{name}); err != nil {
		return e, err
	}
	value = policy.Tidy(detect.OverrideKind(kind), value)
	q := url.Values{"kind": {kind}, "search": {value}, "limit": {"500"}}
	for {
		var page api.EntryPage
		if err := d.ask(ctx, http.MethodGet, "/policy/entries?"+q.Encode(), nil, &page); err != nil {
			return e, err
		}
		for _, e := range page.Entries {
			if e.Value == value {
				return e, nil
			}
		}
		if page.Next == "" {
			return e, fmt.Errorf("there is no entry for %s %s", kind, value)
		}
		q.Set("cursor", page.Next)
	}
}

type listListCommand struct {
	settings
	remoteFlags
	Kind   string `help:"Only of this kind." enum:"sender,domain,ip,url,file," default:""`
	Action string `help:"Only allow, or only block." enum:"allow,block," default:""`
	State  string `help:"Only active, or only expired." enum:"active,expired," default:""`
	Search string `help:"Part of value, reason or author."`
	Format string `help:"table, csv or json." enum:"table,csv,json" default:"table"`
}

func (c listListCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		q := url.Values{"limit": {"500"}}
		for key, value := range map[string]string{"kind": c.Kind, "action": map[string]string{"allow": "Allow", "block": "Block"}[c.Action], "state": c.State, "search": c.Search} {
			if value != "" {
				q.Set(key, value)
			}
		}
		p := newPrinter(c.Format, 0, out, errs, plainTerminal(out))
		if err := p.head(textColumns("Action", "Kind", "Value", "Reason", "By", "Created", "Expires", "Expired", "Id")); err != nil {
			return err
		}
		for {
			var page api.EntryPage
			if err := d.ask(ctx, http.MethodGet, "/policy/entries?"+q.Encode(), nil, &page); err != nil {
				return err
			}
			for _, e := range page.Entries {
				expires := "never"
				if e.Expires != nil {
					expires = api.Datetime(*e.Expires)
				}
				if err := p.row([]any{e.Action, e.Kind, e.Value, e.Reason, e.By, api.Datetime(e.Created), expires, e.Expired, e.ID}); err != nil {
					return err
				}
			}
			if page.Next == "" {
				return p.end("")
			}
			q.Set("cursor", page.Next)
		}
	})
}
