package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/files"
)

type scanCommand struct {
	judgedBy
	JSON  bool     `name:"json" help:"One JSON object a message."`
	Paths []string `arg:"" name:"path" help:"Mail: .eml, mbox, Maildir, folders of them, packed ones; - is standard input."`
}

func (c scanCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	if c.Data == "" { // else the memory of campaigns comes with it
		spare()
	}
	judge, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.scan(ctx, out, errs, judge), judge.close())
}

func (c scanCommand) scan(ctx context.Context, out, errs io.Writer, judge judging) error {
	w := bufio.NewWriterSize(out, 64<<10)
	show := showScanned
	if c.JSON {
		show = writeScanned
	}
	failed, seen := 0, 0
	err := files.Walk(ctx, c.Paths, files.Visitor{
		Message: func(m files.Message) error {
			seen++
			if m.Err != nil {
				failed++
				fmt.Fprintf(errs, "tocsin: %s: %v\n", visible(m.Name()), m.Err)
				return nil
			}
			x, _, err := judge.examine(ctx, m.Raw, ingest.Envelope{Source: "scan", FileTime: m.File.Modified})
			if err != nil {
				return err
			}
			result := detect.NewScanResult(m.Name(), x.NetworkMessageID, x.Context, x.Verdict, x.ParseTime, x.JudgeTime)
			for _, id := range x.Defects {
				result.Defects = append(result.Defects, detect.ScanDefect{ID: id})
			}
			return show(w, result)
		},
		FileDone: func(f *files.File, err error) error {
			if err != nil {
				failed++
				fmt.Fprintf(errs, "tocsin: %s: %v\n", visible(f.Path), err)
			}
			return nil
		},
	})
	if err := errors.Join(err, w.Flush()); err != nil {
		return err
	}
	if seen == 0 && failed == 0 {
		return errors.New("no mail there; name .eml files, mbox files or Maildir folders")
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d could not be read", failed, max(seen, failed))
	}
	return nil
}

// spare tunes the collector for a process that lives for a few seconds and keeps nothing from one message to the next: it collects half as
// often as usual, and sooner when a large picture or file has come by. What the environment says goes first. What a server holds is
// not known beforehand: see frugal.
func spare() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(112 << 20)
	}
}

// writeScanned writes one line of JSON that is safe to look at on a terminal.
func writeScanned(w io.Writer, s detect.ScanResult) error {
	line, err := s.AppendJSON(nil)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// showScanned is a line for people: verdict, score, sender, subject, and the main reason below.
func showScanned(w io.Writer, s detect.ScanResult) error {
	verdict := "clean"
	if len(s.ThreatTypes) > 0 {
		names := make([]string, len(s.ThreatTypes))
		for i, t := range s.ThreatTypes {
			names[i] = string(t)
		}
		verdict = strings.Join(names, "+")
		if s.PhishConfidence != "" {
			verdict += " (" + strings.ToLower(string(s.PhishConfidence)) + ")"
		}
	}
	if _, err := fmt.Fprintf(w, "%-14s %3d  %s  %s\n", verdict, s.Score, short(visible(email.Defang(s.SenderFrom))), short(visible(s.Subject))); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "                    %s\n", visible(s.File))
	for _, sig := range s.Signals {
		if sig.Weight > 0 && err == nil {
			_, err = fmt.Fprintf(w, "                    %+d %s: %s\n", sig.Weight, sig.ID, visible(sig.Evidence))
			break
		}
	}
	return err
}
