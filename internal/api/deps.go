package api

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/prometheus/client_golang/prometheus"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/auth/oidc"
	"tocsin/internal/auth/passkey"
	"tocsin/internal/campaign"
	"tocsin/internal/detonate"
	"tocsin/internal/directory"
	"tocsin/internal/hunt"
	"tocsin/internal/mailout"
	"tocsin/internal/policy"
	"tocsin/internal/rejudge"
	"tocsin/internal/rulebook"
	"tocsin/internal/threat"
)

// Deps is what the server is made of. A server that only describes itself (OpenAPI) needs none of it.
type Deps struct {
	Version      string
	Demo         bool
	Organisation Organisation
	Own          OwnServers
	UI           fs.FS // the built interface; nil when this binary has none

	Gate        *auth.Gate
	Provider    *oidc.Provider // sign-in through OpenID Connect; nil: none
	Keys        *passkey.Site  // security keys; nil: the public address has no host name
	Journal     auth.Journal
	Audit       *audit.Notary
	Letters     Letters
	Outgoing    mailout.Queue // of mail that an operator writes
	AuditKept   time.Duration // how long audit records are kept; 0: for ever
	Sessions    scs.Store
	SessionIdle time.Duration
	SessionLife time.Duration
	Preferences Preferencer

	Directory *directory.Directory

	Explorer *hunt.Explorer
	Hunter   *hunt.Runner
	Samples  *hunt.Samples
	Shelf    hunt.Shelf
	History  hunt.History
	HuntMost int // queries of one operator at a time, running and waiting; default 3

	HuntTurns int // of those, how many may run; default 1
	Events    hunt.Store
	Raw       RawMail
	Intake    Intake
	Learner   Learner
	Visits    Visits
	MaxMail   int64 // octets of one message that Intake takes; default 64 MiB
	Coverage  func(ctx context.Context) (Coverage, error)
	Ready     func(ctx context.Context) []string // what is not ready, one line each

	Known         *Known
	Desk          *policy.Desk
	Rules         *rulebook.Desk
	Threats       *threat.Desk
	Runs          Runs
	Feeds         *Feeds
	TAXIIMost     string // the narrowest TLP that the TAXII server tells; "": there is no server
	Acting        *Acting
	Incidents     *Incidents
	Quarantine    *Quarantine
	Aid           *MailboxAid
	Submitted     *Submitted
	Alerts        *alert.Desk
	Campaigns     *campaign.Desk
	Dashboard     *Dashboard
	Reports       *Reports
	Trackers      *Trackers
	Supply        func() Supply
	Engines       func(ctx context.Context) (Engines, error)
	RejudgeWindow time.Duration // how far back delivered mail is judged again unless somebody says otherwise; default 48 h

	Metrics        *prometheus.Registry
	Secure         bool   // browsers come over TLS
	PublicOrigin   string // "https://tocsin.example.com"; "" when nobody said
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Now            func() time.Time
}

// Runs starts and keeps the runs that judge mail again.
type Runs interface {
	// Start checks a run, keeps it and puts it into the queue.
	Start(ctx context.Context, r rejudge.Run) (rejudge.Run, error)
	Runs() rejudge.Store
}

// Preferencer keeps the preferences of operators as they were put.
type Preferencer interface {
	Preferences(ctx context.Context, operatorID string) (json.RawMessage, error)
	PutPreferences(ctx context.Context, operatorID string, body json.RawMessage) error
}

// RawMail returns the bytes of a message by their SHA-256 (lower-case hex), ErrRawGone or ErrRawDamaged.
type RawMail interface {
	Get(ctx context.Context, sha256 string) ([]byte, error)
}

// Visits knows the pages that were opened for links.
type Visits interface {
	Answers(ctx context.Context, about []string) ([]detonate.Known, error)
	// PagePicture returns a PNG, nil when there is none.
	PagePicture(ctx context.Context, link string) ([]byte, error)
}

// Intake takes one message in, durably. What it refuses for good is ErrTooLarge; without room on the disk it answers ErrDiskFull.
type Intake interface {
	Take(ctx context.Context, raw []byte, env Envelope) (Imported, error)
}

// Envelope is what the sender of an imported message knew of its delivery. Zero fields: the headers must do.
type Envelope struct {
	Source     string
	MailFrom   string
	Recipients []string
	Time       time.Time
	FileTime   time.Time // last resort when the headers have no usable time
}

// What the parts behind the API answer, in words that it knows.
var (
	ErrRawGone    = errors.New("the bytes of this message are not kept any more; what was stored about it is in the other tabs")
	ErrRawDamaged = errors.New("the stored bytes of this message are damaged: they do not match their SHA-256")
	ErrTooLarge   = errors.New("the message is too large")
	ErrDiskFull   = errors.New("the server's disk is full")
	ErrStopping   = errors.New("the server is stopping")
)

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Metrics == nil {
		d.Metrics = prometheus.NewRegistry()
	}
	if d.MaxMail == 0 {
		d.MaxMail = 64 << 20
	}
	if d.HuntMost == 0 {
		d.HuntMost = 3
	}
	if d.HuntTurns == 0 {
		d.HuntTurns = 1
	}
	if d.RejudgeWindow == 0 {
		d.RejudgeWindow = 48 * time.Hour
	}
	if d.SessionIdle == 0 {
		d.SessionIdle = 8 * time.Hour
	}
	if d.SessionLife == 0 {
		d.SessionLife = 24 * time.Hour
	}
	return d
}
