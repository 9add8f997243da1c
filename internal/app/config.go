package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/hunt/lists"
	"tocsin/internal/mailout"
	"tocsin/internal/rejudge"
)

// Config is every setting. It is filled from the defaults, then a YAML file, then the environment (TOCSIN_HTTP_LISTEN sets
// http.listen; lists are comma separated), then flags; later wins. tocsin.example.yaml explains each key.
type Config struct {
	Data         string       `koanf:"data"`
	Organisation Organisation `koanf:"organisation"`
	Directory    Directory    `koanf:"directory"`
	HTTP         HTTP         `koanf:"http"`
	SMTP         Listener     `koanf:"smtp"`
	LMTP         LMTP         `koanf:"lmtp"`
	Milter       Milter       `koanf:"milter"`
	Mailboxes    []Mailboxes  `koanf:"mailboxes"`
	Outgoing     Outgoing     `koanf:"outgoing"`
	Intake       Intake       `koanf:"intake"`
	Rules        Rules        `koanf:"rules"`
	Indicators   Indicators   `koanf:"indicators"`
	Brands       Brands       `koanf:"brands"`
	Engines      Engines      `koanf:"engines"`
	Campaigns    Campaigns    `koanf:"campaigns"`
	Policy       Policy       `koanf:"policy"`
	Memory       Memory       `koanf:"memory"`
	Rejudge      Rejudge      `koanf:"rejudge"`
	Quarantine   Quarantine   `koanf:"quarantine"`
	Remediate    Remediate    `koanf:"remediate"`
	Incidents    Incidents    `koanf:"incidents"`
	Submissions  Submissions  `koanf:"submissions"`
	DNS          DNS          `koanf:"dns"`
	GeoIP        GeoIP        `koanf:"geoip"`
	Mail         Mail         `koanf:"mail"`
	Events       Events       `koanf:"events"`
	Hunting      Hunting      `koanf:"hunting"`
	Learning     Learning     `koanf:"learning"`
	Retention    Retention    `koanf:"retention"`
	Audit        Audit        `koanf:"audit"`
	Sessions     Sessions     `koanf:"sessions"`
	Auth         Auth         `koanf:"auth"`
	OIDC         OIDC         `koanf:"oidc"`
	Log          Log          `koanf:"log"`
}

// Organisation whose mail is watched.
type Organisation struct {
	Name     string   `koanf:"name"`
	Domains  []string `koanf:"domains"`  // accepted domains
	Servers  []string `koanf:"servers"`  // own mail servers: host names, ".suffix", addresses, networks
	AuthServ []string `koanf:"authserv"` // authserv-ids whose Authentication-Results are believed
	People   []Person `koanf:"people"`
}

// Person is a protected user.
type Person struct {
	Name       string `koanf:"name"`
	Address    string `koanf:"address"`
	Department string `koanf:"department"`
	Priority   bool   `koanf:"priority"`
}

// HTTP is where people and programs connect.
type HTTP struct {
	Listen         string   `koanf:"listen"`
	PublicURL      string   `koanf:"public_url"`
	Certificate    string   `koanf:"certificate"`
	Key            string   `koanf:"key"`
	TrustedProxies []string `koanf:"trusted_proxies"`
}

// Listener takes mail in over SMTP or LMTP.
type Listener struct {
	Listen      string   `koanf:"listen"` // host:port; empty: off
	Certificate string   `koanf:"certificate"`
	Key         string   `koanf:"key"`
	RequireTLS  bool     `koanf:"require_tls"`
	Allow       []string `koanf:"allow"`    // networks that may connect
	Reports     bool     `koanf:"reports"`  // clients send journal reports, which are unwrapped
	Journals    []string `koanf:"journals"` // addresses that copies are sent to
}

// Intake bounds what is taken in.
type Intake struct {
	MaxMessage int64 `koanf:"max_message"` // octets
	Workers    int   `koanf:"workers"`     // messages judged at once; 0: one a processor
}

// Rules beside those that ship with Tocsin.
type Rules struct {
	Folder string `koanf:"folder"` // *.yaml and their samples; empty: none
}

