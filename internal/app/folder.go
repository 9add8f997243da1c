package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/casestore"
)

// CaseFile is the case store in the data folder.
const CaseFile = caseFile

// What stands in the data folder, beside the lock.
const (
	tokenFile   = "local-token"
	caseFile    = "cases.sqlite"
	eventFile   = "events.duckdb"
	mailFolder  = "mail"
	judgingFile = "judging"
	knownFile   = "indicators.sqlite"
	knownCache  = "indicators.set" // what is in memory, for a quick start
)

// InUse says that another process works with the data folder.
type InUse struct {
	Folder string
	Holder casestore.Holder
}

func (e *InUse) Error() string {
	switch {
	case e.Holder.Address != "":
		return fmt.Sprintf("data folder %s is in use by tocsin %s (process %d, %s); stop it, or use another --data", e.Folder, e.Holder.Command, e.Holder.PID, e.Holder.Address)
	case e.Holder.PID != 0:
		return fmt.Sprintf("data folder %s is in use by tocsin %s (process %d); wait for it, or use another --data", e.Folder, e.Holder.Command, e.Holder.PID)
	}
	return fmt.Sprintf("data folder %s is in use by another process; stop it, or use another --data", e.Folder)
}

// folder is a locked data folder.
type folder struct {
	path string
	lock *casestore.Lock
}

// openFolder makes the folder when it is absent, takes it for this process, and checks that it can be written.
func openFolder(path, command string) (*folder, error) {
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	lock, err := casestore.LockDir(path, command)
	var held *casestore.LockedError
	if errors.As(err, &held) {
		return nil, &InUse{Folder: path, Holder: held.Holder}
	}
	if err != nil {
		return nil, fmt.Errorf("data folder %s cannot be written: %s", path, reason(err))
	}
	d := &folder{path: path, lock: lock}
	if err := d.probe(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// makeFolder makes the folder for its owner alone.
func makeFolder(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return fmt.Errorf("data folder %s cannot be made: %s", path, reason(err))
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("data folder %s: %s", path, reason(err))
	}
	if !info.IsDir() {
		return fmt.Errorf("data folder %s is a file; name a folder", path)
	}
	return nil
}

// probe writes a little, so that a full or read-only disk is named as such before any store stumbles over it.
func (d *folder) probe() error {
	f, err := os.CreateTemp(d.path, ".probe-*")
	if err != nil {
		return fmt.Errorf("data folder %s cannot be written: %s", d.path, reason(err))
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 64<<10))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("data folder %s cannot be written: %s", d.path, reason(err))
	}
	return nil
}

// announce publishes where the server listens, and a token for this machine's command line that only the owner can read.
func (d *folder) announce(url, token string) error {
	if err := writePrivate(filepath.Join(d.path, tokenFile), []byte(token+"\n")); err != nil {
		return fmt.Errorf("data folder %s: %s", d.path, reason(err))
	}
	return d.lock.SetAddress(url)
}

// writePrivate replaces a file in one step.
func writePrivate(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func (d *folder) close() error {
	err := os.Remove(filepath.Join(d.path, tokenFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, d.lock.Unlock())
}

// LocalToken reads the token with which this machine's command line speaks to the server that holds the folder.
func LocalToken(path string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(path, tokenFile))
	if err != nil {
		return "", fmt.Errorf("the local token of the running server in %s cannot be read: %s", path, reason(err))
	}
	return strings.TrimSpace(string(raw)), nil
}

// reason is the system's word without the path in front: "permission denied", "no space left on device".
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
