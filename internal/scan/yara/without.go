//go:build !yara || !cgo

package yara

import "context"

// Built says that this binary can match rules.
const Built = false

// Rules are compiled rules.
type Rules struct{}

// Load refuses: this binary was built without YARA.
func Load(Config) (*Rules, []Problem, error) { return nil, nil, ErrNotBuilt }

// Name is "YARA".
func (*Rules) Name() string { return "YARA" }

// ReadsMail is false: rules are written for files.
func (*Rules) ReadsMail() bool { return false }

// Scan refuses.
func (*Rules) Scan(context.Context, []byte) (string, error) { return "", ErrNotBuilt }

// Len is 0.
func (*Rules) Len() int { return 0 }

// Close does nothing.
func (*Rules) Close() error { return nil }
