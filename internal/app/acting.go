package app

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"go.yaml.in/yaml/v3"

	"tocsin/internal/blobstore"
	"tocsin/internal/detect"
	"tocsin/internal/remediate"
)

// Remediate says how mail is taken out of mailboxes.
type Remediate struct {
	ZAP       []string      `koanf:"zap"`       // threats whose delivered mail is taken out by itself: malware, phish, spam
	ZAPRead   string        `koanf:"zap_read"`  // also when it was read: all, threats (malware and phish), never
	Workers   int           `koanf:"workers"`   // mailboxes worked on at once
	Keep      time.Duration `koanf:"keep"`      // what was taken out, for undo and release; 0: for ever
	Approvals string        `koanf:"approvals"` // YAML file with the first approval policy; empty: the shipped one
	URL       string        `koanf:"url"`       // bucket of what was taken out; empty: in the data folder
}

func defaultRemediate() Remediate {
	return Remediate{ZAP: []string{"malware", "phish", "spam"}, ZAPRead: string(remediate.ReadThreats), Workers: 8, Keep: 30 * 24 * time.Hour}
}

func (r Remediate) validate() error {
	for _, t := range r.ZAP {
		if t != "malware" && t != "phish" && t != "spam" {
			return fmt.Errorf("config: remediate.zap: %q is unknown; malware, phish, spam", t)
		}
	}
	switch {
	case r.ZAPRead != string(remediate.ReadAll) && r.ZAPRead != string(remediate.ReadThreats) && r.ZAPRead != string(remediate.ReadNever):
		return fmt.Errorf("config: remediate.zap_read: %q is unknown; all, threats or never", r.ZAPRead)
	case r.Workers < 1 || r.Workers > 64:
		return fmt.Errorf("config: remediate.workers: %d is out of bounds; 1 to 64", r.Workers)
	case r.Keep != 0 && r.Keep < 24*time.Hour:
		return fmt.Errorf("config: remediate.keep: %s is too short; 1d or more, or 0 for ever", r.Keep)
	}
	return nil
}

// zap is what the settings say of it.
func (r Remediate) zap() remediate.ZAP {
	return remediate.ZAP{
		Malware: slices.Contains(r.ZAP, "malware"), Phish: slices.Contains(r.ZAP, "phish"), Spam: slices.Contains(r.ZAP, "spam"), Read: remediate.ReadMail(r.ZAPRead),
	}
}

// maxApprovalFile bounds the file of the approval policy, in octets.
const maxApprovalFile = 1 << 20

// approvals is the approval policy of the settings.
func (r Remediate) approvals() (remediate.ApprovalPolicy, error) {
	if r.Approvals == "" {
		return remediate.DefaultApprovals(), nil
	}
	raw, err := os.ReadFile(r.Approvals)
	if err != nil {
		return remediate.ApprovalPolicy{}, fmt.Errorf("config: remediate.approvals: %w", err)
	}
	if len(raw) > maxApprovalFile {
		return remediate.ApprovalPolicy{}, fmt.Errorf("config: remediate.approvals: %s is larger than 1 MB", r.Approvals)
	}
	p := remediate.ApprovalPolicy{}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("config: remediate.approvals: %s: %s", r.Approvals, oneLine(err))
	}
	if err := p.Validate(); err != nil {
		return p, fmt.Errorf("config: remediate.approvals: %s: %w", r.Approvals, err)
	}
	return p, nil
}

// MailSystem is a provider, and whose mailboxes it has.
type MailSystem struct {
	Provider remediate.Provider
	Domains  []string // of its mailboxes, lower case; none: all of the organisation
}

// acting is everything that acts on mailboxes.
type acting struct {
	store     *remediationStore
	vault     *blobstore.Store
	worker    *remediate.Worker
	planner   *remediate.Planner
	approvals *remediate.Approvals
	systems   []MailSystem  // of Options
	own       mailSystems   // of the settings
	purge     chan struct{} // something may be to be taken out
	late      atomic.Bool   // mail was judged that had been delivered already
	notes     *noteTogether
	people    peopleIndex
}

const heldFolder = "held"

