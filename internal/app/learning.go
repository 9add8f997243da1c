package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/detect/model"
	"tocsin/internal/ingest"
)

// Learner is the life of the local models: examples and labels in, training, the check, and who may speak. It works on the case store
// alone, so the server and the command line can both use it, at the same time.
type Learner struct {
	cases    *casestore.Store
	blobs    *blobstore.Store
	gate     *auth.Gate
	examiner ingest.Examiner
	judge    *detect.Judge // that the active models are given to; nil: nobody
	cfg      Learning
	keepMail time.Duration // retention of mail, 0 for ever
	now      func() time.Time
	log      *slog.Logger
	changed  func(why string) // other models speak than before; nil: nobody wants to know

	mu     sync.Mutex // one training or change of model at a time
	loaded map[string]int64
	begun  bool // those that spoke at the start are loaded
}

var _ api.Learner = (*Learner)(nil)

// learnThreats are the threats that models are trained for, and the labels that mean them.
var learnThreats = []struct {
	threat detect.Threat
	label  string
}{{detect.Phish, model.LabelPhish}, {detect.Spam, model.LabelSpam}}

// checkDays is how far back the false-positive check looks.
const checkDays = 14

// Label records what somebody says of a message. Label "" takes it back. Whoever says it is the principal of ctx, unless reporter names
// a person who reported the message. The features are taken from the bytes when the message is not among the examples yet.
func (l *Learner) Label(ctx context.Context, nmid, label, reporter string) error {
	if label != "" && label != model.LabelPhish && label != model.LabelSpam && label != model.LabelGood {
		return fmt.Errorf("%q is no label; phish, spam, good, or nothing to take it back", label)
	}
	m, err := l.cases.MessageByID(ctx, nmid)
	if errors.Is(err, casestore.ErrNotFound) {
		return api.ErrNoMessage
	} else if err != nil {
		return err
	}
	have, err := l.cases.HasLearnExample(ctx, nmid)
	if err != nil {
		return err
	}
	if !have && label != "" {
		if err := l.examine(ctx, m); err != nil {
			return err
		}
	}
	who, source := strings.ToLower(reporter), model.Reporter
	if who == "" {
		who, source = "analyst", model.Analyst
		if p := auth.From(ctx); p != nil {
			who = p.Operator.Email
		}
	}
	if err := l.gate.Write(ctx, auth.Record{Action: auth.ActLabel, Subject: nmid}, map[string]string{"label": label, "reporter": reporter}); err != nil {
		return err
	}
	return l.cases.PutLearnLabel(ctx, casestore.LearnLabel{ID: nmid, Who: who, Source: source, Label: label, At: l.now()})
}

// examine reads the bytes of a message again for its features.
func (l *Learner) examine(ctx context.Context, m casestore.Message) error {
	raw, err := rawMail{l.blobs}.Get(ctx, m.SHA256)
	if err != nil {
		return err
	}
	x, err := l.examiner.Examine(ctx, raw, ingest.Envelope{Source: m.Source, Recipients: m.Recipients, Time: m.Time})
	if err != nil {
		return err
	}
	if x.Verdict.Features == nil {
		return fmt.Errorf("message %s cannot be judged any more: %s", m.NetworkMessageID, strings.Join(x.Defects, ", "))
	}
	return l.cases.AddLearnExamples(ctx, []casestore.LearnExample{{ID: m.NetworkMessageID, At: m.Time, Sender: detect.LearnGroup(x.Context), Features: x.Verdict.Features.Encode()}})
}

// gathered is what there is to train and to check with, for one threat.
type gathered struct {
	taught    []model.Taught
	recent    []model.Example // delivered in the last days and not reported
	bad, good int
}

