package casestore

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables of the case store and of the job queue up to date.
func (s *Store) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writer, typedFS{sub, s.dialect},
		// Each noun has its own hundred, so a low number may well be younger than a high one.
		goose.WithAllowOutofOrder(true),
		goose.WithLogger(goose.NopLogger()),
	)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	known := p.ListSources()
	newest := known[len(known)-1].Version
	if at, err := p.GetDBVersion(ctx); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	} else if at > newest {
		return fmt.Errorf("written by a newer Tocsin (schema %d, this one knows %d): use that version, or restore a backup made before the upgrade", at, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}

	m, err := rivermigrate.New(riversqlite.New(s.writer), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("job tables: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate job tables: %w", err)
	}
	return nil
}

// typedFS serves the migrations with the dialect's type names filled in.
type typedFS struct {
	fs.FS
	dialect Dialect
}

func (t typedFS) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return f, err
	}
	text, err := fs.ReadFile(t.FS, name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &typedFile{File: f, r: bytes.NewReader([]byte(t.dialect.Schema(string(text))))}, nil
}

type typedFile struct {
	fs.File
	r *bytes.Reader
}

func (f *typedFile) Read(p []byte) (int, error) { return f.r.Read(p) }
