package main

import (
	"errors"
	"io"
	"log/slog"
	"os"

	"tocsin/internal/app"
)

// settings are the flags of every command that works with the stores.
type settings struct {
	Data   string `help:"Folder with the stores." placeholder:"DIR" type:"path"`
	Config string `help:"YAML file with settings; tocsin.example.yaml explains them." placeholder:"FILE" type:"path"`
}

// load reads the settings; extra holds further flags by dotted key.
func (s settings) load(extra map[string]string) (app.Config, error) {
	flags := map[string]any{}
	if s.Data != "" {
		flags["data"] = s.Data
	}
	for key, value := range extra {
		if value != "" {
			flags[key] = value
		}
	}
	return app.Load(s.Config, os.Environ(), flags)
}

// logger writes to standard error as the settings say.
func logger(c app.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // validated with the settings
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// quiet is the logger of commands that are not servers: only what went wrong.
func quiet(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelError}))
}

// exit is an error with a status of its own.
type exit struct {
	code   int
	err    error
	detail string // further lines for people
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

// errSilent ends a command with status 1 after it has said everything itself.
var errSilent = errors.New("")