// gather reads the examples. Mail that is delivered, and that nobody reported in the time of learning.quiet, is good.
func (l *Learner) gather(ctx context.Context, label string) (gathered, error) {
	var g gathered
	now := l.now()
	err := l.cases.LearnExamples(ctx, func(e casestore.LearnExample) error {
		v, err := model.DecodeVector(e.Features)
		if err != nil {
			return nil // of another version
		}
		x := model.Taught{Example: model.Example{Key: e.ID, Group: e.Sender, Vector: v, Weight: 1}}
		if len(e.Labels) == 0 {
			if now.Sub(e.At) < l.cfg.Quiet {
				return nil
			}
			if now.Sub(e.At) < checkDays*24*time.Hour+l.cfg.Quiet {
				g.recent = append(g.recent, x.Example)
			}
		} else {
			said, weight, who, ok := model.Agree(opinions(e.Labels))
			if !ok || said != label && said != model.LabelGood {
				return nil
			}
			x.Bad, x.Weight, x.Who = said == label, weight, who
		}
		if x.Bad {
			g.bad++
		} else {
			g.good++
		}
		g.taught = append(g.taught, x)
		return nil
	})
	return g, err
}

func opinions(labels []casestore.LearnLabel) []model.Opinion {
	out := make([]model.Opinion, len(labels))
	for i, l := range labels {
		out[i] = model.Opinion{Label: l.Label, Source: l.Source, Who: l.Who}
	}
	return out
}

// Train trains a model for each threat with enough examples, checks it, and keeps it in shadow. Without force it waits until enough new
// labels came. It returns what happened, a line a threat.
func (l *Learner) Train(ctx context.Context, force bool) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, t := range learnThreats {
		said, err := l.trainOne(ctx, t.threat, t.label, force)
		if err != nil {
			return out, fmt.Errorf("train for %s: %w", t.threat, err)
		}
		out = append(out, string(t.threat)+": "+said)
	}
	if force { // somebody wished it; the hourly rounds only look
		return out, l.gate.Write(ctx, auth.Record{Action: auth.ActTrained}, map[string][]string{"said": out})
	}
	return out, nil
}

func (l *Learner) trainOne(ctx context.Context, threat detect.Threat, label string, force bool) (string, error) {
	counts, err := l.cases.LearnCounts(ctx)
	if err != nil {
		return "", err
	}
	labels := counts.Labels[label] + counts.Labels[model.LabelGood]
	if counts.Labels[label] < int64(l.cfg.Bad) {
		return fmt.Sprintf("%d messages called %s, %d are needed", counts.Labels[label], label, l.cfg.Bad), nil
	}
	last := int64(0)
	for _, state := range []string{casestore.ModelShadow, casestore.ModelActive} {
		m, err := l.cases.LearnModelIn(ctx, string(threat), state)
		if err != nil && !errors.Is(err, casestore.ErrNotFound) {
			return "", err
		}
		last = max(last, m.Labels)
	}
	if !force && last > 0 && labels < last+int64(l.cfg.Every) && labels > last-int64(l.cfg.Every) {
		return fmt.Sprintf("%d labels, %d when it was last trained; waiting for %d new ones", labels, last, l.cfg.Every), nil
	}
	g, err := l.gather(ctx, label)
	if err != nil {
		return "", err
	}
	if g.bad < l.cfg.Bad || g.good < l.cfg.Good {
		return fmt.Sprintf("%d bad and %d good examples agree; %d and %d are needed", g.bad, g.good, l.cfg.Bad, l.cfg.Good), nil
	}
	m, err := model.Train(model.Bound(g.taught), model.Options{Threat: string(threat), Trained: l.now().UTC().Truncate(time.Second), FalsePositives: l.cfg.FalsePositives / 100})
	if errors.Is(err, model.ErrOneKind) {
		return err.Error(), nil
	} else if err != nil {
		return "", err
	}
	raw, err := m.Bytes()
	if err != nil {
		return "", err
	}
	kept := casestore.LearnModel{Threat: string(threat), Trained: l.now(), Labels: labels, Model: raw}
	kept.Checked, kept.Passed = l.check(m, g)
	if kept.ID, err = l.cases.AddLearnModel(ctx, kept); err != nil {
		return "", err
	}
	said := fmt.Sprintf("trained on %d bad and %d good; %s", g.bad, g.good, kept.Checked)
	if kept.Passed && l.cfg.Activate {
		if err := l.activate(ctx, kept, "learning.activate is set"); err != nil {
			return "", err
		}
		return said + "; it speaks now", nil
	}
	return said + "; it stays in shadow", nil
}

// minChecked is how much recent mail a check needs to say anything.
const minChecked = 200

