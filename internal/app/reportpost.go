package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/api"
	"tocsin/internal/dashboard"
	"tocsin/internal/mailout"
	"tocsin/internal/paper"
	"tocsin/internal/reports"
)

// reportEvery is how often it is looked for reports that are due.
const reportEvery = time.Minute

// reportPost makes and sends the reports that are ordered.
type reportPost struct {
	app     *App
	board   *dashboard.Dashboard
	reports *reports.Reports
	printer *paper.Printer
}

// newReports connects the reports with what they look at.
func (a *App) newReports(board *dashboard.Dashboard, printer *paper.Printer) *api.Reports {
	all := reports.New(reports.Options{Board: board, Store: questions{a.events}, Now: a.opt.Now, Domains: a.cfg.Organisation.Domains})
	a.reportPost = &reportPost{a, board, all, printer}
	return &api.Reports{Reports: all, Printer: printer, Orders: a.cases, Post: a.reportPost}
}

var _ api.ReportPost = (*reportPost)(nil)

// Sends says whether outgoing mail is set up.
func (p *reportPost) Sends() bool { return p.app.outgoing.server.Address != "" }

// Allowed lets letters go to addresses of the organisation and to operators.
func (p *reportPost) Allowed(ctx context.Context) (func(address string) bool, error) {
	operators, err := p.app.cases.Operators(ctx)
	if err != nil {
		return nil, err
	}
	return func(address string) bool {
		_, domain, _ := strings.Cut(address, "@")
		for _, d := range p.app.cfg.Organisation.Domains {
			if strings.EqualFold(d, domain) {
				return true
			}
		}
		for i := range operators {
			if !operators[i].Disabled && strings.EqualFold(operators[i].Email, address) {
				return true
			}
		}
		return false
	}, nil
}

// Write makes the letter of an order, with its files. It tells what its author may see, and addresses of senders and of people of the organisation;
// no content of mail.
func (p *reportPost) Write(ctx context.Context, o reports.Order, until time.Time) (mailout.Letter, error) {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil {
		return mailout.Letter{}, fmt.Errorf("time zone %s: %w", o.Zone, err)
	}
	from, to := o.Span(until)
	base := strings.TrimSuffix(p.app.cfg.HTTP.PublicURL, "/")
	if o.Report == reports.BoardLetter {
		return p.writeBoard(ctx, o, from, to, dashboard.LetterAbout{
			Organisation: p.app.cfg.Organisation.Name, Name: o.Name, Audience: o.Filter.Words(), URL: base, Zone: zone,
			Period: map[string]string{reports.Daily: "day", reports.Weekly: "week", reports.Monthly: "month"}[o.Rhythm],
		})
	}
	r, err := p.reports.Make(ctx, reports.Ask{Name: o.Report, From: from, To: to, Filter: o.Filter, Rows: reports.Attached})
	if err != nil {
		return mailout.Letter{}, err
	}
	about := reports.About{Organisation: p.app.cfg.Organisation.Name, Version: api.Version, Zone: zone}
	l, err := reports.Compose(r, o.Name, reports.LetterLink(base, r, o.Filter), about)
	if err != nil {
		return mailout.Letter{}, err
	}
	out := mailout.Letter{Subject: l.Subject, Text: l.Text, HTML: l.HTML}
	day := to.In(zone).Format(time.DateOnly)
	pdf, err := reports.PDF(ctx, p.printer, r, about)
	if err != nil {
		return mailout.Letter{}, err
	}
	out.Files = append(out.Files, mailout.File{Name: r.Name + "-" + day + ".pdf", Type: "application/pdf", Body: pdf})
	for i := range r.Tables {
		var body bytes.Buffer
		if err := r.Tables[i].CSV(&body); err != nil {
			return mailout.Letter{}, err
		}
		out.Files = append(out.Files, mailout.File{Name: r.Name + "-" + r.Tables[i].Key + "-" + day + ".csv", Type: "text/csv", Body: body.Bytes()})
	}
	return out, nil
}

