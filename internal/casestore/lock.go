package casestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// LockName is the file inside a data folder that its user holds locked.
const LockName = "lock"

// Holder is who uses a data folder.
type Holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"` // "serve", "import"
	Address string `json:"address"` // base URL of its HTTP API, "" when it has none
}

// LockedError says that another process uses the data folder.
type LockedError struct {
	Dir    string
	Holder Holder
}

// ErrLocked is what every LockedError is (errors.Is).
var ErrLocked = errors.New("data folder is in use")

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return e.Dir + " is in use by another process"
	}
	return fmt.Sprintf("%s is in use by tocsin %s (pid %d)", e.Dir, e.Holder.Command, e.Holder.PID)
}

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// Lock is a held data folder. The operating system lets go of it when the process ends, however it ends.
type Lock struct {
	f      *os.File
	holder Holder
}

// LockDir takes the data folder for this process. When another process has it, the error is a *LockedError that
// names it.
func LockDir(dir, command string) (*Lock, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(abs, LockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	err = lockFile(f)
	for range 5 {
		if !errors.Is(err, errHeld) || readHolder(f).PID != 0 {
			break
		}
		// Held, but by nobody who signed: most likely HolderOf looking, which takes microseconds.
		time.Sleep(10 * time.Millisecond)
		err = lockFile(f)
	}
	if err != nil {
		h := readHolder(f)
		_ = f.Close()
		if errors.Is(err, errHeld) {
			return nil, &LockedError{Dir: abs, Holder: h}
		}
		return nil, fmt.Errorf("lock data folder %s: %w", abs, err)
	}
	l := &Lock{f: f, holder: Holder{PID: os.Getpid(), Command: command}}
	if err := l.write(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return l, nil
}

// SetAddress publishes where this process listens, for commands that want to go through it.
func (l *Lock) SetAddress(url string) error {
	l.holder.Address = url
	return l.write()
}

// Unlock gives the folder back. The file stays: removing it would let two processes lock two files of one name.
func (l *Lock) Unlock() error {
	err := l.f.Truncate(0)
	return errors.Join(err, l.f.Close())
}

func (l *Lock) write() error {
	b, err := json.Marshal(l.holder)
	if err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	// One write of few bytes over the old text, then cut: a reader in between sees JSON with a tail, which it ignores.
	if _, err := l.f.WriteAt(append(b, '\n'), 0); err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	if err := l.f.Truncate(int64(len(b) + 1)); err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	return nil
}

// HolderOf returns who holds the data folder now; ok is false when nobody does.
func HolderOf(dir string) (h Holder, ok bool, err error) {
	f, err := os.OpenFile(filepath.Join(dir, LockName), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return Holder{}, false, nil
	} else if err != nil {
		return Holder{}, false, fmt.Errorf("data folder: %w", err)
	}
	defer func() { _ = f.Close() }() // also lets go of the lock when we got it
	switch err := lockFile(f); {
	case errors.Is(err, errHeld):
		return readHolder(f), true, nil
	case err != nil:
		return Holder{}, false, fmt.Errorf("data folder: %w", err)
	}
	return Holder{}, false, nil
}

// readHolder is lenient: the text is only for a message and a hint, the lock itself is the truth.
func readHolder(f *os.File) Holder {
	var h Holder
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Holder{}
	}
	if err := json.NewDecoder(io.LimitReader(f, 4096)).Decode(&h); err != nil {
		return Holder{}
	}
	return h
}
