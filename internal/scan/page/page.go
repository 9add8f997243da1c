// Package page opens the page that a link leads to, in a headless Chromium that knows nothing of the house, and tells what
// is there: where it went, what it shows, what it asks for (URL detonation).
//
// A visit is a request to the sender's server: it tells that the mail arrived, it can use up a link made for one person,
// and the page can do what pages do. So visiting is off unless an administrator turns it on, each visit has a browser
// and a profile of its own that are thrown away, the browser's only way out is a proxy that refuses addresses inside the
// network, time and octets are bounded, nothing is typed or clicked, and nothing is downloaded.
package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Resolver is the part of net.Resolver that is used.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config of visits. Zero fields mean the default.
type Config struct {
	Browser   string                // path of Chromium; default "chromium" on the PATH
	Timeout   time.Duration         // of one visit; default 30 s
	Settle    time.Duration         // how long a loaded page may still change; default 2 s
	Bytes     int64                 // octets taken in by one visit; default 20 MiB
	AtOnce    int                   // visits at the same time; default 1: each is a browser of about 200 MB
	UserAgent string                // default: Chromium's own without "Headless"
	Resolver  Resolver              // default net.DefaultResolver
	Allow     func(netip.Addr) bool // default Public
	NoSandbox bool                  // Chromium without its sandbox: only for tests that run as root
}

// Seen is what a visit saw.
type Seen struct {
	Chain      []string // every address of the main page from the link on, redirects by server and by script alike
	Final      string   // the last of them
	Status     int      // HTTP status of the last page; 0 when none was loaded
	Title      string
	Text       string   // visible text, at most maxText octets
	Passwords  int      // fields that ask for a password
	Fields     int      // fields to type into
	Actions    []string // where forms send what is typed
	Download   string   // name of a file that the page wanted to hand out, "" when none
	Screenshot []byte   // PNG of the window, nil when nothing was drawn
	Took       time.Duration
}

const (
	maxText    = 32 << 10
	maxChain   = 30
	maxActions = 10
)

// Visitor opens pages. It may be used by many goroutines.
type Visitor struct {
	cfg   Config
	slots chan struct{}
}

// ErrScheme says that a link is not one to visit.
var ErrScheme = errors.New("only http and https links are visited")

// New prepares a visitor. Chromium is started with the first visit.
func New(c Config) (*Visitor, error) {
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Settle <= 0 {
		c.Settle = 2 * time.Second
	}
	if c.Bytes <= 0 {
		c.Bytes = 20 << 20
	}
	if c.AtOnce <= 0 {
		c.AtOnce = 1
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Allow == nil {
		c.Allow = Public
	}
	if c.Browser == "" {
		c.Browser = "chromium"
	}
	if os.Getuid() == 0 && !c.NoSandbox {
		return nil, errors.New("page: Chromium does not start its sandbox as root; run the server as another user")
	}
	return &Visitor{cfg: c, slots: make(chan struct{}, c.AtOnce)}, nil
}

// Version starts the browser only to hear what it is: "Chromium 140.0.7339.80". An error says that it does not start.
func (v *Visitor) Version(ctx context.Context) (string, error) {
	path, err := exec.LookPath(v.cfg.Browser)
	if err != nil {
		return "", fmt.Errorf("the browser is not found: %w", err)
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("the browser %s does not start: %w", path, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out[:min(len(out), 200)])), "\n")
	return strings.ToValidUTF8(line, "\uFFFD"), nil
}

