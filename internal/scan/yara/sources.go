//go:build yara && cgo

package yara

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bounds of a rule folder.
const (
	maxFiles    = 5000
	maxFileSize = 8 << 20
)

// source is one rule file.
type source struct{ name, text string }

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Second
	}
	if c.MaxSize <= 0 {
		c.MaxSize = 32 << 20
	}
	return c
}

// sources reads the rule files of a folder in the order of their names.
func sources(folder string) ([]source, []Problem, error) {
	var out []source
	var bad []Problem
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		switch ext := strings.ToLower(filepath.Ext(path)); {
		case err != nil:
			return err
		case d.IsDir() || ext != ".yar" && ext != ".yara":
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			bad = append(bad, Problem{name, 0, err.Error()})
			return nil
		case info.Size() > maxFileSize:
			bad = append(bad, Problem{name, 0, fmt.Sprintf("larger than %d MiB", maxFileSize>>20)})
			return nil
		case len(out) == maxFiles:
			return fmt.Errorf("more than %d rule files", maxFiles)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			bad = append(bad, Problem{name, 0, err.Error()})
			return nil
		}
		out = append(out, source{name, string(text)})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("YARA rules in %s: %w", folder, err)
	}
	slices.SortFunc(out, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return out, bad, nil
}
