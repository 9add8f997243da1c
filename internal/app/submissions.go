package app

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/blobstore"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/ingest"
	"tocsin/internal/mailout"
	"tocsin/internal/remediate"
	"tocsin/internal/submission"
)

// Submissions says where users report mail.
type Submissions struct {
	Address   string        `koanf:"address"`   // mail to it is a report; empty: none
	Folders   []string      `koanf:"folders"`   // of mailboxes: what is put there is a report; empty: none
	Mailboxes []string      `koanf:"mailboxes"` // whose folders are watched; empty: those of all people of the directory
	Every     time.Duration `koanf:"every"`     // how often they are looked into
	Keep      time.Duration `koanf:"keep"`      // closed ones, with the bytes of reports; 0: for ever
	Triage    time.Duration `koanf:"triage"`    // how long one may wait until somebody takes it up; 0: not measured
}

func defaultSubmissions() Submissions {
	return Submissions{Folders: []string{}, Mailboxes: []string{}, Every: 5 * time.Minute, Keep: 365 * 24 * time.Hour, Triage: 4 * time.Hour}
}

func (s Submissions) validate() error {
	if s.Address != "" {
		if a, err := mail.ParseAddress(s.Address); err != nil || a.Address != s.Address || strings.Contains(s.Address, "+") {
			return fmt.Errorf("config: submissions.address: %q is no address; write report@example.com, without a plus sign", s.Address)
		}
	}
	if len(s.Folders) > 10 {
		return fmt.Errorf("config: submissions.folders: %d folders; 10 at most", len(s.Folders))
	}
	for _, f := range s.Folders {
		if strings.TrimSpace(f) == "" || len(f) > 200 || strings.EqualFold(f, "INBOX") {
			return fmt.Errorf("config: submissions.folders: %q: name a folder that people put nothing but reports into", f)
		}
	}
	for _, m := range s.Mailboxes {
		if strings.Count(m, "@") != 1 {
			return fmt.Errorf("config: submissions.mailboxes: %q is no address; write ann@example.com", m)
		}
	}
	switch {
	case s.Every < 10*time.Second || s.Every > 24*time.Hour:
		return fmt.Errorf("config: submissions.every: %s is out of bounds; 10s to 24h", s.Every)
	case s.Keep != 0 && s.Keep < 24*time.Hour:
		return fmt.Errorf("config: submissions.keep: %s is too short; 1d or more, or 0 for ever", s.Keep)
	}
	return nil
}

// submissions is everything that takes reports.
type submissions struct {
	app    *App
	desk   *submission.Desk
	teller *submission.Teller
	vault  *blobstore.Store
}

const submittedFolder = "submitted"

// openSubmissions opens what reports need beside the other stores.
func (a *App) openSubmissions(ctx context.Context) (err error) {
	x := &submissions{app: a}
	a.submitted = x
	if x.vault, err = blobstore.Open(ctx, a.cfg.path(submittedFolder)); err != nil {
		return err
	}
	store := a.cases.Submissions()
	x.desk = &submission.Desk{
		Store: store, Finder: reportedMail{a}, Judge: judgeNow{a}, Vault: submittedBytes{x.vault}, Address: strings.ToLower(a.cfg.Submissions.Address), Own: a.ownDomain,
		NewID: newID, Now: a.opt.Now, Log: a.log,
	}
	x.teller = &submission.Teller{Store: store, Events: submissionRows{a}, Letters: answers{a}, Organisation: a.cfg.Organisation.Name, Now: a.opt.Now}
	return nil
}

// newID is a UUIDv7; its order is that of time.
func newID(time.Time) string { return uuid.Must(uuid.NewV7()).String() }

// ownDomain reports whether a domain is the organisation's, or below one.
func (a *App) ownDomain(domain string) bool {
	domain = strings.ToLower(domain)
	return slices.ContainsFunc(a.cfg.Organisation.Domains, func(d string) bool {
		d = strings.ToLower(d)
		return domain == d || strings.HasSuffix(domain, "."+d)
	})
}

// reports is the address for reports as the pipeline sees it; nil when there is none.
func (a *App) reports() ingest.Reports {
	if a.cfg.Submissions.Address == "" {
		return nil
	}
	return reportsByMail{a.submitted}
}

type reportsByMail struct{ x *submissions }

// For says whether mail to a recipient is a report.
func (r reportsByMail) For(recipient string) bool {
	_, ok := submission.Addressed(recipient, r.x.desk.Address)
	return ok
}

// Take takes a report.
func (r reportsByMail) Take(ctx context.Context, m ingest.Reported) error {
	return r.x.desk.TakeMail(ctx, submission.Mail{
		Raw: m.Raw, SHA256: m.SHA256, Message: m.Message, At: m.At, NullPath: m.NullPath, Auth: m.Auth, AuthUser: m.AuthUser, Recipient: m.Recipient,
	})
}

// submittedBytes keeps the bytes of reports.
type submittedBytes struct{ *blobstore.Store }

// Get returns bytes, or submission.ErrNoBytes.
func (b submittedBytes) Get(ctx context.Context, sum string) ([]byte, error) {
	raw, err := b.Store.Get(ctx, sum)
	if errors.Is(err, blobstore.ErrNotFound) || errors.Is(err, blobstore.ErrCorrupt) {
		return nil, fmt.Errorf("%w (%w)", submission.ErrNoBytes, err)
	}
	return raw, err
}

// submissionRows is the event store for those who tell.
type submissionRows struct{ app *App }

