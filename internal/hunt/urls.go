package hunt

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/kql"
)

// URLs are the links most often found in the request's mail.
type URLs struct {
	Answer
	Rows      []URLRow `json:"rows"`
	Distinct  int64    `json:"distinct"` // different URLs in all; an estimate when Estimated
	Estimated bool     `json:"distinct_estimated,omitempty"`
}

// URLRow is one link and what became of the mail that carries it. Blocked, Junked, Removed and Delivered (with or without
// a threat, replaced attachments included) add up to Events.
type URLRow struct {
	Url         string
	UrlDomain   string
	UrlLocation string // where it stood, one of the places when there are several
	Messages    int64  `json:"messages"`
	Events      int64  `json:"events"`
	Blocked     int64  `json:"blocked"`
	Junked      int64  `json:"junked"`
	Removed     int64  `json:"removed"`
	Delivered   int64  `json:"delivered"`
}

// MaxURLs is the most rows of URLs.
const MaxURLs = 500

// URLs returns the top limit (1 to MaxURLs; 0: 50) links of the mail of r, by the number of messages.
//
// Joining every link with every event would cost seconds on a large store, so the answer comes in two steps: which links
// are the top ones, from the table of links alone (narrowed to the ids of the mail when there is a filter), and then the
// deliveries of only these.
func (x *Explorer) URLs(ctx context.Context, r Request, limit int) (*URLs, error) {
	started := time.Now()
	if limit == 0 {
		limit = 50
	}
	if limit < 0 || limit > MaxURLs {
		return nil, inputError("limit", "must be 1 to %d, not %d", MaxURLs, limit)
	}
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	// By itself first: inside the queries below, a mistake would stand at a place that nobody wrote.
	if _, err := kql.Compile(base, kql.Options{Now: x.now()}, x.store.Dialect()); err != nil {
		return nil, queryError(err)
	}
	filtered, err := x.filtered(r)
	if err != nil {
		return nil, err
	}
	links := "EmailUrlInfo " + timeRange(r.From, r.To)
	if filtered {
		ids, err := pipe(base, "| project NetworkMessageId")
		if err != nil {
			return nil, err
		}
		links += "\n| where NetworkMessageId in ((\n" + ids.String() + "\n))"
	}
	from, err := kql.Parse(links)
	if err != nil {
		return nil, err
	}
	out := &URLs{Rows: []URLRow{}, Estimated: !filtered}
	top, err := pipe(from, "| summarize Messages = count() by Url | sort by Messages desc, Url asc | take %d", limit)
	if err != nil {
		return nil, err
	}
	count := "count_distinct"
	if out.Estimated {
		count = "dcount"
	}
	distinct, err := pipe(from, "| summarize Distinct = %s(Url)", count)
	if err != nil {
		return nil, err
	}
	out.KQL = top.String()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		n, err := x.numbers(gctx, distinct)
		if err == nil && len(n) == 1 {
			out.Distinct = n[0]
		}
		return err
	})
	var urls []string
	g.Go(func() error {
		return x.run(gctx, top, func(row []any) error {
			urls = append(urls, kql.Quote(kql.Text(row[0])))
			return nil
		})
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(urls) > 0 {
		if err := x.deliveries(ctx, r, base, urls, out); err != nil {
			return nil, err
		}
	}
	out.TookMS = time.Since(started).Milliseconds()
	return out, nil
}

// deliveries adds the rows of the quoted URLs to out.
func (x *Explorer) deliveries(ctx context.Context, r Request, base *kql.Query, urls []string, out *URLs) error {
	events, err := pipe(base, "| project NetworkMessageId, Outcome = %s", outcomeKQL)
	if err != nil {
		return err
	}
	q, err := kql.Parse("EmailUrlInfo " + timeRange(r.From, r.To) + "\n| where Url in (" + strings.Join(urls, ", ") + ")" + `
| summarize UrlDomain = take_any(UrlDomain), UrlLocation = min(UrlLocation) by Url, NetworkMessageId
| join kind=inner (
` + events.String() + `
) on NetworkMessageId
| summarize UrlDomain = take_any(UrlDomain), UrlLocation = min(UrlLocation), Messages = count_distinct(NetworkMessageId), Events = count(),
    Blocked = countif(Outcome == "blocked"), Junked = countif(Outcome == "junked"), Removed = countif(Outcome == "removed"),
    Delivered = countif(Outcome in ("delivered", "delivered_threat", "replaced")) by Url`)
	if err != nil {
		return err
	}
	err = x.run(ctx, q, func(row []any) error {
		out.Rows = append(out.Rows, URLRow{
			Url: kql.Text(row[0]), UrlDomain: kql.Text(row[1]), UrlLocation: kql.Text(row[2]), Messages: kql.Integer(row[3]), Events: kql.Integer(row[4]),
			Blocked: kql.Integer(row[5]), Junked: kql.Integer(row[6]), Removed: kql.Integer(row[7]), Delivered: kql.Integer(row[8]),
		})
		return nil
	})
	slices.SortFunc(out.Rows, func(a, b URLRow) int {
		if a.Messages != b.Messages {
			return int(b.Messages - a.Messages)
		}
		return strings.Compare(a.Url, b.Url)
	})
	return err
}

// filtered says whether r keeps only a part of the mail of its range.
func (x *Explorer) filtered(r Request) (bool, error) {
	if r.View != All && r.View != "" {
		return true, nil
	}
	q, err := parseFilter(r.Query)
	if err != nil {
		return false, err
	}
	return strings.TrimSpace(q.String()) != emailEvents.Name, nil
}
