// Package lmtp stands between a mail system and its mailbox server, as an LMTP server to the one and a client to the other (RFC 2033).
//
// Every message is taken in durably and judged by the same road as all mail, and then each recipient gets what the policy says: the message as
// it is with a field that says the verdict, marked as junk, with a notice in the place of a harmful attachment, not at all because Tocsin
// holds it, or a refusal. What the mailbox server answers for a recipient is passed back, so the mail system's queue keeps what it did not
// take. Recipients are asked for at the mailbox server as they are named, so unknown ones are refused as before.
//
// Nothing is answered before it is so: "250" means that the mailbox server has the message or that Tocsin holds it durably. What is done for a
// recipient is decided once and remembered (ingest.Deliveries), what was taken too: after a crash the mail system offers the message again,
// and it is treated the same and not delivered again. The one gap left is the moment between the mailbox server's answer and its note: a
// crash there delivers a second copy, as it does between any two mail servers.
package lmtp

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tocsin/internal/ingest"
	"tocsin/internal/ingest/smtp"
	"tocsin/internal/ingest/treatment"
)

var _ smtp.Onward = (*Proxy)(nil)

// Config of a proxy. Zero fields mean the default.
type Config struct {
	Next   string // the mailbox server: host:port, or unix: and a path
	Domain string // name in LHLO; default "tocsin"

	Deadline time.Duration    // from the end of the message to the judgement; default 8 s
	Late     treatment.Answer // when the deadline passes; default Accept
	Broken   treatment.Answer // when the message cannot be stored; default TempFail

	// JunkName and JunkValue are the header field by which the mailbox server files junk; default X-Spam-Flag: YES.
	JunkName, JunkValue string

	DialTimeout time.Duration // to the mailbox server, with its greeting; default 10 s
	NextTimeout time.Duration // for each of its answers; default 5 min
	MaxJudging  int           // messages judged in the turn of their connection; default 256. More wait in the queue
	Logger      *slog.Logger  // nil: discard

	// Observe is called for every message, with what was done for its first recipient and how long it was held up before it was handed on.
	// It must be quick.
	Observe func(outcome string, waited time.Duration)
}

func (c *Config) setDefaults() {
	if c.Domain == "" {
		c.Domain = "tocsin"
	}
	if c.Late == "" {
		c.Late = treatment.Accept
	}
	if c.Broken == "" {
		c.Broken = treatment.TempFail
	}
	if c.JunkName == "" {
		c.JunkName, c.JunkValue = "X-Spam-Flag", "YES"
	}
	positive(&c.Deadline, 8*time.Second)
	positive(&c.DialTimeout, 10*time.Second)
	positive(&c.NextTimeout, 5*time.Minute)
	positive(&c.MaxJudging, 256)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(string, time.Duration) {}
	}
}

func positive[T int | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Proxy hands mail on. It is safe for concurrent use.
type Proxy struct {
	cfg        Config
	in         treatment.Accepter
	judge      treatment.Judge
	deliveries *ingest.Deliveries

	judging chan struct{}
	working sync.WaitGroup
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc

	mu      sync.Mutex
	utf8    bool // what the mailbox server said last
	asked   time.Time
	handing map[string]bool // by message and recipient
}

// New makes a proxy. The road must ask Treatment(d) about mail of its source.
func New(c Config, in treatment.Accepter, judge treatment.Judge, d *ingest.Deliveries) *Proxy {
	c.setDefaults()
	p := &Proxy{cfg: c, in: in, judge: judge, deliveries: d, judging: make(chan struct{}, c.MaxJudging), handing: map[string]bool{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Close waits for the judgements under way, and breaks them off when ctx ends first: the queue judges what is left. Call it when no connection
// is open any more.
func (p *Proxy) Close(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.working.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	p.cancel()
	<-done
}

// Session is the way onward of one client's connection.
func (p *Proxy) Session() smtp.Session { return &session{p: p} }

// offers remembers what the mailbox server can do.
func (p *Proxy) offers(n *next) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.utf8, p.asked = n.ext["SMTPUTF8"], time.Now()
}

// offersAge is for how long it is believed what the mailbox server said of itself.
const offersAge = time.Minute

func (p *Proxy) takesUTF8() (utf8, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.utf8, time.Since(p.asked) < offersAge
}

// Greet connects to the mailbox server and says hello, to see whether it is there.
func Greet(ctx context.Context, address string) error {
	c := Config{Next: address}
	c.setDefaults()
	n, err := dial(ctx, &c)
	if err != nil {
		return err
	}
	n.quit()
	return nil
}