// Indicators are lists of what is known to be bad, or good.
type Indicators struct {
	Files []string `koanf:"files"` // one value a line, or CSV with the columns type, value, threat, verdict, expires
	// Common is the share of the mail of the last 30 days, in percent, from which an indicator that would hit it is held back; 0: never.
	Common float64 `koanf:"common"`
}

// Brands beside those that ship with Tocsin, whose names others must not use.
type Brands struct {
	File string `koanf:"file"` // "Name | domains | how people write it", one a line; empty: none
}

// Policy says what is done with mail that was judged. Treatments are deliver, junk, quarantine, reject, drop, and for
// malware replace.
type Policy struct {
	Mode      string `koanf:"mode"` // watch or act
	Malware   string `koanf:"malware"`
	PhishHigh string `koanf:"phish_high"`
	Phish     string `koanf:"phish"`
	SpamHigh  string `koanf:"spam_high"`
	Spam      string `koanf:"spam"`
	Bulk      string `koanf:"bulk"`
	BulkFrom  int    `koanf:"bulk_from"`

	PriorityPoints int  `koanf:"priority_points"`
	PriorityStep   bool `koanf:"priority_step"`
}

// Rejudge says which delivered mail is judged again when rules, indicators or the policy change.
type Rejudge struct {
	Automatic bool          `koanf:"automatic"`
	Window    time.Duration `koanf:"window"` // how far back; at most 30 days
}

// Memory of who writes to whom.
type Memory struct {
	Enabled bool          `koanf:"enabled"`
	Keep    time.Duration `koanf:"keep"`    // correspondents, after the last month with mail
	Threads time.Duration `koanf:"threads"` // ids of messages, to know answers by
}

func (m Memory) validate() error {
	if m.Enabled && (m.Keep < 31*24*time.Hour || m.Threads < 24*time.Hour || m.Threads > m.Keep) {
		return fmt.Errorf("config: memory: keep is %s and threads is %s; keep must be 31d or more, and threads 1d to keep", m.Keep, m.Threads)
	}
	return nil
}

// Campaigns compares every message with those of the last days.
type Campaigns struct {
	Enabled bool `koanf:"enabled"`
}

// DNS for SPF, DKIM and DMARC.
type DNS struct {
	Enabled bool `koanf:"enabled"`
}

// GeoIP turns addresses into countries.
type GeoIP struct {
	File string `koanf:"file"` // MaxMind DB; empty: no countries
}

// Mail is where the bytes of messages are kept.
type Mail struct {
	URL string `koanf:"url"` // empty: DATA/mail
}

// Events is the event store.
type Events struct {
	Memory  int64 `koanf:"memory"`  // octets the engine may hold; more spills to disk
	Threads int   `koanf:"threads"` // 0: one a processor
}

// Hunting bounds what queries of people may take. package hunt says what each limit means.
type Hunting struct {
	Time       time.Duration `koanf:"time"`
	Rows       int           `koanf:"rows"`
	Concurrent int           `koanf:"concurrent"`
	Memory     int64         `koanf:"memory"` // octets, of events.memory; 0: half of it
	Disk       int64         `koanf:"disk"`   // octets for what does not fit into memory

	PerOperator  int      `koanf:"per_operator"`
	ExternalData []string `koanf:"external_data"` // addresses below which externaldata may read lists
}

// Unbounded is for one person alone with the stores: answers of any length, as long as they take.
func (h Hunting) Unbounded() Hunting {
	h.Time, h.Rows = 0, -1
	return h
}

func (h Hunting) limits() hunt.Limits {
	if h.Rows < 0 {
		return hunt.Limits{Time: 365 * 24 * time.Hour, Rows: -1, Bytes: -1, Concurrent: h.Concurrent}
	}
	return hunt.Limits{Time: h.Time, Rows: int64(h.Rows), Concurrent: h.Concurrent}
}

