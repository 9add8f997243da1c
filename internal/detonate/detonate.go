// Package detonate finds out what a suspicious file or link does by letting it: files are run in a sandbox, pages are
// opened in a browser that knows nothing of the house.
//
// Both take minutes, so they come after the judgement: what they find is kept by file and link (Store), and the message is
// judged again with it. Only what is suspicious already, and what could do harm at all, is tried; a file or link that
// was tried lately is not tried again. Whether this happens at all is the administrator's choice: a sandbox gets to
// see files, and opening a link tells its owner that the mail has arrived.
package detonate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/scan"
	"tocsin/internal/scan/page"
)

// Known is an answer that was given, or that an engine still works on.
type Known struct {
	About   string   // SHA-256 of a file, or a URL
	Task    string   // the engine's name for its work; "" when it is done
	Picture []byte   // PNG of a visited page; nil otherwise, and where Answers returns it
	Drawn   bool     // there is a picture
	Way     []string // addresses that a visited link led over, the last is where it ended; nil otherwise
	scan.Answer
}

// Store keeps answers. The last one about a thing and by an engine counts.
type Store interface {
	SaveAnswer(ctx context.Context, k Known) error
	Answers(ctx context.Context, about []string) ([]Known, error)
}

// Visitor opens pages.
type Visitor interface {
	Visit(ctx context.Context, link string) (page.Seen, error)
}

// Bounds of what is tried of one message, and for how long an answer holds.
const (
	maxFiles  = 3
	maxLinks  = 3
	leastFile = 15 // score of the message from which its files are run
	leastLink = 20 // score from which its links are opened
	holds     = 24 * time.Hour
	patience  = 2 * time.Hour // after that a sandbox's task is given up
)

// Lab tries files and links. It is safe for concurrent use.
type Lab struct {
	Sandboxes []scan.Sandbox
	Pages     Visitor // nil: links are not opened
	Store     Store
	Brands    *intel.Brands
	Hosts     *intel.Hosts
	Now       func() time.Time
}

// Idle reports whether there is nothing that could try anything.
func (l *Lab) Idle() bool { return len(l.Sandboxes) == 0 && l.Pages == nil }

// Wants reports whether something of the message should be tried.
func (l *Lab) Wants(m *email.Message, v detect.Verdict) bool {
	return len(l.Sandboxes) > 0 && wantsFiles(m, v) || l.Pages != nil && len(l.links(m, v)) > 0
}

// Answers returns what was found out about the files and links of a message.
func (l *Lab) Answers(ctx context.Context, m *email.Message) []scan.Answer {
	names := map[string]string{}
	var about []string
	add := func(key, name string) {
		if _, seen := names[key]; !seen && key != "" && len(about) < 200 {
			names[key] = name
			about = append(about, key)
		}
	}
	for i := range m.Attachments {
		a := &m.Attachments[i]
		way := a.Way
		if way == "" {
			way = a.Name
		}
		add(a.SHA256, way)
	}
	for i := range m.Links {
		add(m.Links[i].Target, m.Links[i].Target)
	}
	if len(about) == 0 {
		return nil
	}
	known, err := l.Store.Answers(ctx, about)
	if err != nil {
		return []scan.Answer{{Engine: "late answers", Failed: err.Error(), At: l.Now()}}
	}
	var out []scan.Answer
	for _, k := range known {
		if k.Task == "" && k.Threat != "" {
			k.File = names[k.About]
			out = append(out, k.Answer)
		}
	}
	return out
}

// Try tries what is suspicious in a message; held are the files inside its files (scan.HoldAll). news says that something bad was found out that was not known before: the message should be
// judged again. again is when to ask for what still runs, 0 when nothing does.
func (l *Lab) Try(ctx context.Context, m *email.Message, held []scan.Held, v detect.Verdict) (news bool, again time.Duration, err error) {
	for _, a := range files(m, held, v) {
		for _, s := range l.Sandboxes {
			found, runs, e := l.run(ctx, s, a)
			news = news || found
			if runs {
				again = 30 * time.Second
			}
			err = errors.Join(err, e)
		}
	}
	if l.Pages != nil {
		for _, link := range l.links(m, v) {
			found, e := l.visit(ctx, link, m)
			news = news || found
			err = errors.Join(err, e)
		}
	}
	return news, again, err
}

