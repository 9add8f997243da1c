package main

import (
	"fmt"
	"runtime/debug"

	"tocsin/internal/api"
)

type openapiCommand struct{}

func (openapiCommand) Run(out stdout) error {
	doc, err := api.New(api.Deps{Version: api.Version}).OpenAPI()
	if err != nil {
		return err
	}
	_, err = out.Write(doc)
	return err
}

type versionCommand struct{}

func (versionCommand) Run(out stdout) error {
	revision := "unknown revision"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	_, err := fmt.Fprintf(out, "tocsin %s (%s)\n", api.Version, revision)
	return err
}
