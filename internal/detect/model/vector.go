// Package model learns to tell two kinds of mail apart, and explains what it learned.
//
// A message is a set of features: facts that it has or has not, each reduced to a number (Feature), gathered in a Vector. A Model is
// a weight for each feature; the sum of the weights of a message, with a bias, is the logarithm of the odds that it is bad (logistic
// regression). A sum was taken because it can be shown: what each feature gave is the explanation, and nothing else went in.
//
// Three things keep a model from learning the manner of the mail it saw instead of what is wrong with it. Words may add or take away
// no more than a fixed amount, and they learn only what the other features left unexplained. A feature can be declared to speak in one
// direction alone (Raises, Lowers), so that no label, however many there are, teaches that a spoofed sender is a good sign. And what a
// model is worth is measured on senders that it did not see.
//
// Everything here is a function of its arguments: the same examples, in any order, give the same model, octet for octet.
package model

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Family says what a feature is about. There are at most sixteen.
type Family uint8

const (
	Identity Family = iota
	Authentication
	Structure
	Links
	Files
	Signals // what detectors and rules said
	Pairs   // facts that say much together only
	Phrases // runs of words, which come back in copies of one mail
	Markup  // runs of HTML tags, which come back in what one tool makes
	Shapes  // how ids, boundaries and link paths are made
	Wording // single words
	Looks   // how domain names look, what detectors say of wording and looks, and what speaks against
	families
)

var familyNames = [families]string{"identity", "authentication", "structure", "links", "files", "signals", "pairs", "phrases", "markup", "shapes", "wording", "looks"}

// String is the family's name in small letters.
func (f Family) String() string {
	if f < families {
		return familyNames[f]
	}
	return "unknown"
}

// Families lists all of them.
func Families() []Family {
	out := make([]Family, families)
	for i := range out {
		out[i] = Family(i)
	}
	return out
}

// Sign says in which direction a feature may speak.
type Sign uint8

const (
	Either Sign = iota
	Raises      // its weight is never below 0
	Lowers      // its weight is never above 0
	Proves      // its weight is never below Proof: trusted beforehand
)

// Feature is one fact: four bits of family, two of sign, 26 of a hash of its name and value.
type Feature uint32

const (
	hashBits   = 26
	familyBits = hashBits + 2
)

// Proof is the least weight, in log-odds, of a feature that Proves.
const Proof = 1.5

// NewFeature makes the feature of a fact. name is fixed text, value what stands in the message or "".
func NewFeature[T string | []byte](f Family, s Sign, name string, value T) Feature {
	h := uint32(2166136261) // FNV-1a, 32 bits
	for i := 0; i < len(name); i++ {
		h = (h ^ uint32(name[i])) * 16777619
	}
	h = (h ^ 0xff) * 16777619
	for i := 0; i < len(value); i++ {
		h = (h ^ uint32(value[i])) * 16777619
	}
	h ^= h >> 15 // the low bits of FNV are the weak ones; mix as murmur3 does
	h *= 0x85ebca6b
	h ^= h >> 13
	return Feature(uint32(f)<<familyBits | uint32(s)<<hashBits | h&(1<<hashBits-1))
}

// Family of the feature.
func (f Feature) Family() Family { return Family(f >> familyBits) }

// Sign of the feature.
func (f Feature) Sign() Sign { return Sign(f >> hashBits & 3) }

func (f Feature) valid() bool { return f.Family() < families }

// Unbacked is the feature of a message without structural evidence. In such a message likeness, wording and structure do not speak
// for the threat, only against it.
var Unbacked = NewFeature(Identity, Lowers, "without structural evidence", "")

// Vector is the features of one message: rising, each once, at most MaxFeatures.
type Vector []Feature

// MaxFeatures bounds a Vector.
const MaxFeatures = 700

// NewVector sorts features, drops repeats and what is too much. It uses the memory of f.
func NewVector(f []Feature) Vector {
	slices.Sort(f)
	f = slices.Compact(f)
	return Vector(f[:min(len(f), MaxFeatures)])
}

// vectorVersion begins every encoded Vector.
const vectorVersion = 3

// ErrVector is returned for octets that are no encoded Vector.
var ErrVector = errors.New("these octets are no list of features")

// Encode writes the vector: the version, then the distance of each feature to the one before (unsigned varint).
func (v Vector) Encode() []byte {
	b := make([]byte, 1, 1+3*len(v))
	b[0] = vectorVersion
	last := Feature(0)
	for _, f := range v {
		b = binary.AppendUvarint(b, uint64(f-last))
		last = f
	}
	return b
}

// DecodeVector reads what Encode wrote.
func DecodeVector(b []byte) (Vector, error) {
	if len(b) == 0 || b[0] != vectorVersion || len(b) > 1+MaxFeatures*5 {
		return nil, ErrVector
	}
	b = b[1:]
	v := make(Vector, 0, len(b)/2)
	last := uint64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 || d > 1<<32-1 {
			return nil, ErrVector
		}
		b = b[n:]
		last += d
		if last > 1<<32-1 || d == 0 && len(v) > 0 || !Feature(last).valid() || len(v) == MaxFeatures {
			return nil, ErrVector
		}
		v = append(v, Feature(last))
	}
	return v, nil
}
