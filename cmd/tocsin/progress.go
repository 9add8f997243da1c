package main

import (
	"fmt"
	"io"
	"time"
)

// progress is one line that moves on a terminal, and a line every few seconds elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	last     time.Time
	shown    bool
}

const plainEvery = 5 * time.Second

func newProgress(w io.Writer) *progress { return &progress{w: w, terminal: plainTerminal(w)} }

// show says how far it is; bar stands before the line on a terminal only.
func (p *progress) show(bar, line string) {
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s%s", bar, line)
		p.shown = true
		return
	}
	if now := time.Now(); now.Sub(p.last) >= plainEvery {
		if !p.last.IsZero() {
			fmt.Fprintln(p.w, line)
		}
		p.last = now
	}
}

// done takes the moving line away.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