func (h Hunting) validate(events int64) error {
	switch {
	case h.Memory < 0 || h.Memory > 0 && h.Memory > events-(64<<20):
		return fmt.Errorf("config: hunting.memory: %d octets is out of bounds; it is part of events.memory (%d), of which 64MB must be left", h.Memory, events)
	case h.Disk < 64<<20:
		return fmt.Errorf("config: hunting.disk: %d octets is too little; 64MB or more", h.Disk)
	case h.Time < time.Second || h.Time > 24*time.Hour:
		return fmt.Errorf("config: hunting.time: %s is out of bounds; 1s to 24h", h.Time)
	case h.Rows < 1 || h.Rows > 10_000_000:
		return fmt.Errorf("config: hunting.rows: %d is out of bounds; 1 to 10000000", h.Rows)
	case h.Concurrent < 1 || h.Concurrent > 12:
		return fmt.Errorf("config: hunting.concurrent: %d is out of bounds; 1 to 12", h.Concurrent)
	case h.PerOperator < 1 || h.PerOperator > 100:
		return fmt.Errorf("config: hunting.per_operator: %d is out of bounds; 1 to 100", h.PerOperator)
	}
	for _, address := range h.ExternalData {
		if err := lists.ParseApproved(address); err != nil {
			return fmt.Errorf("config: hunting.external_data: %w", err)
		}
	}
	return nil
}

// Learning is the local model: what it learns from, and whether it may speak.
type Learning struct {
	Collect        bool          `koanf:"collect"`         // keep features of delivered mail, and train in shadow
	Activate       bool          `koanf:"activate"`        // a model that passes its check speaks without a person's word
	Bad            int           `koanf:"bad"`             // messages called bad, before the first training
	Good           int           `koanf:"good"`            // good ones
	Every          int           `koanf:"every"`           // new labels before the next training
	Examples       int           `koanf:"examples"`        // kept, half of them with a label at most
	Quiet          time.Duration `koanf:"quiet"`           // delivered mail that nobody reported for so long counts as good
	FalsePositives float64       `koanf:"false_positives"` // percent of good mail that a model may find, in its check and in training
}

func (l Learning) validate() error {
	switch {
	case l.Bad < 20 || l.Good < 20:
		return fmt.Errorf("config: learning.bad (%d) and learning.good (%d): 20 or more; from fewer nothing can be learned", l.Bad, l.Good)
	case l.Every < 1:
		return fmt.Errorf("config: learning.every: %d is out of bounds; 1 or more", l.Every)
	case l.Examples < 1000 || l.Examples > 1_000_000:
		return fmt.Errorf("config: learning.examples: %d is out of bounds; 1000 to 1000000", l.Examples)
	case l.Quiet < time.Hour:
		return fmt.Errorf("config: learning.quiet: %s is too short for anybody to report; 1h or more", l.Quiet)
	case l.FalsePositives < 0.1 || l.FalsePositives > 1:
		return fmt.Errorf("config: learning.false_positives: %g percent is out of bounds; 0.1 to 1", l.FalsePositives)
	}
	return nil
}

// Retention says how long what is kept. 0: for ever.
type Retention struct {
	Events time.Duration `koanf:"events"`
	Mail   time.Duration `koanf:"mail"`
}

// Audit is the log of what operators did.
type Audit struct {
	Retention   time.Duration `koanf:"retention"`   // of its records; 0: for ever
	Checkpoints string        `koanf:"checkpoints"` // a file elsewhere that signed checkpoints are added to; empty: none
}

// leastAudit is how long records are kept at least.
const leastAudit = 90 * 24 * time.Hour

// Sessions of operators.
type Sessions struct {
	Idle time.Duration `koanf:"idle"`
	Life time.Duration `koanf:"life"`
}

// Auth is how operators sign in.
type Auth struct {
	SecondFactor string   `koanf:"second_factor"` // whose sign-in needs one: optional, administrators, everybody
	Local        string   `koanf:"local"`         // whom passwords and keys are for: on (everybody), break-glass
	BreakGlass   []string `koanf:"break_glass"`   // addresses of operators who may sign in without the provider
}

// Log goes to standard error.
type Log struct {
	Level  string `koanf:"level"`
	Format string `koanf:"format"`
}

