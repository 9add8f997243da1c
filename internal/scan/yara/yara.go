// Package yara matches YARA rules of the administrator against octets.
//
// YARA is a C library (libyara 4), so this needs cgo and Debian's libyara-dev, and stands behind the build tag "yara"; without
// the tag Load refuses and says how to build it. A rule file that does not compile is set aside with its error, the others
// are used: a folder from somebody else must not stop the mail. Files cannot include others.
package yara

import (
	"errors"
	"fmt"
	"time"

	"tocsin/internal/scan"
)

var _ scan.Engine = (*Rules)(nil)

// Kind is scan.KindRule.
func (*Rules) Kind() scan.Kind { return scan.KindRule }

// Config says which rules are used. Zero fields mean the default.
type Config struct {
	Folder  string        // *.yar and *.yara, in it and below it
	Timeout time.Duration // of one scan; default 5 s
	MaxSize int           // octets scanned; longer content is cut; default 32 MiB
}

// Problem is a rule file that was set aside.
type Problem struct {
	File string // relative to the folder
	Line int
	Text string
}

func (p Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// ErrNotBuilt says that this binary was built without YARA.
var ErrNotBuilt = errors.New("this binary was built without YARA; build it with -tags yara and libyara-dev installed")