func (p *reportPost) writeBoard(ctx context.Context, o reports.Order, from, to time.Time, about dashboard.LetterAbout) (mailout.Letter, error) {
	b, err := p.board.Board(ctx, dashboard.Ask{
		Widgets: dashboard.LetterWidgets(), From: from, To: to, Filter: o.Filter,
		May: dashboard.Sight{Actions: true, Reports: true, Incidents: true, Quarantine: true, Policy: true, Rules: true},
	})
	if err != nil {
		return mailout.Letter{}, err
	}
	if len(b.Failed) > 0 {
		return mailout.Letter{}, fmt.Errorf("%s: %s", b.Failed[0].Widget, b.Failed[0].Text)
	}
	l, err := dashboard.Compose(b, about)
	return mailout.Letter{Subject: l.Subject, Text: l.Text, HTML: l.HTML}, err
}

// SendTo sends a letter, as it is now, to one person.
func (p *reportPost) SendTo(ctx context.Context, o reports.Order, address string) error {
	now := p.app.opt.Now()
	l, err := p.Write(ctx, o, now)
	if err != nil {
		return err
	}
	return p.queue(ctx, o, l, "now/"+now.UTC().Format(time.RFC3339Nano), []string{address})
}

// queue gives the letter to whoever gets it. The time in the key makes a letter that is made again after a crash the same letter.
func (p *reportPost) queue(ctx context.Context, o reports.Order, l mailout.Letter, when string, to []string) error {
	out := make([]mailout.Letter, len(to))
	for i, address := range to {
		sum := sha256.Sum256([]byte(when + "\x00" + address))
		out[i] = l
		out[i].Key, out[i].Purpose, out[i].To = "report/"+o.ID+"/"+hex.EncodeToString(sum[:16]), mailout.ScheduledReport, address
	}
	return p.app.outgoing.Queue(ctx, out...)
}

// sendDue makes and queues what is due. A letter that cannot be made says why on its page, and the next one is tried when it is due.
func (p *reportPost) sendDue(ctx context.Context) error {
	now := p.app.opt.Now().UTC().Truncate(time.Microsecond)
	due, err := p.app.cases.ReportsDue(ctx, now)
	if err != nil {
		return err
	}
	for _, o := range due {
		problem := ""
		if err := p.sendOne(ctx, o); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			problem = oneLine(err)
			p.app.log.Warn("a report on a schedule was not sent as it should", "schedule", o.Name, "err", err)
		}
		next, err := o.Next(now)
		if err != nil {
			problem, next = oneLine(err), time.Time{}
		}
		if err := p.app.cases.ReportMade(ctx, o.ID, o.Due, next, now, problem); err != nil {
			return err
		}
	}
	return nil
}

func (p *reportPost) sendOne(ctx context.Context, o reports.Order) error {
	may, err := p.Allowed(ctx)
	if err != nil {
		return err
	}
	l, err := p.Write(ctx, o, o.Due)
	if err != nil {
		return err
	}
	var gone []string
	to := slices.DeleteFunc(slices.Clone(o.To), func(a string) bool {
		if !may(a) {
			gone = append(gone, a)
			return true
		}
		return false
	})
	if len(to) > 0 {
		err = p.queue(ctx, o, l, o.Due.UTC().Format(time.RFC3339), to)
	}
	if len(gone) > 0 {
		err = errors.Join(err, fmt.Errorf("not sent to %s: neither an address of the organisation nor an operator's", strings.Join(gone, ", ")))
	}
	return err
}

// reportRound is the round that sends what is due.
type reportRound struct{}

// Kind names the job in the database.
func (reportRound) Kind() string { return "report-round" }

// InsertOpts: a round that is late is left out, since the next does its work.
func (reportRound) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: letterQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: reportEvery}}
}

type reportRoundWorker struct {
	river.WorkerDefaults[reportRound]
	app *App
}

// Timeout leaves a large store its time.
func (*reportRoundWorker) Timeout(*river.Job[reportRound]) time.Duration {
	return 10 * time.Minute
}

// Work sends what is due.
func (w *reportRoundWorker) Work(ctx context.Context, _ *river.Job[reportRound]) error {
	return w.app.reportPost.sendDue(ctx)
}
