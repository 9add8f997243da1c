//go:build !unix

package duckdb

import "os"

// lockFile only marks the file: elsewhere DuckDB's own lock has to do.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
}
