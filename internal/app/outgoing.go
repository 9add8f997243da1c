package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/casestore"
	"tocsin/internal/mailout"
)

// Outgoing is the mail server that takes Tocsin's own mail. docs/guide/outgoing-mail.md says how to set it up.
type Outgoing struct {
	Server       string `koanf:"server"` // host:port; empty: Tocsin sends no mail
	TLS          string `koanf:"tls"`    // tls, starttls, none
	CA           string `koanf:"ca"`
	User         string `koanf:"user"`
	PasswordFile string `koanf:"password_file"`
	From         string `koanf:"from"`
}

func (o Outgoing) server() mailout.Server {
	return mailout.Server{Address: o.Server, TLS: o.TLS, CA: o.CA, User: o.User, PasswordFile: o.PasswordFile, From: o.From}
}

func (o Outgoing) validate() error {
	if o.Server == "" {
		return nil
	}
	if err := o.server().Check(); err != nil {
		return fmt.Errorf("config: outgoing: %w", err)
	}
	return nil
}

const (
	// letterQueue holds the letters to send.
	letterQueue = "letters"
	// letterLife is how long a letter waits for the mail server, and letterPause how long between two tries at most.
	letterLife  = 24 * time.Hour
	letterPause = 15 * time.Minute
	// lettersKept is how long the list of what was sent is kept.
	lettersKept = 90 * 24 * time.Hour
)

// outgoing queues letters and sends them.
type outgoing struct {
	store  *casestore.Letters
	server mailout.Server
	now    func() time.Time
}

var _ mailout.Queue = (*outgoing)(nil)

// newOutgoing: jobs is read when a letter is queued, since the client is made after its workers.
func newOutgoing(a *App) *outgoing {
	o := &outgoing{store: a.cases.Letters(), server: a.cfg.Outgoing.server(), now: a.opt.Now}
	o.store.Enqueue = func(ctx context.Context, tx *sql.Tx, id string) error {
		_, err := a.jobs.InsertTx(ctx, tx, post{Letter: id}, nil)
		return err
	}
	return o
}

// Queue implements mailout.Queue.
func (o *outgoing) Queue(ctx context.Context, letters ...mailout.Letter) error {
	if o.server.Address == "" {
		return mailout.ErrOff
	}
	for _, l := range letters {
		if err := l.Check(); err != nil {
			return err
		}
	}
	return o.store.Add(ctx, o.now(), letters)
}

// post is the durable job that sends a letter.
type post struct {
	Letter string `json:"letter"`
}

// Kind names the job in the database.
func (post) Kind() string { return "letter" }

// InsertOpts lets it be tried as often as fits into letterLife.
func (post) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: letterQueue, MaxAttempts: 30_000}
}

type postWorker struct {
	river.WorkerDefaults[post]
	app *App
}

// Work hands a letter to the mail server. A crash between its answer and the note about it sends the letter twice, with the same Message-ID.
func (w *postWorker) Work(ctx context.Context, j *river.Job[post]) error {
	o := w.app.outgoing
	l, err := o.store.Letter(ctx, j.Args.Letter)
	if errors.Is(err, mailout.ErrUnknown) || err == nil && l.State != mailout.Waiting {
		return nil
	}
	if err != nil {
		return river.JobSnooze(10 * time.Second)
	}
	err = mailout.ErrOff
	if o.server.Address != "" {
		err = o.server.Send(ctx, l.Letter, l.Made)
	}
	state, reason := mailout.Sent, ""
	var refused *mailout.RefusedError
	switch {
	case err == nil:
	case errors.As(err, &refused) || o.now().Sub(l.Made) > letterLife:
		state, reason = mailout.Refused, oneLine(err)
		w.app.log.Warn("a letter was not taken", "purpose", l.Purpose, "to", l.To, "err", err)
	case ctx.Err() != nil:
		return river.JobSnooze(time.Second)
	default:
		state, reason = mailout.Waiting, oneLine(err)
	}
	if err := o.store.Tried(context.WithoutCancel(ctx), l.ID, state, reason, o.now()); err != nil || state == mailout.Waiting {
		return river.JobSnooze(min(letterPause, time.Duration(l.Tries+1)*10*time.Second))
	}
	return nil
}

// checkOutgoing greets the mail server and signs in.
func checkOutgoing(ctx context.Context, c Config) Finding {
	if c.Outgoing.Server == "" {
		return Finding{}
	}
	about := "outgoing.server " + c.Outgoing.Server
	if err := c.Outgoing.server().Greet(ctx); err != nil {
		return Finding{about, Bad, oneLine(err), "look at outgoing.tls, ca, user and password_file, and whether the server lets this machine in"}
	}
	return Finding{about, Good, "answers and lets Tocsin in", ""}
}
