package detect

import (
	"slices"
	"strings"

	"tocsin/internal/intel"
)

// orgIndex is what detectors ask about the organisation, prepared.
type orgIndex struct {
	of         Organisation
	name       []byte
	lookalikes *intel.Lookalikes
	people     map[string][]*Person // folded name, words sorted -> people
	addresses  map[string]*Person   // lower case; aliases and known private addresses too
}

// orgIndexOf returns the index of o, kept from the last message as long as o holds the same slices.
func (j *Judge) orgIndexOf(o *Organisation) *orgIndex {
	if x := j.org.Load(); x != nil && x.of.Name == o.Name && same(x.of.Domains, o.Domains) && same(x.of.People, o.People) {
		return x
	}
	x := &orgIndex{of: *o, name: []byte(intel.Fold(o.Name)), lookalikes: intel.NewLookalikes(o.Name, o.Domains),
		people: map[string][]*Person{}, addresses: map[string]*Person{}}
	for i := range o.People {
		p := &o.People[i]
		for _, list := range [...][]string{p.Private, p.Aliases, {p.Address}} { // the address wins over another's alias
			for _, a := range list {
				x.addresses[strings.ToLower(a)] = p
			}
		}
		if key := nameKey(intel.Fold(p.Name)); strings.Contains(key, " ") { // a first name alone is everybody's
			x.people[key] = append(x.people[key], p)
		}
	}
	j.org.Store(x)
	return x
}

// same reports whether two slices are one: same place, same length.
func same[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// nameKey makes "Weiss, Marta" and "Marta Weiss" one.
func nameKey(folded string) string {
	words := strings.Fields(folded)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// owns reports whether host is one of the organisation's domains or under one.
func (x *orgIndex) owns(host string) bool {
	for _, d := range x.of.Domains {
		if intel.Under(host, d) {
			return true
		}
	}
	return false
}

// Indexed returns the organisation with its priority accounts prepared for IsPriority: for those that have thousands of people.
func (o Organisation) Indexed() Organisation {
	o.priority = map[string]bool{}
	for i := range o.People {
		if p := &o.People[i]; p.Priority {
			o.priority[strings.ToLower(p.Address)] = true
			for _, a := range p.Aliases {
				o.priority[strings.ToLower(a)] = true
			}
		}
	}
	return o
}

// IsPriority says whether an address, in any case, is a priority account's.
func (o *Organisation) IsPriority(address string) bool {
	if o.priority == nil {
		return o.Indexed().priority[strings.ToLower(address)]
	}
	return o.priority[strings.ToLower(address)]
}