// Visit opens link and looks at what is there. An error says that nothing was seen.
func (v *Visitor) Visit(ctx context.Context, link string) (Seen, error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Seen{}, ErrScheme
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return Seen{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Timeout)
	defer cancel()
	g, err := newGuard(&v.cfg)
	if err != nil {
		return Seen{}, err
	}
	defer g.close()
	profile, err := os.MkdirTemp("", "tocsin-visit-")
	if err != nil {
		return Seen{}, fmt.Errorf("page: %w", err)
	}
	defer func() { _ = os.RemoveAll(profile) }()

	start := time.Now()
	alloc, stop := chromedp.NewExecAllocator(ctx, v.flags(g, profile)...)
	defer stop()
	var w watch
	quiet := func(string, ...any) {}
	tab, closeTab := chromedp.NewContext(alloc, chromedp.WithListener(w.hear), chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	defer func() {
		_ = chromedp.Cancel(tab) // waits for the browser to end, so that its profile can go
		closeTab()
	}()
	seen, err := v.look(tab, &w, link)
	seen.Took = time.Since(start)
	return seen, err
}

func (v *Visitor) flags(g *guard, profile string) []chromedp.ExecAllocatorOption {
	o := append(chromedp.DefaultExecAllocatorOptions[:], // headless, no first run, no background work
		chromedp.ExecPath(v.cfg.Browser),
		chromedp.UserDataDir(profile),
		chromedp.ProxyServer("http://"+g.addr),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"), // loopback goes through the proxy too, and is refused there
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-file-system", true),
		chromedp.Flag("deny-permission-prompts", true),
		chromedp.Flag("disable-notifications", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("mute-audio", true),
		chromedp.WindowSize(1280, 900),
		chromedp.Env("HOME="+profile, "TMPDIR="+profile),
	)
	if v.cfg.NoSandbox {
		o = append(o, chromedp.NoSandbox)
	}
	if v.cfg.UserAgent != "" {
		o = append(o, chromedp.UserAgent(v.cfg.UserAgent))
	}
	return o
}

// watch collects what the browser tells while a page loads.
type watch struct {
	mu       sync.Mutex
	chain    []string
	status   int
	download string
}

func (w *watch) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument && e.FrameID != "" && e.RequestID.String() == e.LoaderID.String() {
			w.add(e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && len(w.chain) > 0 && sameAddress(e.Response.URL, w.chain[len(w.chain)-1]) {
			w.status = int(e.Response.Status)
		}
	case *cdpage.EventFrameNavigated:
		if e.Frame.ParentID == "" && e.Frame.URL != "about:blank" {
			w.add(e.Frame.URL + e.Frame.URLFragment)
		}
	case *browser.EventDownloadWillBegin:
		w.download = e.SuggestedFilename
	}
}

func (w *watch) add(u string) {
	if n := len(w.chain); n < maxChain && (n == 0 || !sameAddress(w.chain[n-1], u)) && !strings.HasPrefix(u, "chrome") {
		w.chain = append(w.chain, u)
	}
}

func sameAddress(a, b string) bool {
	a, _, _ = strings.Cut(a, "#")
	b, _, _ = strings.Cut(b, "#")
	return a == b
}

// survey reads the page without touching it.
const survey = `(() => {
	const fields = [...document.querySelectorAll('input, textarea')].filter(e => !['hidden', 'submit', 'button', 'image', 'reset', 'checkbox', 'radio'].includes(e.type));
	const frames = [...document.querySelectorAll('iframe')].flatMap(f => { try { return [...f.contentDocument.querySelectorAll('input[type=password]')] } catch { return [] } });
	return {
		title: document.title.slice(0, 500),
		text: (document.body ? document.body.innerText : '').slice(0, 32768),
		fields: fields.length,
		passwords: document.querySelectorAll('input[type=password]').length + frames.length,
		actions: [...document.forms].map(f => String(f.action)).slice(0, 10),
	};
})()`

// surveyed is what survey returns.
type surveyed struct {
	Title     string   `json:"title"`
	Text      string   `json:"text"`
	Fields    int      `json:"fields"`
	Passwords int      `json:"passwords"`
	Actions   []string `json:"actions"`
}

func (v *Visitor) look(tab context.Context, w *watch, link string) (Seen, error) {
	if err := chromedp.ListenBrowser(tab, w.hear); err != nil { // downloads are the browser's events
		return Seen{}, fmt.Errorf("page: %w", err)
	}
	found, shot, err := v.open(tab, link)
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Seen{Chain: w.chain, Status: w.status, Download: w.download, Title: found.Title, Text: found.Text, Fields: found.Fields,
		Passwords: found.Passwords, Actions: found.Actions, Screenshot: shot}
	if len(s.Chain) > 0 {
		s.Final = s.Chain[len(s.Chain)-1]
	}
	s.Text = s.Text[:min(len(s.Text), maxText)]
	s.Actions = s.Actions[:min(len(s.Actions), maxActions)]
	if err != nil && s.Download == "" {
		return s, fmt.Errorf("page: %w", err)
	}
	return s, nil
}

// open loads the page, waits until it has settled, and reads it.
func (v *Visitor) open(tab context.Context, link string) (found surveyed, shot []byte, err error) {
	events := true
	deny := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny, EventsEnabled: &events}
	if _, err = chromedp.CallBrowser(tab, browser.SetDownloadBehavior, deny); err != nil {
		return found, nil, err
	}
	// Not chromedp.Navigate: it waits for a load that may never come.
	nav, err := chromedp.Call(tab, cdpage.Navigate, cdpage.NavigateParams{URL: link})
	if err == nil && nav.ErrorText != "" && nav.ErrorText != "net::ERR_ABORTED" { // aborted: a download
		err = errors.New(nav.ErrorText)
	}
	if err != nil {
		return found, nil, err
	}
	if err = v.settle(tab); err != nil {
		return found, nil, err
	}
	if found, err = chromedp.Run(tab, chromedp.Evaluate[surveyed](survey)); err != nil {
		return found, nil, err
	}
	res, err := chromedp.Call(tab, cdpage.CaptureScreenshot, cdpage.CaptureScreenshotParams{})
	return found, res.Data, err
}

// settle waits until the page is loaded and has had time to move on by script.
func (v *Visitor) settle(tab context.Context) error {
	end := time.Now().Add(v.cfg.Timeout / 2)
	for time.Now().Before(end) {
		if state, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.readyState`)); err == nil && state == "complete" {
			break
		}
		if err := wait(tab, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return wait(tab, v.cfg.Settle)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
