// Package mailtest makes event stores of mail that a test writes down, an event a line. Ids are times, as everywhere, and what nobody says is plain
// mail to one person that was delivered and stayed where it was; so a test says only what it is about, and figures count nothing else.
package mailtest

import (
	"fmt"
	"testing"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb"
)

// Made is mail that a test writes down.
type Made struct {
	Batch event.Batch
	n     int
}

// Next numbers what is made, from 1.
func (m *Made) Next() int {
	m.n++
	return m.n
}

// Mail adds an event of some hours before now: plain mail to ann@corp.example, of which changes, which may be nil, make what the test needs. What
// nobody says became of it later is as at delivery.
func (m *Made) Mail(now time.Time, hours int, changes ...func(e *event.EmailEvent)) *event.EmailEvent {
	n := m.Next()
	at := now.Add(-time.Duration(hours) * time.Hour).Add(time.Duration(n) * time.Millisecond)
	ms := at.UnixMilli()
	e := event.EmailEvent{
		Timestamp: at, LastEventExecutionTime: at, NetworkMessageId: fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n),
		SenderFromAddress: "eve@sender.example", SenderFromDomain: "sender.example", RecipientEmailAddress: "ann@corp.example", RecipientDomain: "corp.example",
		EmailDirection: "Inbound", DeliveryAction: "Delivered", DeliveryLocation: "Inbox/folder", Connectors: "smtp",
	}
	for _, change := range changes {
		if change != nil {
			change(&e)
		}
	}
	for _, later := range []struct{ of, now *string }{{&e.DeliveryLocation, &e.LatestDeliveryLocation}, {&e.DetectionTechnologies, &e.LatestDetectionTechnologies}, {&e.ThreatTypes, &e.LatestThreatTypes}} {
		if *later.now == "" {
			*later.now = *later.of
		}
	}
	m.Batch.Emails = append(m.Batch.Emails, e)
	return &m.Batch.Emails[len(m.Batch.Emails)-1]
}

// Store is a store in a folder of its own with these rows, for as long as the test runs.
func Store(t testing.TB, b event.Batch) (store *duckdb.Store, folder string) {
	t.Helper()
	folder = t.TempDir()
	store, err := duckdb.Open(t.Context(), folder, duckdb.Options{MemoryLimit: 512 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // a test may have closed it
	if err := store.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return store, folder
}