func (s submissionRows) AppendSubmissions(ctx context.Context, rows []event.UserSubmission) error {
	err := s.app.events.Append(ctx, event.Batch{Submissions: rows})
	var refused *eventstore.RowError
	if !errors.As(err, &refused) {
		return err
	}
	// One row that will never be taken must not hold up the others.
	for i := range rows {
		err := s.app.events.Append(ctx, event.Batch{Submissions: rows[i : i+1]})
		if errors.As(err, &refused) {
			s.app.log.Error("event store refused a report", "submission", rows[i].SubmissionId, "err", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// answers is the outgoing mail for those who tell.
type answers struct{ app *App }

func (s answers) Send(ctx context.Context, key string, a submission.Answer) error {
	l := mailout.Letter{Key: key, Purpose: mailout.SubmissionResult, To: a.To, Subject: a.Subject, Text: a.Text}
	if err := l.Check(); err != nil { // it would never be taken, and must not hold up the others
		s.app.log.Warn("a reporter is not answered", "err", err)
		return submission.ErrNoMail
	}
	err := s.app.outgoing.Queue(ctx, l)
	if errors.Is(err, mailout.ErrOff) {
		return submission.ErrNoMail
	}
	return err
}

const (
	// tellEvery is how often what is new is told.
	tellEvery = 500 * time.Millisecond
	// foldersAtOnce is how many mailboxes are looked into at the same time, and reportsAtOnce how many reports are taken from one folder in a round.
	foldersAtOnce, reportsAtOnce = 4, 50
	// folderTime bounds one mailbox.
	folderTime = 2 * time.Minute
)

// followSubmissions tells what is new, and looks into watched folders, until ctx ends.
func (a *App) followSubmissions(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { a.tellSubmissions(ctx) })
	if len(a.cfg.Submissions.Folders) > 0 {
		all.Go(func() { a.watchFolders(ctx) })
	}
	all.Wait()
}

func (a *App) tellSubmissions(ctx context.Context) {
	every := time.NewTicker(tellEvery)
	defer every.Stop()
	complained := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = a.submitted.teller.Round(ctx); err != nil && ctx.Err() == nil && time.Since(complained) > time.Minute {
				complained = time.Now()
				a.log.Warn("submissions wait to be told", "err", err)
			}
		}
	}
}

func (a *App) watchFolders(ctx context.Context) {
	for {
		a.readFolders(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(a.cfg.Submissions.Every):
		}
	}
}

// readFolders looks into the folders of every watched mailbox once.
func (a *App) readFolders(ctx context.Context) {
	boxes := a.cfg.Submissions.Mailboxes
	if len(boxes) == 0 {
		for _, p := range a.directory.Organisation().People {
			boxes = append(boxes, strings.ToLower(p.Address))
		}
	}
	turns := make(chan struct{}, foldersAtOnce)
	var all sync.WaitGroup
	for _, box := range boxes {
		provider := a.provider(box)
		if provider == nil || ctx.Err() != nil {
			continue
		}
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			ctx, cancel := context.WithTimeout(ctx, folderTime)
			defer cancel()
			err := a.submitted.readMailbox(ctx, provider, strings.ToLower(box))
			if err != nil && ctx.Err() == nil && !errors.Is(err, remediate.ErrNoMailbox) {
				a.log.Warn("the folder for reports is not read", "mailbox", box, "err", err)
			}
		})
	}
	all.Wait()
}

// readMailbox takes what lies in the folders of one mailbox and was not there before.
func (x *submissions) readMailbox(ctx context.Context, p remediate.Provider, box string) (err error) {
	m, err := p.Open(ctx, box)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	reader, ok := m.(remediate.FolderReader)
	if !ok {
		return fmt.Errorf("%s: %w", p.Name(), remediate.ErrCannot)
	}
	for _, folder := range x.app.cfg.Submissions.Folders {
		if err := x.readFolder(ctx, m, reader, box, folder); err != nil {
			return err
		}
	}
	return nil
}

func (x *submissions) readFolder(ctx context.Context, m remediate.Mailbox, reader remediate.FolderReader, box, folder string) error {
	store := x.desk.Store
	seen, err := store.Seen(ctx, box, folder)
	if err != nil {
		return err
	}
	list, err := reader.Folder(ctx, folder, seen, reportsAtOnce)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Size > x.app.cfg.Intake.MaxMessage {
			x.app.log.Warn("a report is too large to be read", "mailbox", box, "folder", folder, "octets", c.Size)
		} else if err := x.takeCopy(ctx, m, c, box, folder); err != nil {
			return err
		}
		if err := store.See(ctx, box, folder, c.ID, x.app.opt.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (x *submissions) takeCopy(ctx context.Context, m remediate.Mailbox, c remediate.Copy, box, folder string) error {
	raw, _, err := m.Fetch(ctx, c)
	if errors.Is(err, remediate.ErrGone) {
		return nil // taken back
	}
	if err != nil {
		return err
	}
	// When it was moved is not known; now is when Tocsin saw it.
	_, err = x.desk.TakeMoved(ctx, raw, x.app.mailboxOf(box), folder, x.app.opt.Now().UTC())
	return err
}

// mailboxOf is the address of the person whose mailbox it is.
func (a *App) mailboxOf(address string) string { return mailboxes{a}.Mailbox(address) }

// forgetSubmissions forgets what was closed long ago.
func (a *App) forgetSubmissions(ctx context.Context, now time.Time) error {
	keep := a.cfg.Submissions.Keep
	if keep <= 0 {
		return nil
	}
	for {
		n, err := a.cases.Submissions().ForgetSubmissions(ctx, now.Add(-keep), 100, func(sum string) error { return a.submitted.vault.Delete(ctx, sum) })
		if err != nil || n == 0 {
			return err
		}
	}
}