// Defaults are the settings nobody has to write.
func Defaults() Config {
	return Config{
		Data:         "tocsin-data",
		Organisation: Organisation{Name: "My organisation"},
		Directory:    defaultDirectory(),
		HTTP:         HTTP{Listen: "127.0.0.1:8825"},
		SMTP:         Listener{Allow: []string{"127.0.0.0/8", "::1/128"}, Journals: []string{}},
		LMTP:         LMTP{Listener: Listener{Allow: []string{"127.0.0.0/8", "::1/128"}, Journals: []string{}}, AtDelivery: defaultAtDelivery()},
		Milter:       defaultMilter(),
		Mailboxes:    []Mailboxes{},
		Outgoing:     Outgoing{TLS: mailout.TLS},
		Intake:       Intake{MaxMessage: 64 << 20},
		Policy:       defaultPolicy(),
		Memory:       Memory{Enabled: true, Keep: 400 * 24 * time.Hour, Threads: 60 * 24 * time.Hour},
		Indicators:   Indicators{Common: 1},
		Rejudge:      Rejudge{Automatic: true, Window: 48 * time.Hour},
		Quarantine:   defaultQuarantine(),
		Remediate:    defaultRemediate(),
		Incidents:    defaultIncidents(),
		Submissions:  defaultSubmissions(),
		Engines:      Engines{ClamAV: ClamAV{Timeout: 10 * time.Second}, CAPE: CAPE{Score: 7}, Pages: Pages{Browser: "chromium"}},
		Campaigns:    Campaigns{Enabled: true},
		DNS:          DNS{Enabled: true},
		Events:       Events{Memory: 1 << 30},
		Hunting:      Hunting{Time: 3 * time.Minute, Rows: 1_000_000, Concurrent: 2, Disk: 4 << 30, PerOperator: 3, ExternalData: []string{}},
		Learning:     Learning{Collect: true, Bad: 200, Good: 2000, Every: 50, Examples: 200_000, Quiet: 72 * time.Hour, FalsePositives: 0.5},
		Audit:        Audit{Retention: 730 * 24 * time.Hour},
		Sessions:     Sessions{Idle: 8 * time.Hour, Life: 24 * time.Hour},
		Auth:         Auth{SecondFactor: auth.FactorOptional, Local: localOn, BreakGlass: []string{}},
		OIDC:         defaultOIDC(),
		Log:          Log{Level: "info", Format: "text"},
	}
}

// EnvPrefix begins the environment variables that are settings.
const EnvPrefix = "TOCSIN_"

// Load reads the settings. path may be "" (no file). environ is what os.Environ returns. flags holds dotted keys
// ("http.listen"); only those that were given. Every error is one line that says which key is wrong, where, and what
// would be right.
func Load(path string, environ []string, flags map[string]any) (Config, error) {
	k := koanf.New(".")
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("config file: %w", err)
		}
		if err := checkKeys(path, raw); err != nil {
			return Config{}, err
		}
		if err := k.Load(file.Provider(path), koanfyaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("config file %s: %w", path, err)
		}
	}
	env, err := fromEnviron(environ)
	if err != nil {
		return Config{}, err
	}
	for _, layer := range []map[string]any{env, flags} {
		if err := k.Load(confmap.Provider(layer, "."), nil); err != nil {
			return Config{}, fmt.Errorf("settings: %w", err)
		}
	}
	c := Defaults()
	err = k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: &c, TagName: "koanf", WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(durationHook, sizeHook, mapstructure.StringToSliceHookFunc(",")),
	}})
	if err != nil {
		return Config{}, errors.New("config: " + oneLine(err))
	}
	return c, c.validate()
}

// oneLine keeps the first complaint of a mapstructure error.
func oneLine(err error) string {
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimLeft(strings.TrimSpace(line), "* ")
		if line != "" && !strings.HasSuffix(line, "error(s) decoding:") && !strings.HasPrefix(line, "decoding failed") {
			return line
		}
	}
	return err.Error()
}

// durationHook reads "90d" beside what time.ParseDuration reads.
func durationHook(_, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if to != reflect.TypeFor[time.Duration]() {
		return data, nil
	}
	if !ok {
		if fmt.Sprint(data) == "0" {
			return time.Duration(0), nil
		}
		return nil, fmt.Errorf("%v is not a duration; write 90d, 12h or 30m", data)
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%q is not a duration; write 90d, 12h or 30m", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return nil, fmt.Errorf("%q is not a duration; write 90d, 12h or 30m", text)
	}
	return d, nil
}

