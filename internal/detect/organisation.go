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
	shapes     map[string][]*Person // intel.Skeleton of that
	short      map[string][]*Person // first and last name, nicknames written out
	near       map[string][]*Person // first and last name with one letter dropped, of those whose names are worth imitating
	locals     map[string]*Person   // letters of "first.last" and the like -> person; nil when two share it
	addresses  map[string]*Person   // lower case; aliases and known private addresses too
}

// maxNear bounds for how many people slips of one letter are looked for: among thousands of names most have an honest neighbour.
const maxNear = 200

// orgIndexOf returns the index of o, kept from the last message as long as o holds the same slices.
func (j *Judge) orgIndexOf(o *Organisation) *orgIndex {
	if x := j.org.Load(); x != nil && x.of.Name == o.Name && same(x.of.Domains, o.Domains) && same(x.of.People, o.People) {
		return x
	}
	x := &orgIndex{of: *o, name: []byte(intel.Fold(o.Name)), lookalikes: intel.NewLookalikes(o.Name, o.Domains),
		people: map[string][]*Person{}, shapes: map[string][]*Person{}, short: map[string][]*Person{}, near: map[string][]*Person{},
		locals: map[string]*Person{}, addresses: map[string]*Person{}}
	near := 0
	for i := range o.People {
		p := &o.People[i]
		for _, list := range [...][]string{p.Private, p.Aliases, {p.Address}} { // the address wins over another's alias
			for _, a := range list {
				x.addresses[strings.ToLower(a)] = p
			}
		}
		if key := nameKey(intel.Fold(p.Name)); strings.Contains(key, " ") { // a first name alone is everybody's
			x.people[key] = append(x.people[key], p)
			if p.Priority || len(o.People) <= maxNear {
				near++
			}
			x.addPerson(p, key, near <= maxNear && (p.Priority || len(o.People) <= maxNear))
		}
	}
	j.org.Store(x)
	return x
}

// addPerson enters p under the ways in which the name is imitated.
func (x *orgIndex) addPerson(p *Person, key string, near bool) {
	x.shapes[intel.Skeleton(key)] = append(x.shapes[intel.Skeleton(key)], p)
	first, last := firstLast(intel.Fold(p.Name))
	short := nameKey(nickname(first) + " " + last)
	x.short[short] = append(x.short[short], p)
	if near && len(short) >= 9 {
		for i := range short {
			d := short[:i] + short[i+1:]
			x.near[d] = append(x.near[d], p)
		}
		x.near[short] = append(x.near[short], p)
	}
	if len(first)+len(last) < 8 || strings.Contains(first+last, " ") {
		return
	}
	for _, l := range [...]string{first + last, last + first} {
		if _, taken := x.locals[l]; taken {
			p = nil
		}
		x.locals[l] = p
	}
}

// spelling is how a name comes to be taken for another.
type spelling int

const (
	spelledSame  spelling = iota // after folding
	spelledAlike                 // in letters and digits that look the same
	spelledNear                  // a letter off, a middle name more or less, a nickname
)

// find returns the people whose name folded, a result of intel.Fold, is or is taken for.
func (x *orgIndex) find(folded string) ([]*Person, spelling) {
	if len(x.people) == 0 || strings.IndexByte(folded, ' ') < 0 || len(folded) > 80 {
		return nil, spelledSame
	}
	key := nameKey(folded)
	if p := x.people[key]; len(p) > 0 {
		return p, spelledSame
	}
	if p := x.shapes[intel.Skeleton(key)]; len(p) > 0 {
		return p, spelledAlike
	}
	first, last := firstLast(folded)
	if first == "" || last == "" {
		return nil, spelledSame
	}
	short := nameKey(nickname(first) + " " + last)
	if p := x.short[short]; len(p) > 0 {
		return p, spelledNear
	}
	if len(short) < 9 {
		return nil, spelledSame
	}
	for i := -1; i < len(short); i++ {
		d := short
		if i >= 0 {
			d = short[:i] + short[i+1:]
		}
		for _, p := range x.near[d] {
			f, l := firstLast(intel.Fold(p.Name))
			if intel.OneEdit(nameKey(nickname(f)+" "+l), short) {
				return []*Person{p}, spelledNear
			}
		}
	}
	return nil, spelledSame
}

// byLocalPart returns the person whose first and last name the local part of addr is made of: "marta.weiss", "weissmarta.ceo", "marta_weiss7".
func (x *orgIndex) byLocalPart(addr string) *Person {
	local, _, ok := strings.Cut(strings.ToLower(addr), "@")
	if !ok || len(x.locals) == 0 {
		return nil
	}
	words := strings.FieldsFunc(local, func(r rune) bool { return !(r >= 'a' && r <= 'z') })
	for _, w := range words {
		if p := x.locals[w]; p != nil {
			return p
		}
	}
	for i := 1; i < len(words); i++ {
		if p := x.locals[words[i-1]+words[i]]; p != nil {
			return p
		}
	}
	return nil
}

// firstLast returns the first and the last word of a folded name that are no initials and no titles.
func firstLast(folded string) (first, last string) {
	for w := range strings.FieldsSeq(folded) {
		if len(w) < 2 || titles[w] {
			continue
		}
		if first == "" {
			first = w
		} else {
			last = w
		}
	}
	return first, last
}

var titles = map[string]bool{"dr": true, "prof": true, "mr": true, "mrs": true, "ms": true, "herr": true, "frau": true, "sir": true, "ceo": true, "cfo": true, "coo": true, "cto": true,
	"jr": true, "sr": true, "ii": true, "iii": true, "mba": true, "phd": true, "msc": true, "ing": true, "dipl": true, "mme": true, "sig": true, "dott": true, "inz": true, "mgr": true, "eng": true}

// nickname writes short forms of first names out; names it does not know stay.
func nickname(first string) string {
	if long, ok := nicknames[first]; ok {
		return long
	}
	return first
}

var nicknames = func() map[string]string {
	m := map[string]string{}
	for _, row := range strings.Split(`robert bob rob bobby;william bill will billy;richard rick dick rich;james jim jimmy;john jack johnny jon;thomas tom tommy;michael mike mick michi;
		david dave;daniel dan danny;joseph joe;charles charlie chuck;edward ed eddie ted;steven steve stephen stefan steffen;christopher chris;matthew matt matthias;anthony tony;andrew andy drew andreas;
		nicholas nick niklas;benjamin ben;samuel sam;alexander alex sascha;gregory greg;jeffrey jeff geoffrey;kenneth ken;ronald ron;donald don;timothy tim;patrick pat;peter pete;
		katherine kate kathy katie catherine cathy katharina;elizabeth liz beth lisa elisabeth betty;margaret maggie peggy meg;jennifer jen jenny;susan sue susanne;deborah deb debbie;patricia patty trish;
		barbara barb babs;jessica jess;rebecca becky;victoria vicky;johannes hannes hans;friedrich fritz fred;heinrich heinz;josef sepp;maximilian max;sebastian basti;wolfgang wolf;
		francesco franco;giuseppe beppe;francisco paco;jose pepe;ignacio nacho;wojciech wojtek;tomasz tomek;krzysztof krzys;antonio toni;philip phil philipp;gerald gerry;lawrence larry;raymond ray`, ";") {
		words := strings.Fields(row)
		for _, w := range words[1:] {
			m[w] = words[0]
		}
	}
	return m
}()

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
