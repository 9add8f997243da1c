// Package audit makes the audit log provable: that no record was changed, removed, inserted or moved since it was written.
//
// Every record carries a SHA-256 over the hash of the record before it and its own fields, so that the records form one chain.
// Whoever can write the store could work a whole chain out anew; so an ed25519 key in the data folder signs checkpoints (how many
// records, and the hash of the last one) into the store and into files that can lie elsewhere. A rewritten or shortened log does not
// fit the checkpoints that were signed before. Old records go only behind a signed anchor, from which the chain begins anew.
// docs/design/audit.md says what this proves and what it does not.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/auth"
)

// Sum is a SHA-256.
type Sum [sha256.Size]byte

func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// Genesis is the hash before the first record.
var Genesis Sum

// Link is a record as it stands in the chain.
type Link struct {
	auth.Record
	Prev Sum  // hash of the record before
	Hash Sum  // of this record: Hash(Prev, Record)
	Bare bool // the store has no hash beside it: Tocsin did not write it
}

// Head is the last record of the chain.
type Head struct {
	Seq  int64 // 0: there is none
	Hash Sum
}

// What begins the octets of each kind of hash and signature, so that none can pass for another.
const (
	recordDomain     = "tocsin audit record 1\n"
	checkpointDomain = "tocsin audit checkpoint 1\n"
	exportDomain     = "tocsin audit export 1\n"
)

// Hash is the SHA-256 over: "tocsin audit record 1\n"; prev (32 octets); seq and time (microseconds since 1970 UTC), each as 64 bits,
// big-endian; then operator id, operator, via, address, action, subject, recipient, reason and detail, each as its length in octets
// (64 bits, big-endian) and its octets. No two different records have the same encoding.
func Hash(prev Sum, r *auth.Record) Sum {
	h := sha256.New()
	h.Write([]byte(recordDomain))
	h.Write(prev[:])
	var n [8]byte
	number := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	number(r.Seq)
	number(Micros(r.At))
	for _, field := range [...]string{r.OperatorID, r.Operator, r.Via, r.Address, string(r.Action), r.Subject, r.Recipient, r.Reason, string(r.Detail)} {
		number(int64(len(field)))
		h.Write([]byte(field))
	}
	return Sum(h.Sum(nil))
}

// Micros is how times are hashed and stored: microseconds since 1970 UTC; the zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the inverse of Micros.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Most octets of one field of a record. A query is the longest thing that a person gives.
const (
	maxField  = 64 << 10
	maxLong   = 2 << 20 // subject
	maxDetail = 4 << 20
)

// Clean makes a record fit to be kept: text is UTF-8 without NUL, which not every database keeps, and nothing is longer than it may
// be. What was cut says so, with the SHA-256 of the whole.
func Clean(r *auth.Record) {
	for _, f := range []*string{&r.OperatorID, &r.Operator, &r.Via, &r.Address, (*string)(&r.Action), &r.Recipient, &r.Reason} {
		*f = clip(*f, maxField)
	}
	r.Subject = clip(r.Subject, maxLong)
	switch d := string(r.Detail); {
	case d == "":
		r.Detail = json.RawMessage("{}")
	case len(d) > maxDetail || !utf8.ValidString(d) || !json.Valid(r.Detail):
		sum := sha256.Sum256(r.Detail)
		r.Detail, _ = json.Marshal(map[string]any{"left_out": "the detail is too long or no JSON", "octets": len(d), "sha256": hex.EncodeToString(sum[:])}) // cannot fail
	default:
		var b bytes.Buffer
		if json.Compact(&b, r.Detail) == nil {
			r.Detail = b.Bytes()
		}
	}
	r.At = FromMicros(Micros(r.At))
}

func clip(s string, most int) string {
	if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	if len(s) <= most {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	cut := most - 120
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "… (cut; SHA-256 of the whole: " + hex.EncodeToString(sum[:]) + ")"
}