// sizeHook reads "64MB" where octets are counted.
func sizeHook(_, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if !ok || to.Kind() != reflect.Int64 || to == reflect.TypeFor[time.Duration]() {
		return data, nil
	}
	n, unit := strings.TrimSpace(text), int64(1)
	for suffix, factor := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if rest, found := strings.CutSuffix(strings.ToUpper(n), suffix); found {
			n, unit = strings.TrimSpace(rest), factor
			break
		}
	}
	v, err := strconv.ParseInt(n, 10, 32)
	if err != nil || v < 0 {
		return nil, fmt.Errorf("%q is not a size; write 64MB or a number of octets", text)
	}
	return v * unit, nil
}

// fromEnviron turns TOCSIN_* variables into keys. An unknown one is an error, with the nearest right one.
func fromEnviron(environ []string) (map[string]any, error) {
	names := map[string]string{}
	var known []string
	for _, key := range keys() {
		name := EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		names[name] = key
		known = append(known, name)
	}
	out := map[string]any{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, EnvPrefix) || name == EnvPrefix+"CORPUS" || name == EnvPrefix+"TOKEN" || name == EnvPrefix+"SERVER" {
			continue
		}
		key, ok := names[name]
		if !ok {
			return nil, fmt.Errorf("environment: there is no setting %s%s", name, didYouMean(name, known))
		}
		if key == "organisation.people" || key == "oidc.groups" {
			return nil, fmt.Errorf("environment: %s cannot be given here; write %s in a config file", name, key)
		}
		out[key] = value
	}
	return out, nil
}