// check lets the model judge the delivered and unreported mail of the last days. Mail that the model was trained on flatters it, so a
// second model, trained without the recent mail, is the one that is checked, at the threshold that it would have had.
func (l *Learner) check(m *model.Model, g gathered) (said string, passed bool) {
	if len(g.recent) < minChecked {
		return fmt.Sprintf("check not passed: %d delivered and unreported messages of the last %d days, %d are needed", len(g.recent), checkDays, minChecked), false
	}
	recent := make(map[string]bool, len(g.recent))
	for _, e := range g.recent {
		recent[e.Key] = true
	}
	var older []model.Taught
	for _, t := range g.taught {
		if !recent[t.Key] {
			older = append(older, t)
		}
	}
	checked := m
	if other, err := model.Train(model.Bound(older), model.Options{Threat: m.Threat, FalsePositives: m.FalsePositives}); err == nil {
		checked = other
	}
	return CheckModel(checked, m, g.recent, l.cfg.FalsePositives)
}

// CheckModel counts the mail that either model finds, and says whether that is within percent.
func CheckModel(older, m *model.Model, recent []model.Example, percent float64) (said string, passed bool) {
	found := 0
	for _, e := range recent {
		if older.Score(e.Vector) >= older.Threshold || m.Score(e.Vector) >= m.Threshold {
			found++
		}
	}
	share := 100 * float64(found) / float64(max(1, len(recent)))
	verb := "passed"
	if passed = share <= percent; !passed {
		verb = "not passed"
	}
	return fmt.Sprintf("check %s: it finds %d of %d delivered and unreported messages (%.2f%%, at most %g%%)", verb, found, len(recent), share, percent), passed
}

// Activate checks the newest model in shadow on today's mail and lets it speak.
func (l *Learner) Activate(ctx context.Context, threat detect.Threat, why string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept, err := l.cases.LearnModelIn(ctx, string(threat), casestore.ModelShadow)
	if errors.Is(err, casestore.ErrNotFound) {
		return "", fmt.Errorf("%w for %s", api.ErrNoModel, threat)
	} else if err != nil {
		return "", err
	}
	m, err := model.Load(kept.Model)
	if err != nil {
		return "", err
	}
	label := model.LabelPhish
	if threat == detect.Spam {
		label = model.LabelSpam
	}
	g, err := l.gather(ctx, label)
	if err != nil {
		return "", err
	}
	kept.Checked, kept.Passed = l.check(m, g)
	if !kept.Passed {
		if err := l.cases.SetLearnModel(ctx, kept); err != nil {
			return "", err
		}
		return "", fmt.Errorf("%w: %s", api.ErrModelRefused, kept.Checked)
	}
	return kept.Checked, l.activate(ctx, kept, why)
}

func (l *Learner) activate(ctx context.Context, kept casestore.LearnModel, why string) error {
	if err := l.gate.Write(ctx, auth.Record{Action: auth.ActModel, Subject: kept.Threat, Reason: why}, map[string]any{"model": kept.ID, "trained": kept.Trained, "check": kept.Checked}); err != nil {
		return err
	}
	kept.State = casestore.ModelActive
	if err := l.cases.SetLearnModel(ctx, kept); err != nil {
		return err
	}
	return l.refresh(ctx)
}

// Reset silences the models and forgets them; with everything also the examples and labels.
func (l *Learner) Reset(ctx context.Context, everything bool, why string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.gate.Write(ctx, auth.Record{Action: auth.ActModelReset, Reason: why}, map[string]bool{"everything": everything}); err != nil {
		return err
	}
	if err := l.cases.ResetLearning(ctx, everything); err != nil {
		return err
	}
	return l.refresh(ctx)
}

// Refresh gives the judge the active models, when they are others than it has.
func (l *Learner) Refresh(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refresh(ctx)
}