// openActing opens what acting needs beside the other stores.
func (a *App) openActing(ctx context.Context) (err error) {
	x := &acting{systems: a.opt.MailSystems, purge: make(chan struct{}, 1)}
	a.acting = x
	if x.own, err = newMailboxes(a.cfg); err != nil {
		return err
	}
	url := a.cfg.Remediate.URL
	if url == "" {
		url = a.cfg.path(heldFolder)
	}
	if x.vault, err = blobstore.Open(ctx, url); err != nil {
		return err
	}
	x.store = &remediationStore{a.cases.Remediation()}
	x.store.Spread = func(ctx context.Context, tx *sql.Tx, action string) error {
		_, err := a.jobs.InsertTx(ctx, tx, spread{Action: action}, &river.InsertOpts{Queue: actionQueue})
		return err
	}
	x.store.Visit = func(ctx context.Context, tx *sql.Tx, action string, mailboxes []string) error {
		list := make([]river.InsertManyParams, len(mailboxes))
		for i, m := range mailboxes {
			list[i] = river.InsertManyParams{Args: visit{Action: action, Mailbox: m}, InsertOpts: &river.InsertOpts{Queue: actionQueue}}
		}
		_, err := a.jobs.InsertManyFastTx(ctx, tx, list)
		return err
	}
	first, err := a.cfg.Remediate.approvals()
	if err != nil {
		return err
	}
	x.approvals = &remediate.Approvals{Store: x.store, First: first, Now: a.opt.Now}
	if err := x.approvals.Load(ctx); err != nil {
		return err
	}
	events := &noteTogether{Events: actedEvents{laterEvents{a.events}}}
	x.notes = events
	x.worker = &remediate.Worker{
		Store: x.store, Events: events, Vault: vault{x.vault}, Mail: cameIn{a.blobs}, Provider: a.provider, Now: a.opt.Now, After: a.opt.CheckAfter, Log: a.log,
	}
	x.planner = &remediate.Planner{Store: x.store, Mailboxes: mailboxes{a}, Has: a.blobs.Exists, Approvals: x.approvals.Policy, Now: a.opt.Now}
	return nil
}

// provider that reaches a mailbox; nil when none does.
func (a *App) provider(mailbox string) remediate.Provider {
	_, domain, _ := strings.Cut(mailbox, "@")
	for _, s := range a.acting.systems {
		domains := s.Domains
		if len(domains) == 0 {
			domains = a.cfg.Organisation.Domains
		}
		if slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
			return s.Provider
		}
	}
	return a.acting.own.For(mailbox)
}

// mailboxes knows whose an address is.
type mailboxes struct{ app *App }

var _ remediate.Mailboxes = mailboxes{}

// Mailbox resolves aliases of the directory. Addresses are compared in lower case.
func (m mailboxes) Mailbox(address string) string {
	address = strings.ToLower(address)
	if main := m.app.acting.people.of(m.app.directory.Organisation())[address]; main != "" {
		return main
	}
	return address
}

// Priority says whether it is a priority account.
func (m mailboxes) Priority(address string) bool {
	org := m.app.directory.Organisation()
	return org.IsPriority(address)
}

// Reached says whether a provider reaches it.
func (m mailboxes) Reached(mailbox string) bool { return m.app.provider(mailbox) != nil }

// peopleIndex finds the mailbox of an alias. It is made anew when the directory has changed.
type peopleIndex struct {
	mu   sync.Mutex
	from []detect.Person
	main map[string]string
}

func (x *peopleIndex) of(org detect.Organisation) map[string]string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.main != nil && len(x.from) == len(org.People) && (len(x.from) == 0 || &x.from[0] == &org.People[0]) {
		return x.main
	}
	x.from, x.main = org.People, map[string]string{}
	for i := range org.People {
		for _, alias := range org.People[i].Aliases {
			x.main[strings.ToLower(alias)] = strings.ToLower(org.People[i].Address)
		}
	}
	for i := range org.People { // the address wins over another's alias
		delete(x.main, strings.ToLower(org.People[i].Address))
	}
	return x.main
}

// vault is the blob store of what was taken out.
type vault struct{ *blobstore.Store }

func (v vault) Get(ctx context.Context, sum string) ([]byte, error) {
	return bytesOf(ctx, v.Store, sum)
}

func (v vault) Forget(ctx context.Context, sum string) error { return v.Delete(ctx, sum) }

// cameIn is the store of mail as it came in.
type cameIn struct{ *blobstore.Store }

func (c cameIn) Get(ctx context.Context, sum string) ([]byte, error) {
	return bytesOf(ctx, c.Store, sum)
}

func bytesOf(ctx context.Context, s *blobstore.Store, sum string) ([]byte, error) {
	raw, err := s.Get(ctx, sum)
	if errors.Is(err, blobstore.ErrNotFound) || errors.Is(err, blobstore.ErrCorrupt) {
		return nil, fmt.Errorf("%w (%w)", remediate.ErrNoBytes, err)
	}
	return raw, err
}
