package event

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// RowID names a row (ReportId): the message and a hash of what makes the row unique in it. The same parts give the same id, so that a row
// that is written again is the same row.
func RowID(message string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return message + "-" + hex.EncodeToString(sum[:6])
}
