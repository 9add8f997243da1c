package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/app"
	"tocsin/internal/detect"
	"tocsin/internal/detect/model"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/files"
)

type learnEvaluateCommand struct {
	Config         string   `help:"YAML file with settings: the organisation, trusted servers." placeholder:"FILE" type:"path"`
	Bad            []string `required:"" help:"Folder of bad mail; a set of that name. Give it again for more." placeholder:"DIR" sep:"none"`
	Good           []string `required:"" help:"Folder of good mail." placeholder:"DIR" sep:"none"`
	Holdout        []string `help:"Folder of good mail that is never learned from." placeholder:"DIR" sep:"none"`
	Made           []string `help:"Folder of invented good mail: never learned from, and counted by itself." placeholder:"DIR" sep:"none"`
	Split          []string `help:"Names of the splits: each cuts the sets in other halves." default:"one"`
	Threat         string   `help:"What bad means." enum:"Phish,Spam" default:"Phish"`
	FalsePositives float64  `help:"Good mail, in percent, that the model may find when it chooses its threshold." default:"0.5"`
	Without        []string `help:"Families to leave out: identity, authentication, structure, links, files, signals, pairs, phrases, markup, shapes, wording, looks."`
}

// Run shows how well a model learns from these folders, without any store.
func (c learnEvaluateCommand) Run(ctx context.Context, out stdout) error {
	o := model.Options{Threat: c.Threat, FalsePositives: c.FalsePositives / 100}
	for _, name := range c.Without {
		found := false
		for _, f := range model.Families() {
			if f.String() == name {
				o.Without, found = append(o.Without, f), true
			}
		}
		if !found {
			return fmt.Errorf("--without: there is no family %q", name)
		}
	}
	cfg, err := app.Load(c.Config, os.Environ(), map[string]any{"dns.enabled": false})
	if err != nil {
		return err
	}
	checker, err := app.NewChecker(cfg, nil)
	if err != nil {
		return err
	}
	judge, err := app.NewLearningJudge(cfg)
	if err != nil {
		return err
	}
	x := evaluation{judge: judge, examiner: ingest.Examiner{Judge: judge, Auth: checker, Org: cfg.Org(), Own: cfg.Own().Network}}
	var all []model.Labelled
	sets := []evaluated{{c.Bad, true, false, false}, {c.Good, false, false, false}, {c.Holdout, false, true, false}, {c.Made, false, true, true}}
	for _, kind := range sets {
		for _, dir := range kind.dirs {
			set, err := x.read(ctx, dir, kind)
			if err != nil {
				return err
			}
			all = append(all, set...)
		}
	}
	for _, split := range c.Split {
		e, err := model.Evaluate(all, split, o)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "split %s: ", split)
		if err := e.Write(out); err != nil {
			return err
		}
		if err := x.verdicts(ctx, out, detect.Threat(c.Threat), e, sets); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(out, "found: at the threshold the model chose from its training half. "+
		"strict: at the lowest threshold that finds at most 1% of real good mail, 4% of that never learned from and 1% of invented mail. at 1%, at 0.1%: at the threshold that finds so much of all good mail tested. "+
		"before, after: flagged by the whole judgement without and with the model's signal. *: never learned from.")
	return err
}

// evaluated are folders of one kind.
type evaluated struct {
	dirs            []string
	bad, held, made bool
}

// evaluation judges folders for the features, and again with the model.
type evaluation struct {
	judge    *detect.Judge
	examiner ingest.Examiner
}

// verdicts judges the tested mail with and without the model's signal and prints how much is flagged.
func (x evaluation) verdicts(ctx context.Context, out stdout, threat detect.Threat, e model.Evaluation, sets []evaluated) error {
	tested := map[string]bool{}
	for _, key := range e.Tested {
		tested[key] = true
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "SET\tTESTED\tBEFORE\tAFTER")
	defer x.judge.SetModel(threat, nil)
	var whole [2]points
	for _, kind := range sets {
		for _, dir := range kind.dirs {
			var n int
			var flagged [2]int
			for i, m := range [2]*model.Model{nil, e.Model} {
				x.judge.SetModel(threat, m)
				n = 0
				var mu sync.Mutex
				err := x.each(ctx, dir, func(_ int, key string, y ingest.Examined) {
					mu.Lock()
					defer mu.Unlock()
					if tested[key] {
						n++
						if len(y.Verdict.Threats) > 0 {
							flagged[i]++
						}
						whole[i].add(kind, float64(detect.Sum(y.Verdict.Signals, threat)))
					}
				})
				if err != nil {
					return err
				}
			}
			fmt.Fprintf(w, "%s\t%d\t%.2f%%\t%.2f%%\n", filepath.Base(filepath.Clean(dir)), n, 100*float64(flagged[0])/float64(max(n, 1)), 100*float64(flagged[1])/float64(max(n, 1)))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "ranked by points, strict: %s without the model, %s with it\n", whole[0].caught(), whole[1].caught())
	return err
}

// points are those of tested mail in the whole judgement.
type points struct {
	good model.GoodScores
	bad  []float64
}

func (p *points) add(kind evaluated, sum float64) {
	if kind.bad {
		p.bad = append(p.bad, sum)
	} else {
		p.good.Add(model.Labelled{Held: kind.held, Made: kind.made}, sum)
	}
}

// caught says how much of the bad mail lies where all three limits on good mail hold.
func (p *points) caught() string {
	least := p.good.Strict()
	n := 0
	for _, x := range p.bad {
		if x >= least {
			n++
		}
	}
	return fmt.Sprintf("%.2f%% from %.0f points", 100*float64(n)/float64(max(len(p.bad), 1)), math.Ceil(least))
}

// read judges a folder and keeps the features.
func (x evaluation) read(ctx context.Context, dir string, kind evaluated) ([]model.Labelled, error) {
	var mu sync.Mutex
	byPlace := map[int]model.Labelled{}
	err := x.each(ctx, dir, func(place int, key string, y ingest.Examined) {
		l := model.Labelled{Set: filepath.Base(filepath.Clean(dir)), Held: kind.held, Made: kind.made,
			Example: model.Example{Key: key, Group: detect.LearnGroup(y.Context), Vector: y.Verdict.Features, Bad: kind.bad, Weight: 1}}
		mu.Lock()
		defer mu.Unlock()
		byPlace[place] = l
	})
	if err != nil {
		return nil, err
	}
	if len(byPlace) == 0 {
		return nil, fmt.Errorf("%s holds no mail", dir)
	}
	out := make([]model.Labelled, len(byPlace))
	for i := range out {
		out[i] = byPlace[i]
	}
	return out, nil
}

// each judges every message of a folder, several at once. The key of a message is its place below the folder, after the folder's name.
func (x evaluation) each(ctx context.Context, dir string, do func(place int, key string, y ingest.Examined)) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	place := 0
	err := files.Walk(gctx, []string{dir}, files.Visitor{
		Message: func(m files.Message) error {
			if m.Err != nil {
				return nil // told by FileDone
			}
			at, key := place, filepath.Base(filepath.Clean(dir))+"/"+strings.TrimPrefix(m.Name(), dir)
			place++
			g.Go(func() error {
				y, err := x.examiner.Examine(gctx, m.Raw, ingest.Envelope{Source: "learn", FileTime: m.File.Modified})
				if err == nil {
					do(at, key, y)
				}
				return err
			})
			return nil
		},
		FileDone: func(_ *files.File, err error) error { return err },
	})
	if err := errors.Join(err, g.Wait()); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}
