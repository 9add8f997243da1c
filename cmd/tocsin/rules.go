package main

import (
	"fmt"
	"io/fs"
	"os"

	"tocsin/internal/detect"
	"tocsin/rules"
)

// rulesCommand: all but test go through the running server, or work on the case store when none runs.
type rulesCommand struct {
	Test    rulesTestCommand    `cmd:"" help:"Try rules on the samples they came with."`
	List    rulesListCommand    `cmd:"" help:"Show the rules that judge mail: shipped, of the folder, own."`
	Show    rulesShowCommand    `cmd:"" help:"Show one rule: its text, or who decided what about it."`
	Enable  rulesEnableCommand  `cmd:"" help:"Turn rules on."`
	Disable rulesDisableCommand `cmd:"" help:"Turn rules off, also those that ship with Tocsin."`
	Add     rulesAddCommand     `cmd:"" help:"Add rules of your own, or change them; one with the id of a file's stands before it."`
	Remove  rulesRemoveCommand  `cmd:"" help:"Remove own rules, and what was decided about others."`
}

type rulesTestCommand struct {
	Dir string `arg:"" optional:"" help:"Folder with rule files and samples; default those that ship with Tocsin." type:"existingdir"`
}

// Run prints one line a rule, and under it what is wrong; status 1 when anything is.
func (c rulesTestCommand) Run(out stdout) error {
	var source fs.FS = rules.FS
	if c.Dir != "" {
		source = os.DirFS(c.Dir)
	}
	results := detect.TestRules(source)
	if len(results) == 0 {
		return fmt.Errorf("%s holds no rules (*.yaml)", c.Dir)
	}
	failed, samples := 0, 0
	for _, r := range results {
		mark := "ok    "
		if !r.OK() {
			mark = "FAILED"
			failed++
		}
		samples += len(r.Samples)
		name := r.ID
		if name == "" {
			name = r.File
		}
		fmt.Fprintf(out, "%s %s (%d samples)\n", mark, visible(name), len(r.Samples))
		for _, problem := range r.Problems {
			fmt.Fprintf(out, "       %s\n", visible(problem))
		}
		for _, s := range r.Samples {
			if s.Problem != "" {
				fmt.Fprintf(out, "       %s: %s\n", visible(s.Name), visible(s.Problem))
			}
		}
	}
	fmt.Fprintf(out, "%d rules, %d samples, %d failed\n", len(results), samples, failed)
	if failed > 0 {
		return errSilent
	}
	return nil
}
