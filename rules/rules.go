// Package rules holds the detection rules that ship with Tocsin: one YAML file a rule, with sample messages on which it must and must
// not speak. They are files so that an analyst can read, copy and change them; the program carries them so that it works without
// any. How they are written is told in docs/recipes/rule.md, how they are read in internal/detect.
package rules

import "embed"

// FS holds *.yaml and samples/*.
//
//go:embed *.yaml samples
var FS embed.FS
