package ingest

import (
	"context"
	"strings"
	"sync"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/scan"
)

// maxAsked is how many files of the message itself engines are asked about; of those inside them package scan holds few enough.
const maxAsked = 20

// asked is one file that engines are asked about.
type asked struct {
	name, sha256 string // name as in scan.Fact.File
	content      []byte
	sealed       bool // scan.Held.Sealed
}

// holdFor is what scan must keep for these engines.
func holdFor(engines []scan.Engine) scan.Hold {
	hold := scan.HoldNone
	for _, e := range engines {
		if !e.ReadsMail() {
			return scan.HoldAll
		}
		hold = scan.HoldSealed
	}
	return hold
}

// ask asks every engine about the message: those that read mail themselves about the whole first, then about what they could not open, and
// about other files only to learn which one it was; the others about each file. Engines work side by side; each keeps its own time.
func ask(ctx context.Context, engines []scan.Engine, m *email.Message, raw []byte, held []scan.Held) []scan.Answer {
	files := filesOf(m, held, holdFor(engines) == scan.HoldAll)
	answers := make([][]scan.Answer, len(engines))
	var wg sync.WaitGroup
	for i, e := range engines {
		wg.Go(func() {
			if e.ReadsMail() {
				answers[i] = askWhole(ctx, e, raw, files)
			} else {
				answers[i] = askFiles(ctx, e, files)
			}
		})
	}
	wg.Wait()
	var out []scan.Answer
	for _, a := range answers {
		out = append(out, a...)
	}
	return out
}

// askWhole asks an engine that takes messages apart.
func askWhole(ctx context.Context, e scan.Engine, raw []byte, files []asked) []scan.Answer {
	whole := answer(ctx, e, raw)
	switch {
	case whole.Failed != "":
		return []scan.Answer{whole}
	case whole.Threat == "":
		var sealed []asked
		for _, f := range files {
			if f.sealed {
				sealed = append(sealed, f)
			}
		}
		return append([]scan.Answer{whole}, askFiles(ctx, e, sealed)...)
	}
	out := askFiles(ctx, e, files)
	if !found(out) { // in the text, or in what only the whole shows
		out = []scan.Answer{whole}
	}
	return out
}

// filesOf are the files of a message and those inside them that engines are asked about. all says that some engine wants each: then what is
// left out is a defect of the message.
func filesOf(m *email.Message, held []scan.Held, all bool) []asked {
	var out []asked
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if a.Part == nil || len(a.Part.Content) == 0 || strings.HasPrefix(a.Type, "image/") && a.Inline {
			continue
		}
		if len(out) == maxAsked {
			if all {
				m.Defects = append(m.Defects, email.Defect{ID: "file-not-asked"})
			}
			break
		}
		out = append(out, asked{name: a.Name, sha256: a.SHA256, content: a.Part.Content})
	}
	for i := range held {
		h := &held[i]
		out = append(out, asked{h.File, h.SHA256, h.Content, h.Sealed})
	}
	return out
}

func askFiles(ctx context.Context, e scan.Engine, files []asked) []scan.Answer {
	var out []scan.Answer
	for _, f := range files {
		r := answer(ctx, e, f.content)
		r.File, r.SHA256 = f.name, f.sha256
		out = append(out, r)
		if r.Failed != "" {
			break // an engine that is away would only be waited for again
		}
	}
	return out
}

func found(answers []scan.Answer) bool {
	for _, a := range answers {
		if a.Threat != "" {
			return true
		}
	}
	return false
}

func answer(ctx context.Context, e scan.Engine, content []byte) scan.Answer {
	a := scan.Answer{Engine: e.Name(), Kind: e.Kind(), At: time.Now().UTC().Truncate(time.Millisecond)}
	threat, err := e.Scan(ctx, content)
	if err != nil {
		a.Failed = err.Error()
	}
	a.Threat = threat
	return a
}

// unanswered is the defect of a message about which an engine gave no answer, "" when all did.
func unanswered(answers []scan.Answer) string {
	for _, a := range answers {
		if a.Failed != "" {
			return event.DefectEngine
		}
	}
	return ""
}

// Late tells what was found out after a message with the same file or link was judged (sandboxes, visited pages).
type Late interface {
	Answers(ctx context.Context, m *email.Message) []scan.Answer
}
