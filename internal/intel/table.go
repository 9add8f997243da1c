package intel

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Fingerprint stands for one kind and value: the first 96 bits of the SHA-256 over both. Two of five million values have the same one
// with a chance below 10^-15, and nobody can make a value whose fingerprint is that of a given other. So the set needs no values to
// tell the truth.
type Fingerprint struct {
	Key   uint64 // never 0
	Check uint32
}

// FingerprintOf is that of a normalised value (see Normalise).
func FingerprintOf(kind Kind, value string) Fingerprint {
	var room [256]byte
	b := append(append(room[:0], byte(kind)), value...)
	sum := sha256.Sum256(b)
	f := Fingerprint{Key: binary.BigEndian.Uint64(sum[:]), Check: binary.BigEndian.Uint32(sum[8:])}
	if f.Key == 0 {
		f.Key = 1
	}
	return f
}

// table is a hash table of fingerprints with open addressing and linear probing, in the order of the keys. It holds no pointers, so the
// garbage collector never looks into it, and a copy is two block moves. The same fingerprint may be there more than once.
type table struct {
	keys []uint64 // 0: empty
	rest []slot
	used int // slots that are not empty, removed ones with them
	dead int // removed ones
}

type slot struct {
	check uint32
	facts uint32 // 0: removed
	until uint32 // Unix seconds, 0: for ever
}

// The table grows when it is fuller than four fifths, by half.
const (
	fullest   = 5 // used*fullest <= 4*len
	firstSize = 64
)

func (t *table) len() int    { return t.used - t.dead }
func (t *table) memory() int { return len(t.keys) * 20 }

func (t *table) clone() table {
	c := *t
	c.keys, c.rest = append([]uint64(nil), t.keys...), append([]slot(nil), t.rest...)
	return c
}

// home is where a key would stand in an empty table.
func (t *table) home(key uint64) int {
	hi, _ := bits.Mul64(key, uint64(len(t.keys)))
	return int(hi)
}

func (t *table) reserve(n int) {
	if need := n*fullest/4 + 1; need > len(t.keys) {
		t.resize(max(need, firstSize))
	}
}

func (t *table) resize(size int) {
	old := *t
	*t = table{keys: make([]uint64, size), rest: make([]slot, size)}
	for i, k := range old.keys {
		if k != 0 && old.rest[i].facts != 0 {
			t.place(k, old.rest[i])
		}
	}
}

func (t *table) place(key uint64, s slot) {
	i := t.home(key)
	for t.keys[i] != 0 {
		if i++; i == len(t.keys) {
			i = 0
		}
	}
	t.keys[i], t.rest[i] = key, s
	t.used++
}

// put adds an entry, or replaces the one of the same fingerprint whose facts are the same in the sense of same; fresh says which.
func (t *table) put(fp Fingerprint, facts, until uint32, same func(a, b uint32) bool) (fresh bool) {
	if i := t.find(fp, func(f uint32) bool { return same(f, facts) }); i >= 0 {
		t.rest[i].facts, t.rest[i].until = facts, until
		return false
	}
	if (t.used+1)*fullest > 4*len(t.keys) {
		t.resize(max(firstSize, (t.len()+1)*15/8))
	}
	t.place(fp.Key, slot{fp.Check, facts, until})
	return true
}

func (t *table) remove(fp Fingerprint, which func(facts uint32) bool) bool {
	i := t.find(fp, which)
	if i < 0 {
		return false
	}
	t.rest[i].facts = 0
	t.dead++
	return true
}

func (t *table) find(fp Fingerprint, which func(facts uint32) bool) int {
	if len(t.keys) == 0 {
		return -1
	}
	for i := t.home(fp.Key); t.keys[i] != 0; {
		if s := &t.rest[i]; t.keys[i] == fp.Key && s.check == fp.Check && s.facts != 0 && which(s.facts) {
			return i
		}
		if i++; i == len(t.keys) {
			i = 0
		}
	}
	return -1
}

// each calls f for the entries of a fingerprint.
func (t *table) each(fp Fingerprint, f func(facts, until uint32)) {
	if len(t.keys) == 0 {
		return
	}
	for i := t.home(fp.Key); t.keys[i] != 0; {
		if t.keys[i] == fp.Key {
			if s := t.rest[i]; s.check == fp.Check && s.facts != 0 {
				f(s.facts, s.until)
			}
		}
		if i++; i == len(t.keys) {
			i = 0
		}
	}
}
