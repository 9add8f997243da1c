package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// grantLife is how long a granted look can show its document.
const grantLife = 10 * time.Minute

// grants are proofs that an operator was let into one message, and when: signed, so nothing has to be kept. The key lives as
// long as the process.
type grants struct {
	key [32]byte
	now func() time.Time
}

func newGrants(now func() time.Time) *grants {
	g := &grants{now: now}
	_, _ = rand.Read(g.key[:]) // never fails
	return g
}

// issue proves that the operator may see the message from now on.
func (g *grants) issue(operator, message, sum string) string {
	expires := g.now().Add(grantLife).Unix()
	raw := binary.BigEndian.AppendUint64(nil, uint64(expires))
	return base64.RawURLEncoding.EncodeToString(append(raw, g.mac(expires, operator, message, sum)...))
}

// check reports whether the grant is good for this operator and message, now.
func (g *grants) check(grant, operator, message, sum string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(grant)
	if err != nil || len(raw) != 8+sha256.Size {
		return false
	}
	expires := int64(binary.BigEndian.Uint64(raw))
	return hmac.Equal(raw[8:], g.mac(expires, operator, message, sum)) && g.now().Unix() < expires
}

func (g *grants) mac(expires int64, parts ...string) []byte {
	m := hmac.New(sha256.New, g.key[:])
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(expires))
	m.Write(b[:])
	for _, p := range parts { // lengths first, so that parts cannot run into each other
		binary.BigEndian.PutUint64(b[:], uint64(len(p)))
		m.Write(b[:])
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}
