//go:build unix

package main

import "syscall"

// private keeps what this process writes from other users of the machine, whatever the folder lets them see.
func private() { syscall.Umask(0o077) }