func (l *Learner) refresh(ctx context.Context) error {
	if l.judge == nil {
		return nil
	}
	active, err := l.cases.ActiveModels(ctx)
	if err != nil {
		return err
	}
	why := ""
	for _, t := range learnThreats {
		id, have := active[string(t.threat)], l.loaded[string(t.threat)]
		switch {
		case id == have:
		case id == 0:
			l.judge.SetModel(t.threat, nil)
			l.loaded[string(t.threat)] = 0
			why = cmp.Or(why, "local model reset")
		default:
			kept, err := l.cases.LearnModelIn(ctx, string(t.threat), casestore.ModelActive)
			if err != nil {
				return err
			}
			m, err := model.Load(kept.Model)
			if err != nil {
				return fmt.Errorf("model %d: %w", kept.ID, err)
			}
			l.judge.SetModel(t.threat, m)
			l.loaded[string(t.threat)] = kept.ID
			why = "local model activated"
		}
	}
	if why != "" && l.begun && l.changed != nil {
		l.changed(why)
	}
	l.begun = true
	return nil
}

// Status says what there is to learn from, and what was learned.
func (l *Learner) Status(ctx context.Context) (api.Learning, error) {
	counts, err := l.cases.LearnCounts(ctx)
	if err != nil {
		return api.Learning{}, err
	}
	out := api.Learning{Collecting: l.cfg.Collect, Activates: l.cfg.Activate, Examples: counts.Examples, Phish: counts.Labels[model.LabelPhish], Spam: counts.Labels[model.LabelSpam],
		Good: counts.Labels[model.LabelGood], NeedBad: l.cfg.Bad, NeedGood: l.cfg.Good,
		NeedNew: l.cfg.Every, Quiet: int(l.cfg.Quiet.Hours()), Most: l.cfg.FalsePositives, Models: []api.LearnedModel{}}
	for _, t := range learnThreats {
		for _, state := range []string{casestore.ModelActive, casestore.ModelShadow} {
			kept, err := l.cases.LearnModelIn(ctx, string(t.threat), state)
			if errors.Is(err, casestore.ErrNotFound) {
				continue
			} else if err != nil {
				return out, err
			}
			s := api.LearnedModel{Threat: string(t.threat), State: state, Trained: kept.Trained, Check: kept.Checked, Passed: kept.Passed}
			if m, err := model.Load(kept.Model); err == nil {
				s.Bad, s.Good, s.Features = m.Bad, m.Good, m.Len()
			}
			out.Models = append(out.Models, s)
		}
	}
	return out, nil
}

// Upkeep forgets what is too old or too much, trains when it is time, and follows what other processes activated.
func (l *Learner) Upkeep(ctx context.Context) error {
	var before time.Time
	if l.keepMail > 0 {
		before = l.now().Add(-l.keepMail)
	}
	if err := l.cases.TrimLearning(ctx, before, l.cfg.Examples/2); err != nil {
		return err
	}
	if l.cfg.Collect {
		said, err := l.Train(ctx, false)
		if err != nil {
			return err
		}
		l.log.Info("local model", "said", strings.Join(said, "; "))
	}
	return l.Refresh(ctx)
}

// OpenLearner opens what learning needs of the data folder. It works beside a running server. Close the result.
func OpenLearner(ctx context.Context, c Config) (*Learner, io.Closer, error) {
	p, err := OpenPeople(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	url := c.Mail.URL
	if url == "" {
		url = c.path(mailFolder)
	}
	blobs, err := blobstore.Open(ctx, url)
	if err != nil {
		return nil, nil, errors.Join(err, p.Close())
	}
	checker, err := NewChecker(c, nil)
	if err != nil {
		return nil, nil, errors.Join(err, blobs.Close(), p.Close())
	}
	l, err := newLearner(c, p.Store, blobs, p.Gate, nil, checker, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, blobs.Close(), p.Close())
	}
	return l, closers{blobs, p}, nil
}

type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for _, x := range c {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}

func newLearner(c Config, cases *casestore.Store, blobs *blobstore.Store, gate *auth.Gate, judge *detect.Judge, checker ingest.Authenticator, now func() time.Time, log *slog.Logger) (*Learner, error) {
	examining := judge
	if judge == nil || !c.Learning.Collect { // then judge gives no features
		var err error
		if examining, err = NewLearningJudge(c); err != nil {
			return nil, err
		}
	}
	return &Learner{cases: cases, blobs: blobs, gate: gate, judge: judge, cfg: c.Learning, keepMail: c.Retention.Mail, now: now, log: log, loaded: map[string]int64{},
		examiner: ingest.Examiner{Judge: examining, Auth: checker, Org: c.Org(), Own: c.Own().Network}}, nil
}
