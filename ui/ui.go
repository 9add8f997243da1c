// Package ui carries the built web interface inside the binary.
//
// `npm run build` in this folder writes dist/; go:embed takes whatever is there when the binary is built. A checkout
// in which nobody ran that build still compiles, and the server then shows a page that says how to build it.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the contents of dist/ and whether an interface was built into this binary.
func Files() (fs.FS, bool) {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return dist, false
	}
	_, err = fs.Stat(sub, "index.html")
	return sub, err == nil
}
