package ingest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/casestore"
)

// NewID returns the network message id of a message: a UUIDv7 (RFC 9562 section 5.7) whose time is t in milliseconds
// and whose other 74 bits come from the SHA-256 of the raw bytes. Same time and bytes, same id. The n-th choice
// (n > 0) hashes once more with n: for the case that another message has the id.
func NewID(t time.Time, sum [sha256.Size]byte, n int) string {
	if n > 0 {
		sum = sha256.Sum256(binary.BigEndian.AppendUint32(sum[:], uint32(n)))
	}
	var id uuid.UUID
	copy(id[:], sum[:16])
	ms := uint64(t.UnixMilli())
	id[0], id[1], id[2], id[3], id[4], id[5] = byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms)
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

func messageID(m casestore.Message, n int) string {
	var sum [sha256.Size]byte
	if _, err := hex.Decode(sum[:], []byte(m.SHA256)); err != nil {
		// Unreachable: Accept made the text. Still deterministic for whatever it is.
		sum = sha256.Sum256([]byte(m.SHA256))
	}
	return NewID(m.Time, sum, n)
}
