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

// maxAsked is how many files of one message engines are asked about.
const maxAsked = 20

// ask asks every engine about the message: those that read mail themselves about the whole first, and about single files only to learn which
// one it was; the others about each file. Engines work side by side; each keeps its own time.
func ask(ctx context.Context, engines []scan.Engine, m *email.Message, raw []byte) []scan.Answer {
	answers := make([][]scan.Answer, len(engines))
	var wg sync.WaitGroup
	for i, e := range engines {
		wg.Go(func() {
			if e.ReadsMail() {
				whole := answer(ctx, e, raw)
				if whole.Threat == "" {
					answers[i] = []scan.Answer{whole}
					return
				}
				if answers[i] = askFiles(ctx, e, m); !found(answers[i]) { // in the text, or in what only the whole shows
					answers[i] = []scan.Answer{whole}
				}
				return
			}
			answers[i] = askFiles(ctx, e, m)
		})
	}
	wg.Wait()
	var out []scan.Answer
	for _, a := range answers {
		out = append(out, a...)
	}
	return out
}

func askFiles(ctx context.Context, e scan.Engine, m *email.Message) []scan.Answer {
	var out []scan.Answer
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if a.Part == nil || len(a.Part.Content) == 0 || strings.HasPrefix(a.Type, "image/") && a.Inline {
			continue
		}
		if len(out) == maxAsked {
			break
		}
		r := answer(ctx, e, a.Part.Content)
		r.File, r.SHA256 = a.Name, a.SHA256
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
	a := scan.Answer{Engine: e.Name(), At: time.Now().UTC().Truncate(time.Millisecond)}
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
