package rulebook

import (
	"io/fs"
	"sync"

	"tocsin/internal/detect"
)

// Tested is what the samples of a rule say about it.
type Tested struct{ Samples, Failed int }

// tests remembers what samples said, by text: most rules stay as they are when one changes.
type tests struct {
	mu   sync.Mutex
	said map[string]Tested // by text
}

// Tested tries the samples of every rule that can be compiled, as if it were on.
func (d *Desk) Tested(s *State) map[string]Tested {
	t := &d.tests
	t.mu.Lock()
	defer t.mu.Unlock()
	var fresh []detect.RuleFile
	for i := range s.Rules {
		if r := &s.Rules[i]; r.File != nil && r.Error == nil {
			if _, have := t.said[r.Text]; !have {
				fresh = append(fresh, *r.File)
			}
		}
	}
	next := make(map[string]Tested, len(s.Rules))
	set := detect.BuildRules(fresh)
	out := make(map[string]Tested, len(s.Rules))
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.File == nil || r.Error != nil {
			continue
		}
		said, have := t.said[r.Text]
		if !have {
			samples, _ := detect.TryRule(set, r.File, d.Samples(r.ID), nil)
			said.Samples = len(samples)
			for _, one := range samples {
				if one.Problem != "" {
					said.Failed++
				}
			}
		}
		next[r.Text], out[r.ID] = said, said
	}
	t.said = next
	return out
}

// Samples is the folder in which the sample files of a rule stand: that of the file of its id.
func (d *Desk) Samples(id string) fs.FS {
	d.load.Lock()
	defer d.load.Unlock()
	for i := range d.files {
		if d.files[i].rule.ID == id {
			return d.files[i].fs
		}
	}
	return nothing{}
}

// nothing is a folder without files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
