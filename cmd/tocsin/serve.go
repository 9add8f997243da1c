package main

import (
	"context"
	"errors"
	"os"
	"runtime/debug"

	"tocsin/internal/app"
)

// ports are the flags that say where the server listens; they win over the settings.
type ports struct {
	HTTP string `help:"Where people and programs connect; default 127.0.0.1:8825." placeholder:"HOST:PORT"`
	SMTP string `help:"Where mail comes in over SMTP; default off." placeholder:"HOST:PORT"`
	LMTP string `help:"Where mail comes in over LMTP; default off." placeholder:"HOST:PORT"`

	Milter string `help:"Where Postfix or Sendmail asks about mail before it is delivered; default off." placeholder:"HOST:PORT|unix:PATH"`
}

func (p ports) flags() map[string]string {
	return map[string]string{"http.listen": p.HTTP, "smtp.listen": p.SMTP, "lmtp.listen": p.LMTP, "milter.listen": p.Milter}
}

type serveCommand struct {
	settings
	ports
}

// frugal tunes the collector for a process that runs for months beside others: it collects when half as much as is held was added, and
// not as much again. That saves 20 MB at its peak, and its cost could not be told from noise. Not a limit: what is held has its own
// bounds, and a collector that runs against a limit would only take the processor away. What the environment says goes first.
func frugal() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

func (c serveCommand) Run(ctx context.Context, errs stderr) error {
	frugal()
	cfg, err := c.load(c.flags())
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, app.Options{Command: "serve", Upkeep: true, Log: logger(cfg, errs), Console: errs})
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}