// runnable are kinds of files that can do something when they are opened.
var runnable = set(`exe dll scr msi lnk js jse vbs vbe wsf hta ps1 bat cmd jar doc docm dotm docx xls xlsm xlsb xlsx ppt pptm rtf pdf one
		iso img vhd vhdx zip rar 7z cab html hta chm xll url library-ms`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// sample is a file worth running.
type sample struct {
	name, sha256 string
	content      []byte
}

// wantsFiles reports whether a message has files worth running: they could do something, the message is suspicious, and it is not yet known to
// be malware for sure.
func wantsFiles(m *email.Message, v detect.Verdict) bool {
	return v.Score >= leastFile && v.Scores[detect.Malware] < 100 && slices.ContainsFunc(m.Attachments, func(a email.Attachment) bool {
		return !a.Inline && (a.Way != "" && a.SHA256 != "" || a.Part != nil && len(a.Part.Content) > 0) && (runnable[a.Kind] || runnable[a.Extension])
	})
}

// files are those worth running, at most maxFiles. First come files that a sandbox would not get out of what is around them, then those of the
// message, since a sandbox opens plain archives and disk images itself and what lies beside a file in them may belong to it, then the others.
func files(m *email.Message, held []scan.Held, v detect.Verdict) []sample {
	if !wantsFiles(m, v) {
		return nil
	}
	var out []sample
	add := func(a sample, kind, extension string, most int) {
		if len(out) < most && (runnable[kind] || runnable[extension]) && !slices.ContainsFunc(out, func(b sample) bool { return a.sha256 == b.sha256 }) {
			out = append(out, a)
		}
	}
	for i := range held {
		if h := &held[i]; h.Sealed {
			add(sample{h.Name, h.SHA256, h.Content}, h.Kind, h.Extension, maxFiles-1)
		}
	}
	for i := range m.Attachments {
		if a := &m.Attachments[i]; a.Part != nil && !a.Inline && len(a.Part.Content) > 0 {
			add(sample{a.Name, a.SHA256, a.Part.Content}, a.Kind, a.Extension, maxFiles)
		}
	}
	for i := range held {
		add(sample{held[i].Name, held[i].SHA256, held[i].Content}, held[i].Kind, held[i].Extension, maxFiles)
	}
	return out
}

// links are those worth opening: a reader would follow them, they lead to no known brand's own site, and they are not there to leave a list.
func (l *Lab) links(m *email.Message, v detect.Verdict) []string {
	if v.Score < leastLink || v.Scores[detect.Phish] >= 100 {
		return nil
	}
	var out []string
	seen := map[string]bool{}
	for i := range m.Links {
		k := &m.Links[i]
		switch {
		case len(out) == maxLinks:
			return out
		case k.Where == email.InHeader || k.Where == email.InSubject || k.Host == "" || seen[k.Host]:
			continue
		case k.Tag != "a" && k.Tag != "area" && k.Tag != "text" && k.Tag != "button" && k.Tag != "":
			continue
		case !strings.HasPrefix(k.Target, "http://") && !strings.HasPrefix(k.Target, "https://"):
			continue
		case leaves(k.Text) || leaves(k.Target):
			continue
		case len(l.Brands.Of(k.Host)) > 0 && l.Hosts.Hosting.Match(k.Host) == "" && l.Hosts.Shorteners.Match(k.Host) == "":
			continue
		}
		seen[k.Host] = true
		out = append(out, k.Target)
	}
	return out
}

// leaves says that following a link would change something for the reader: leave a list, confirm, accept.
func leaves(s string) bool {
	s = strings.ToLower(s[:min(len(s), 2000)])
	for _, w := range [...]string{"unsubscribe", "optout", "opt-out", "abmelde", "abbestell", "desabonn", "desinscri", "baja", "uitschrijv", "afmeld", "wypisz", "descadastr", "confirm-email", "accept-invit"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// run hands a file to a sandbox, or asks for what became of it.
func (l *Lab) run(ctx context.Context, s scan.Sandbox, a sample) (news, runs bool, err error) {
	have, err := l.Store.Answers(ctx, []string{a.sha256})
	if err != nil {
		return false, false, err
	}
	k := Known{About: a.sha256, Answer: scan.Answer{Engine: s.Name(), Kind: scan.KindSandbox, Run: true, SHA256: a.sha256, At: l.Now()}}
	for _, h := range have {
		if h.Engine != s.Name() {
			continue
		}
		if h.Task == "" && l.Now().Sub(h.At) < holds {
			return false, false, nil
		}
		if h.Task != "" {
			k.Task, k.At = h.Task, h.At
		}
	}
	if k.Task == "" {
		if k.Task, err = s.Submit(ctx, a.name, a.content); err != nil {
			return false, false, l.giveUp(ctx, k, err)
		}
		return false, true, l.Store.SaveAnswer(ctx, k)
	}
	answer, done, err := s.Result(ctx, k.Task)
	switch {
	case err == nil && !done && l.Now().Sub(k.At) < patience:
		return false, true, nil
	case err == nil && !done:
		return false, false, l.giveUp(ctx, k, fmt.Errorf("no result after %s: %w", patience, scan.ErrGone))
	case err != nil:
		return false, !errors.Is(err, scan.ErrGone), l.giveUp(ctx, k, err)
	}
	answer.SHA256 = a.sha256
	k.Task, k.Answer = "", answer
	return answer.Threat != "", false, l.Store.SaveAnswer(ctx, k)
}

// giveUp keeps that a thing has no answer when it never will; else the error is passed on and the thing is tried again.
func (l *Lab) giveUp(ctx context.Context, k Known, err error) error {
	if !errors.Is(err, scan.ErrGone) {
		return err
	}
	k.Task, k.Failed, k.At = "", err.Error(), l.Now()
	return l.Store.SaveAnswer(ctx, k)
}

// visit opens a link, unless that was done lately.
func (l *Lab) visit(ctx context.Context, link string, m *email.Message) (news bool, err error) {
	have, err := l.Store.Answers(ctx, []string{link})
	if err != nil {
		return false, err
	}
	for _, h := range have {
		if h.Kind == scan.KindPage && l.Now().Sub(h.At) < holds {
			return false, nil
		}
	}
	k := Known{About: link, Answer: scan.Answer{Engine: pageEngine, Kind: scan.KindPage, At: l.Now()}}
	seen, err := l.Pages.Visit(ctx, link)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		k.Failed = err.Error()
		return false, l.Store.SaveAnswer(ctx, k)
	}
	k.Threat, k.Details, k.Picture, k.Way = l.read(seen, m), describe(seen), seen.Screenshot, seen.Chain
	return k.Threat != "", l.Store.SaveAnswer(ctx, k)
}
