package app

import (
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
)

// letterRound is how often it is looked for letters that are due.
const letterRound = time.Minute

// letterWeek is what a letter is about: the seven days before it.
const letterWeek = 7 * 24 * time.Hour

// dashboardPost makes and sends the letters of the dashboard.
type dashboardPost struct {
	app   *App
	board *dashboard.Dashboard
}

var _ api.DashboardPost = (*dashboardPost)(nil)

// Sends says whether outgoing mail is set up.
func (p *dashboardPost) Sends() bool { return p.app.outgoing.server.Address != "" }

// Allowed lets letters go to addresses of the organisation and to operators.
func (p *dashboardPost) Allowed(ctx context.Context) (func(address string) bool, error) {
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

// Write makes a letter. It tells numbers and no content, so it does not matter what its readers may see in Tocsin.
func (p *dashboardPost) Write(ctx context.Context, o dashboard.LetterOrder, until time.Time) (dashboard.Letter, error) {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil {
		return dashboard.Letter{}, fmt.Errorf("time zone %s: %w", o.Zone, err)
	}
	b, err := p.board.Board(ctx, dashboard.Ask{
		Widgets: dashboard.LetterWidgets(), From: until.Add(-letterWeek), To: until, Filter: o.Filter,
		May: dashboard.Sight{Actions: true, Reports: true, Incidents: true, Quarantine: true, Policy: true, Rules: true},
	})
	if err != nil {
		return dashboard.Letter{}, err
	}
	if len(b.Failed) > 0 {
		return dashboard.Letter{}, fmt.Errorf("%s: %s", b.Failed[0].Widget, b.Failed[0].Text)
	}
	return dashboard.Compose(b, dashboard.LetterAbout{
		Organisation: p.app.cfg.Organisation.Name, Name: o.Name, Audience: o.Filter.Words(), URL: strings.TrimSuffix(p.app.cfg.HTTP.PublicURL, "/"), Zone: zone,
	})
}

// SendTo sends a letter, as it is now, to one person.
func (p *dashboardPost) SendTo(ctx context.Context, o dashboard.LetterOrder, address string) error {
	now := p.app.opt.Now()
	l, err := p.Write(ctx, o, now)
	if err != nil {
		return err
	}
	return p.queue(ctx, o, l, "now/"+now.UTC().Format(time.RFC3339Nano), []string{address})
}

// queue gives the letter to whoever gets it. The time in the key makes a letter that is made again after a crash the same letter.
func (p *dashboardPost) queue(ctx context.Context, o dashboard.LetterOrder, l dashboard.Letter, when string, to []string) error {
	out := make([]mailout.Letter, len(to))
	for i, address := range to {
		sum := sha256.Sum256([]byte(when + "\x00" + address))
		out[i] = mailout.Letter{Key: "dashboard/" + o.ID + "/" + hex.EncodeToString(sum[:16]), Purpose: mailout.DashboardLetter, To: address, Subject: l.Subject, Text: l.Text, HTML: l.HTML}
	}
	return p.app.outgoing.Queue(ctx, out...)
}

// sendDue makes and queues what is due. A letter that cannot be made says why on its page, and the next one is tried in a week.
func (p *dashboardPost) sendDue(ctx context.Context) error {
	now := p.app.opt.Now().UTC().Truncate(time.Microsecond)
	due, err := p.app.cases.LettersDue(ctx, now)
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
			p.app.log.Warn("a letter of the dashboard was not sent as it should", "letter", o.Name, "err", err)
		}
		next, err := o.Next(now)
		if err != nil {
			problem, next = oneLine(err), time.Time{}
		}
		if err := p.app.cases.LetterMade(ctx, o.ID, o.Due, next, now, problem); err != nil {
			return err
		}
	}
	return nil
}

func (p *dashboardPost) sendOne(ctx context.Context, o dashboard.LetterOrder) error {
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

// dashboardLetters is the round that sends what is due.
type dashboardLetters struct{}

// Kind names the job in the database.
func (dashboardLetters) Kind() string { return "dashboard-letters" }

// InsertOpts: a round that is late is left out, since the next does its work.
func (dashboardLetters) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: letterQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: letterRound}}
}

type dashboardLettersWorker struct {
	river.WorkerDefaults[dashboardLetters]
	app *App
}

// Timeout leaves a large store its time.
func (*dashboardLettersWorker) Timeout(*river.Job[dashboardLetters]) time.Duration {
	return 10 * time.Minute
}

// Work sends what is due.
func (w *dashboardLettersWorker) Work(ctx context.Context, _ *river.Job[dashboardLetters]) error {
	return w.app.dashboardPost.sendDue(ctx)
}