func (c Config) validate() error {
	for key, address := range map[string]string{"http.listen": c.HTTP.Listen, "smtp.listen": c.SMTP.Listen, "lmtp.listen": c.LMTP.Listen} {
		if address == "" && key != "http.listen" {
			continue
		}
		check := checkListen
		if key == "lmtp.listen" {
			check = checkListenOrSocket
		}
		if err := check(address); err != nil {
			return fmt.Errorf("config: %s: %w", key, err)
		}
	}
	for key, pair := range map[string][2]string{"http": {c.HTTP.Certificate, c.HTTP.Key}, "smtp": {c.SMTP.Certificate, c.SMTP.Key}, "lmtp": {c.LMTP.Certificate, c.LMTP.Key}} {
		if (pair[0] == "") != (pair[1] == "") {
			return fmt.Errorf("config: %s.certificate and %s.key belong together; give both or none", key, key)
		}
	}
	for key, list := range map[string][]string{"http.trusted_proxies": c.HTTP.TrustedProxies, "smtp.allow": c.SMTP.Allow, "lmtp.allow": c.LMTP.Allow} {
		if _, err := networks(list); err != nil {
			return fmt.Errorf("config: %s: %w", key, err)
		}
	}
	for key, l := range map[string]Listener{"smtp": c.SMTP, "lmtp": c.LMTP.Listener} {
		if l.RequireTLS && l.Certificate == "" {
			return fmt.Errorf("config: %s.require_tls needs %s.certificate and %s.key", key, key, key)
		}
	}
	if err := c.LMTP.validate(); err != nil {
		return fmt.Errorf("config: lmtp.%w", err)
	}
	if err := c.Milter.validate(); err != nil {
		return fmt.Errorf("config: milter.%w", err)
	}
	for _, s := range c.Organisation.Servers {
		if strings.Contains(s, "/") {
			if _, err := netip.ParsePrefix(s); err != nil {
				return fmt.Errorf("config: organisation.servers: %q is not a network; write 192.0.2.0/24", s)
			}
		}
	}
	for _, d := range c.Organisation.Domains {
		if strings.ContainsAny(d, "@/: ") || !strings.Contains(d, ".") {
			return fmt.Errorf("config: organisation.domains: %q is not a domain; write example.com", d)
		}
	}
	for i, p := range c.Organisation.People {
		if !strings.Contains(p.Address, "@") {
			return fmt.Errorf("config: organisation.people: number %d has the address %q; write name@example.com", i+1, p.Address)
		}
	}
	if c.HTTP.PublicURL != "" {
		if u, err := url.Parse(c.HTTP.PublicURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("config: http.public_url: %q is not the address of a site; write https://tocsin.example.com", c.HTTP.PublicURL)
		}
	}
	if err := c.Decider().Validate(); err != nil {
		return fmt.Errorf("config: policy.%s", oneLine(err))
	}
	switch {
	case c.Data == "":
		return errors.New("config: data: a folder is needed")
	case c.Intake.MaxMessage < 1<<10 || c.Intake.MaxMessage > 256<<20:
		return fmt.Errorf("config: intake.max_message: %d octets is out of bounds; 1KB to 256MB", c.Intake.MaxMessage)
	case c.Intake.Workers < 0 || c.Intake.Workers > 256:
		return fmt.Errorf("config: intake.workers: %d is out of bounds; 0 to 256", c.Intake.Workers)
	case c.Events.Memory < 256<<20:
		return fmt.Errorf("config: events.memory: %d octets is too little; 256MB or more", c.Events.Memory)
	case c.Events.Threads < 0 || c.Events.Threads > 256:
		return fmt.Errorf("config: events.threads: %d is out of bounds; 0 to 256", c.Events.Threads)
	case !(c.Indicators.Common >= 0 && c.Indicators.Common <= 100):
		return fmt.Errorf("config: indicators.common: %v is out of bounds; 0 to 100 percent", c.Indicators.Common)
	case c.Rejudge.Window < time.Hour || c.Rejudge.Window > rejudge.MaxWindow:
		return fmt.Errorf("config: rejudge.window: %s is out of bounds; 1h to 30d", c.Rejudge.Window)
	case c.Sessions.Idle < time.Minute || c.Sessions.Life < c.Sessions.Idle:
		return fmt.Errorf("config: sessions: idle is %s and life is %s; idle must be a minute or more, and life not less than idle", c.Sessions.Idle, c.Sessions.Life)
	case c.Auth.SecondFactor != auth.FactorOptional && c.Auth.SecondFactor != auth.FactorAdministrators && c.Auth.SecondFactor != auth.FactorEverybody:
		return fmt.Errorf("config: auth.second_factor: %q is unknown; one of optional, administrators, everybody", c.Auth.SecondFactor)
	case c.Retention.Events > 0 && (c.Retention.Mail > c.Retention.Events || c.Retention.Mail == 0):
		return fmt.Errorf("config: retention.mail (%s; 0 is for ever) is longer than retention.events (%s); nobody could find those messages", c.Retention.Mail, c.Retention.Events)
	case c.Audit.Retention > 0 && c.Audit.Retention < leastAudit:
		return fmt.Errorf("config: audit.retention: %s is too short; 90d or more, or 0 for ever", c.Audit.Retention)
	case c.Log.Level != "debug" && c.Log.Level != "info" && c.Log.Level != "warn" && c.Log.Level != "error":
		return fmt.Errorf("config: log.level: %q is unknown; one of debug, info, warn, error", c.Log.Level)
	case c.Log.Format != "text" && c.Log.Format != "json":
		return fmt.Errorf("config: log.format: %q is unknown; text or json", c.Log.Format)
	}
	if err := errors.Join(c.Memory.validate(), c.Directory.validate(), c.Remediate.validate(), c.Incidents.validate(), c.validateMailboxes(), c.Outgoing.validate(), c.validateQuarantine(), c.Submissions.validate()); err != nil {
		return errors.New(oneLine(err))
	}
	if err := errors.Join(c.Learning.validate(), c.validateSignIn()); err != nil {
		return errors.New(oneLine(err))
	}
	return c.Hunting.validate(c.Events.Memory) // a part of what was found right above
}

func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not host:port; write 127.0.0.1:8825", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("%q has no port from 0 to 65535", address)
	}
	return nil
}

// networks reads networks and single addresses.
func networks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p.Masked())
		} else if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		} else {
			return nil, fmt.Errorf("%q is not a network; write 192.0.2.0/24", s)
		}
	}
	return out, nil
}

// Paths inside the data folder.
func (c Config) path(name string) string { return filepath.Join(c.Data, name) }

// Secure says whether browsers reach the server over TLS.
func (c Config) Secure() bool {
	return c.HTTP.Certificate != "" || strings.HasPrefix(c.HTTP.PublicURL, "https://")
}
