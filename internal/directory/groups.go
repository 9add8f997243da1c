package directory

import (
	"cmp"
	"slices"
	"strings"
)

// Counted is a department or a group, and how many people are in it.
type Counted struct {
	Name   string
	People int
}

// Departments lists those that people belong to, by name.
func (d *Directory) Departments() []Counted {
	return d.counted(func(e *Entry) []string { return []string{e.Department} })
}

// Groups lists those that people belong to, by name.
func (d *Directory) Groups() []Counted {
	return d.counted(func(e *Entry) []string { return e.Groups })
}

func (d *Directory) counted(of func(*Entry) []string) []Counted {
	n := map[string]int{}
	entries := d.current.Load().entries
	for i := range entries {
		for _, name := range of(&entries[i]) {
			if name != "" {
				n[name]++
			}
		}
	}
	out := make([]Counted, 0, len(n))
	for name, people := range n {
		out = append(out, Counted{name, people})
	}
	slices.SortFunc(out, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Members are the addresses, aliases included, of the people who are in both a department and a group; "" asks for neither.
func (d *Directory) Members(department, group string) []string {
	var out []string
	entries := d.current.Load().entries
	for i := range entries {
		e := &entries[i]
		if department != "" && e.Department != department || group != "" && !slices.Contains(e.Groups, group) {
			continue
		}
		out = append(out, e.Address)
		out = append(out, e.Aliases...)
	}
	return out
}
