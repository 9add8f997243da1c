package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/detect"
	"tocsin/internal/detonate"
	"tocsin/internal/email"
	"tocsin/internal/ingest"
	"tocsin/internal/intel"
	"tocsin/internal/rejudge"
	"tocsin/internal/scan"
	"tocsin/internal/scan/cape"
	"tocsin/internal/scan/clamav"
	"tocsin/internal/scan/page"
	"tocsin/internal/scan/yara"
)

// Engines are asked about files and links beside Tocsin's own judgement. All are off until they are set up.
type Engines struct {
	ClamAV ClamAV `koanf:"clamav"`
	YARA   YARA   `koanf:"yara"`
	CAPE   CAPE   `koanf:"cape"`
	Pages  Pages  `koanf:"pages"`
}

// ClamAV is asked about every message.
type ClamAV struct {
	Address string        `koanf:"address"` // unix:/path or tcp:host:port; empty: off
	Timeout time.Duration `koanf:"timeout"`
}

// YARA rules of the administrator are matched against every file.
type YARA struct {
	Folder string `koanf:"folder"` // empty: off
}

// CAPE runs suspicious files.
type CAPE struct {
	URL       string  `koanf:"url"`        // empty: off
	TokenFile string  `koanf:"token_file"` // holds the API token
	Score     float64 `koanf:"score"`      // malscore from which a file without a known family counts as malware
}

// Pages opens suspicious links in a browser.
type Pages struct {
	Enabled bool   `koanf:"enabled"`
	Browser string `koanf:"browser"`
}

// scanners prepares the engines that answer at once. problems are rule files that were set aside.
func (e Engines) scanners() (out []scan.Engine, problems []yara.Problem, err error) {
	if e.ClamAV.Address != "" {
		c, err := clamav.New(clamav.Config{Address: e.ClamAV.Address, Timeout: e.ClamAV.Timeout})
		if err != nil {
			return nil, nil, fmt.Errorf("config: engines.clamav.address: %w", err)
		}
		out = append(out, c)
	}
	if e.YARA.Folder != "" {
		rules, bad, err := yara.Load(yara.Config{Folder: e.YARA.Folder})
		if err != nil {
			return nil, nil, fmt.Errorf("config: engines.yara.folder: %w", err)
		}
		out, problems = append(out, rules), bad
	}
	return out, problems, nil
}

// NewEngines prepares the engines of the settings for commands that judge without a server. They end with the process.
func NewEngines(c Config) ([]scan.Engine, error) {
	engines, _, err := c.Engines.scanners()
	return engines, err
}

// lab prepares what finds out later. It is idle unless the administrator set something up.
func (e Engines) lab(store detonate.Store, now func() time.Time) (*detonate.Lab, error) {
	l := &detonate.Lab{Store: store, Brands: intel.ShippedBrands(), Hosts: intel.ShippedHosts(), Now: now}
	if e.CAPE.URL != "" {
		token := ""
		if e.CAPE.TokenFile != "" {
			b, err := os.ReadFile(e.CAPE.TokenFile)
			if err != nil {
				return nil, fmt.Errorf("config: engines.cape.token_file: %w", err)
			}
			token = strings.TrimSpace(string(b))
		}
		c, err := cape.New(cape.Config{URL: e.CAPE.URL, Token: token, Score: e.CAPE.Score})
		if err != nil {
			return nil, fmt.Errorf("config: engines.cape.url: %w", err)
		}
		l.Sandboxes = []scan.Sandbox{c}
	}
	if e.Pages.Enabled {
		v, err := page.New(page.Config{Browser: e.Pages.Browser})
		if err != nil {
			return nil, fmt.Errorf("config: engines.pages: %w", err)
		}
		l.Pages = v
	}
	return l, nil
}

// closeEngines frees what engines hold.
func closeEngines(list []scan.Engine) error {
	var errs []error
	for _, e := range list {
		if c, ok := e.(interface{ Close() error }); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// detonation is the job of trying one message's files and links.
type detonation struct {
	NetworkMessageID string                `json:"network_message_id"`
	SHA256           string                `json:"sha256"`
	At               int64                 `json:"at"` // microseconds
	Score            int                   `json:"score"`
	Scores           map[detect.Threat]int `json:"scores"`
}

// Kind names the job in the database.
func (detonation) Kind() string { return "detonation" }

// InsertOpts: a sandbox that is away for a night is tried again in the morning.
func (detonation) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: labQueue, MaxAttempts: 12}
}

const labQueue = "lab"

type detonationWorker struct {
	river.WorkerDefaults[detonation]
	app *App
}

