package main

import (
	"context"
	"fmt"
	"net"

	"tocsin/internal/app"
)

type doctorCommand struct {
	settings
	ports
}

// Run prints one line a finding and ends with status 1 when something will not work.
func (c doctorCommand) Run(ctx context.Context, out stdout) error {
	cfg, err := c.load(c.flags())
	if err != nil {
		return err
	}
	bad := 0
	for _, f := range app.Doctor(ctx, cfg, net.DefaultResolver) {
		fmt.Fprintf(out, "%-5s %s: %s\n", f.State, f.About, f.Text)
		if f.Fix != "" {
			fmt.Fprintf(out, "      %s\n", f.Fix)
		}
		if f.State == app.Bad {
			bad++
		}
	}
	if bad > 0 {
		fmt.Fprintf(out, "%d of these will not work.\n", bad)
		return errSilent
	}
	return nil
}
