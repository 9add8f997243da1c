package app

import (
	"context"
	"time"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/quarantine"
)

// HeldRound does what is due for mail in quarantine; ExpireQuarantine ends what is held too long.
func (a *App) HeldRound(ctx context.Context) error               { return a.heldRound(ctx) }
func (a *App) ExpireQuarantine(ctx context.Context) (int, error) { return a.expireQuarantine(ctx) }

// NeededByQuarantine says which bytes retention leaves.
func (a *App) NeededByQuarantine(ctx context.Context) (func(string) bool, error) {
	return a.neededByQuarantine(ctx)
}

// ReleaseToken is the token of a digest's link.
func (a *App) ReleaseToken(message, recipient string, until time.Time) string {
	return a.held.links.Token(quarantine.Key{Message: message, Recipient: recipient}, until)
}

// KeptLetters is the store of outgoing mail.
func (a *App) KeptLetters() *casestore.Letters { return a.outgoing.store }

// Raw is the store of raw mail.
func (a *App) Raw() *blobstore.Store { return a.blobs }
