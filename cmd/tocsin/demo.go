package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/demo"
	"tocsin/internal/ingest"
)

type demoCommand struct {
	Data string `help:"Folder with the stores; default a new one that is removed at the end." placeholder:"DIR" type:"path"`
	Seed uint64 `help:"Same seed, same mail." default:"1"`
	ports
}

// Run is serve, with invented people whose last thirty days of mail go through the real road first.
func (c demoCommand) Run(ctx context.Context, errs stderr) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if c.Data == "" {
		dir, err := os.MkdirTemp("", "tocsin-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		cfg.Data = filepath.Join(dir, "data")
	}
	if err := c.known(&cfg); err != nil {
		return err
	}
	boxes := &demo.Mailboxes{}
	a, err := app.New(ctx, cfg, app.Options{Command: "demo", Demo: true, Upkeep: true, Log: logger(cfg, errs), Console: errs, MailSystems: []app.MailSystem{{Provider: boxes}}, Places: app.InventedPlaces{}, Settle: time.Second})
	if err != nil {
		return err
	}
	a.FillMailboxes(boxes)
	err = a.Run(ctx, func(ctx context.Context) error { return c.fill(ctx, a, cfg, errs) })
	return errors.Join(err, a.Close())
}

func (c demoCommand) config() (app.Config, error) {
	flags := map[string]any{"dns.enabled": false}
	if c.Data != "" {
		flags["data"] = c.Data
	}
	for key, value := range c.flags() {
		if value != "" {
			flags[key] = value
		}
	}
	cfg, err := app.Load("", os.Environ(), flags)
	if err != nil {
		return app.Config{}, err
	}
	cfg.Organisation = app.Organisation{Name: demo.Name, Domains: []string{demo.Domain}, Servers: []string{"." + demo.Domain, "192.0.2.25"}, AuthServ: []string{demo.AuthServer}}
	cfg.Submissions.Address = demo.ReportAddress
	cfg.Policy.Mode = "act" // the invented mail system does what Tocsin says
	for _, p := range demo.People() {
		cfg.Organisation.People = append(cfg.Organisation.People, app.Person{Name: p.FullName(), Address: p.Address, Department: p.Department, Priority: p.Priority})
	}
	return cfg, nil
}

// known writes the list of what others have seen beside the stores, and has the settings name it.
func (c demoCommand) known(cfg *app.Config) error {
	list, err := demo.Indicators()
	if err != nil {
		return err
	}
	path := filepath.Join(cfg.Data, "invented-indicators.csv")
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return err
	}
	cfg.Indicators.Files = []string{path}
	return os.WriteFile(path, list, 0o600)
}

// fill takes the invented mail in, while the server is up already, and has people and the security desk react to it. A folder that has mail
// keeps what it has.
func (c demoCommand) fill(ctx context.Context, a *app.App, cfg app.Config, errs io.Writer) error {
	stats, err := a.Events().Stats(ctx)
	if err != nil || stats.Table("EmailEvents").Rows > 0 {
		return err
	}
	fmt.Fprintln(errs, "Writing a month of invented mail ...")
	began := time.Now()
	desk, err := hire(ctx, a, cfg)
	if err != nil {
		return err
	}
	if err := allowed(ctx, desk["r.oduya@"+demo.Domain]); err != nil {
		return err
	}
	n, err := app.Offer(ctx, a.Intake(), func(offer func(raw []byte, env ingest.Envelope) error) error {
		return demo.Generate(c.Seed, began, func(m demo.Mail) error {
			return offer(m.Raw, ingest.Envelope{Source: "demo", ClientIP: m.ClientIP, Helo: m.Helo, MailFrom: m.MailFrom, MailFromKnown: true, Recipients: m.Recipients, Time: m.Time})
		})
	})
	if err == nil {
		err = a.Judged(ctx)
	}
	if err == nil {
		err = a.React(ctx, c.Seed)
	}
	if err == nil {
		err = findings(ctx, desk["r.pillai@"+demo.Domain])
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(errs, "%d messages taken in and judged in %.1f s\n", n, time.Since(began).Seconds())
	return nil
}
