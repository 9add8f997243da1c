package dashboard

import (
	"context"
	"fmt"
	"time"
)

// silentAfter is how long a source that listens may bring nothing before it is called silent.
const silentAfter = 24 * time.Hour

// silent are the sources that should bring mail and do not: they failed, or brought nothing for a day although they did before.
func silent(sources []Source, now time.Time) (out []Source) {
	for _, s := range sources {
		if s.Failed || s.Listening && !s.Last.IsZero() && now.Sub(s.Last) > silentAfter {
			out = append(out, s)
		}
	}
	return out
}

// look fills the coverage.
func (x *answering) look(ctx context.Context) error {
	c := &x.out.Coverage
	c.Gaps = []Gap{}
	if x.opt.Known == nil {
		return nil
	}
	k, err := x.opt.Known(ctx)
	if err != nil {
		return fmt.Errorf("dashboard: coverage: %w", err)
	}
	x.known = k
	c.Sources = len(k.Sources)
	if !k.Oldest.IsZero() {
		c.Oldest, c.Newest = &k.Oldest, &k.Newest
	}
	gap := func(id, page, format string, args ...any) {
		c.Gaps = append(c.Gaps, Gap{ID: id, Text: fmt.Sprintf(format, args...), Page: page})
	}
	switch {
	case k.Oldest.IsZero():
		gap("since", "", "There is no mail yet, so all figures are zero.")
	case k.Oldest.After(x.from):
		gap("since", "", "The oldest mail that is kept is of %s: what came before is not counted.", k.Oldest.UTC().Format("2 January 2006, 15:04 UTC"))
	case k.Oldest.After(x.before):
		gap("before", "", "The period before is not complete: the oldest mail that is kept is of %s. Changes are shown against what there is.", k.Oldest.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	if k.Pending > 0 {
		gap("pending", "", "%s accepted and not judged yet: the figures will grow.", many(k.Pending, "message is", "messages are"))
	}
	for _, s := range silent(k.Sources, x.now) {
		if s.Failed {
			gap("silent:"+s.Name, "/settings?tab=sources", "The source %s failed: mail that came this way since is not counted.", s.Name)
			continue
		}
		gap("silent:"+s.Name, "/settings?tab=sources", "The source %s listens and brought nothing since %s.", s.Name, s.Last.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	if !k.GeoIP {
		gap("geoip", "", "No GeoIP file is set up (geoip.file), so countries of new mail are not known.")
	}
	if !k.Files {
		gap("files", "/settings", "No antivirus and no sandbox is set up, so malware is found only by hash, by name and by what a file is made of.")
	}
	return nil
}

// gaps are those of the answer that concern a figure of that kind.
func (x *answering) gaps(also ...string) []string {
	out := []string{}
	for _, g := range x.out.Coverage.Gaps {
		switch {
		case g.ID == "since", g.ID == "pending", len(g.ID) > 7 && g.ID[:7] == "silent:":
			out = append(out, g.ID)
		default:
			for _, a := range also {
				if a == g.ID {
					out = append(out, g.ID)
				}
			}
		}
	}
	return out
}

// many is a number with its word.
func many(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + more
}

// thousands is a number as people read it.
func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
