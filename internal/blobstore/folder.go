package blobstore

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// folder makes names durable. fsync of a file says nothing about the entry of its name, which belongs to the folder
// (see fsync(2)); a new folder's own entry belongs to its parent.
type folder struct {
	root string

	mu    sync.Mutex
	known map[string]bool // folders "ab/cd" whose own entries, and their parents', are on disk. At most 65,536
}

// sync makes the entries in the folders with the given first four hex digits durable. It returns those that failed.
func (f *folder) sync(dirs map[string][]int) map[string]error {
	var (
		leaves  = make([]string, 0, len(dirs))
		parents = map[string]bool{}
	)
	f.mu.Lock()
	for d := range dirs {
		leaves = append(leaves, d)
		if !f.known[d] {
			parents[d[:2]] = true
		}
	}
	f.mu.Unlock()

	var mu sync.Mutex
	failed := map[string]error{}
	each(len(leaves), func(i int) {
		d := leaves[i]
		if err := syncDir(filepath.Join(f.root, d[:2], d[2:])); err != nil {
			mu.Lock()
			failed[d] = err
			mu.Unlock()
		}
	})
	if len(parents) == 0 {
		return failed
	}
	var above error
	if err := syncDir(f.root); err != nil {
		above = err
	}
	for p := range parents {
		if err := syncDir(filepath.Join(f.root, p)); err != nil && above == nil {
			above = err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range leaves {
		switch {
		case above != nil && parents[d[:2]]:
			failed[d] = above
		case failed[d] == nil && parents[d[:2]]:
			if f.known == nil {
				f.known = map[string]bool{}
			}
			f.known[d] = true
		}
	}
	return failed
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // has no fsync of folders; NTFS journals its entries
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("fsync folder: %w", err)
	}
	return nil
}
