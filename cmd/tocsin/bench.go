package main

import (
	"context"

	"tocsin/internal/bench"
	"tocsin/internal/eventstore/duckdb"
)

type benchCommand struct {
	Explorer  benchExplorerCommand  `cmd:"" help:"How long Explorer's questions take over invented events."`
	Dashboard benchDashboardCommand `cmd:"" help:"How long the dashboard takes over invented events."`
	Hunt      benchHuntCommand      `cmd:"" help:"How long hunting queries take over invented events, joins above all."`
	Pages     benchPagesCommand     `cmd:"" help:"How long the pages of campaigns, trends and reports take over invented events."`
	Retro     benchRetroCommand     `cmd:"" help:"How long a search for indicators in invented events takes."`
}

type benchFlags struct {
	Rows    int64  `help:"Email events in the scratch store." default:"1000000"`
	Runs    int    `help:"How often each question is asked." default:"12"`
	Dir     string `help:"Folder of the scratch store, which is kept; default a new one that is removed at the end." placeholder:"DIR" type:"path"`
	Memory  int64  `help:"MiB that the event store may hold." default:"1024"`
	Threads int    `help:"Processors of the event store; default all."`
}

func (c benchFlags) options() bench.Options {
	return bench.Options{Rows: c.Rows, Runs: c.Runs, Dir: c.Dir, Store: duckdb.Options{MemoryLimit: c.Memory << 20, Threads: c.Threads}}
}

type benchExplorerCommand struct{ benchFlags }

type benchDashboardCommand struct{ benchFlags }

// Run implements the command.
func (c benchDashboardCommand) Run(ctx context.Context, out stdout) error {
	_, err := bench.Dashboard(ctx, out, c.options())
	return err
}

type benchPagesCommand struct{ benchFlags }

// Run implements the command.
func (c benchPagesCommand) Run(ctx context.Context, out stdout) error {
	_, err := bench.Pages(ctx, out, c.options())
	return err
}

type benchHuntCommand struct{ benchFlags }

// Run measures with the limits a server has unless somebody tuned it.
func (c benchExplorerCommand) Run(ctx context.Context, out stdout) error {
	return bench.Explorer(ctx, out, c.options())
}

// Run measures with the limits a server has unless somebody tuned it.
func (c benchHuntCommand) Run(ctx context.Context, out stdout) error {
	_, err := bench.Hunting(ctx, out, c.options())
	return err
}

type benchRetroCommand struct {
	benchFlags
	Known int `help:"How many indicators are looked for." default:"1000000"`
}

// Run measures with the limits a server has unless somebody tuned it.
func (c benchRetroCommand) Run(ctx context.Context, out stdout) error {
	return bench.RetroHunt(ctx, out, c.options(), c.Known)
}
