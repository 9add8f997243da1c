package scan

import (
	"context"
	"errors"
	"time"
)

// Engine is a malware engine that answers at once. It may be used by many goroutines.
type Engine interface {
	Name() string    // for people: "ClamAV"
	Kind() Kind      // KindSignatures or KindRule
	ReadsMail() bool // it takes a whole message apart by itself
	// Scan asks about the octets of one file or of a whole message. threat is the name of what was found, "" when nothing was. An
	// error says that there is no answer, in a sentence for the administrator.
	Scan(ctx context.Context, content []byte) (threat string, err error)
}

// Sandbox runs files apart from everything and tells later what they did (File detonation). It may be used by many goroutines.
type Sandbox interface {
	Name() string
	// Submit hands over a file and returns the sandbox's name for the analysis.
	Submit(ctx context.Context, name string, content []byte) (id string, err error)
	// Result returns what the analysis found; done is false while it runs. An error that is ErrGone means that it will never end.
	Result(ctx context.Context, id string) (a Answer, done bool, err error)
}

// ErrGone says that an analysis failed or is not known to the sandbox any more: submit the file again or do without.
var ErrGone = errors.New("the sandbox has no result for this analysis")

// Kind of engine.
type Kind string

const (
	KindSignatures Kind = ""        // known malware
	KindRule       Kind = "rule"    // rules of the administrator
	KindSandbox    Kind = "sandbox" // runs files
	KindPage       Kind = "page"    // opens pages
)

// Answer is what one engine said about one file, one message or one link.
type Answer struct {
	Engine  string    // name of the engine
	File    string    // as in Fact.File; "" when the whole message was asked about; the URL for a link
	SHA256  string    // of the file, "" for a message or link
	Threat  string    // name of what was found, "" when nothing was
	Kind    Kind      // which kind of engine
	Run     bool      // the file was run, not only looked at (detonation)
	Details string    // one line for people: what it did
	Failed  string    // why there is no answer, "" when there is one
	At      time.Time // of the answer
}
