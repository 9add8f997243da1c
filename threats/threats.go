// Package threats holds the articles about threats that ship with Tocsin: one Markdown file a threat, with a head in YAML that says
// what it is called, where ATT&CK has it and which signals show it. They are files so that an analyst can read and add to them;
// the program carries them so that it works without any. How they are written is told in docs/recipes/threat.md, how they are read
// in internal/threat.
package threats

import "embed"

// FS holds *.md.
//
//go:embed *.md
var FS embed.FS
