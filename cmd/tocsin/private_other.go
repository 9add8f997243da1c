//go:build !unix

package main

// private does nothing here: new files take the permissions of their folder.
func private() {}