// Timeout holds for a few visits; a sandbox is asked again later instead of waited for.
func (*detonationWorker) Timeout(*river.Job[detonation]) time.Duration { return 10 * time.Minute }

// Work tries what is suspicious, and has the message judged again when something bad was found.
func (w *detonationWorker) Work(ctx context.Context, j *river.Job[detonation]) error {
	a := w.app
	raw, err := a.blobs.Get(ctx, j.Args.SHA256)
	if err != nil {
		return river.JobCancel(err) // the bytes are gone
	}
	m := email.Parse(raw, email.Limits{})
	inside := scan.Open(ctx, m, scan.Limits{Hold: scan.HoldAll})
	news, again, err := a.lab.Try(ctx, m, inside.Held, detect.Verdict{Score: j.Args.Score, Scores: j.Args.Scores})
	if news {
		at := time.UnixMicro(j.Args.At).UTC()
		_, serr := a.Start(ctx, rejudge.Run{
			Kind: rejudge.Rejudge, Trigger: "A sandbox or an opened page found something", By: "Tocsin", Via: "automatic",
			Spec: rejudge.Spec{Since: at, Until: at.Add(time.Microsecond)},
		})
		err = errors.Join(err, serr)
	}
	switch {
	case err != nil:
		a.log.Warn("trying files and links of a message failed", "message", j.Args.NetworkMessageID, "err", err)
		return err
	case again > 0:
		return river.JobSnooze(again)
	}
	return nil
}

// try puts a judged message into the queue of the lab when it is worth it. What a crash loses here is not tried; the verdict stands
// without it.
func (a *App) try(o ingest.Judged) {
	if a.lab.Idle() || !a.lab.Wants(o.Message, o.Verdict) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := a.jobs.Insert(ctx, detonation{NetworkMessageID: o.NetworkMessageID, SHA256: o.SHA256, At: o.At.UnixMicro(), Score: o.Verdict.Score, Scores: o.Verdict.Scores}, nil)
	if err != nil {
		a.log.Error("files and links of a message are not tried", "message", o.NetworkMessageID, "err", err)
	}
}

// checkEngines looks at the engines that are set up.
func checkEngines(ctx context.Context, c Config) []Finding {
	var out []Finding
	e := c.Engines
	if e.ClamAV.Address != "" {
		about := "ClamAV " + e.ClamAV.Address
		x, err := clamav.New(clamav.Config{Address: e.ClamAV.Address, Timeout: 5 * time.Second})
		version := ""
		if err == nil {
			version, err = x.Version(ctx)
			_ = x.Close()
		}
		if err != nil {
			out = append(out, Finding{about, Bad, err.Error(), "start clamav-daemon, or empty engines.clamav.address; until then mail is judged without it"})
		} else {
			out = append(out, Finding{about, Good, version, ""})
		}
	}
	if e.YARA.Folder != "" {
		about := "YARA rules in " + e.YARA.Folder
		rules, bad, err := yara.Load(yara.Config{Folder: e.YARA.Folder})
		switch {
		case err != nil:
			out = append(out, Finding{about, Bad, err.Error(), "correct engines.yara.folder, or empty it"})
		case len(bad) > 0:
			out = append(out, Finding{about, Warn, fmt.Sprintf("%d rules at work; %d files are set aside, first %s", rules.Len(), len(bad), bad[0].Error()), "correct those files; the others are used"})
		default:
			out = append(out, Finding{about, Good, fmt.Sprintf("%d rules", rules.Len()), ""})
		}
		if rules != nil {
			_ = rules.Close()
		}
	}
	return append(out, checkLab(ctx, e)...)
}

// checkLab asks the sandbox and the browser how they are.
func checkLab(ctx context.Context, e Engines) []Finding {
	l, err := e.lab(nil, time.Now)
	if err != nil {
		return []Finding{{"sandbox and pages", Bad, err.Error(), "correct or empty that setting"}}
	}
	w := watchEngines(nil, nil, l, time.Now)
	w.ask(ctx, 0)
	var out []Finding
	for _, x := range [...]struct {
		about, fix string
		m          *monitor
	}{
		{"sandbox " + e.CAPE.URL, "check engines.cape.url and the token, or empty it; until then files are not run", w.cape},
		{"page visits", "install Chromium or set engines.pages.browser, or set engines.pages.enabled: false; until then links are not opened", w.pages},
	} {
		switch {
		case x.m == nil:
		case x.m.away:
			out = append(out, Finding{x.about, Bad, x.m.problem, x.fix})
		default:
			out = append(out, Finding{x.about, Good, cmp.Or(x.m.version, "answers"), ""})
		}
	}
	return out
}
