package imap

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/remediate"
)

// BenchmarkDovecot measures one mailbox of 1,000 messages of 10 KB in four folders, and sign-ins on eight connections. Run it with
// -benchtime 200x: moves and removes use messages up.
func BenchmarkDovecot(b *testing.B) {
	r := start(b, 8, nil)
	v := ownerOf(b, r, owner)
	body := make([]byte, 10<<10)
	for i := range body {
		body[i] = "abcdefghijklmnopqrstuvwxyz0123456789\n"[i%37]
	}
	for i := range 1000 {
		v.put([]string{"INBOX", "INBOX", "Work", "Archive"}[i%4], letter(fmt.Sprintf("<%d@partner.example>", i), string(body)), nil, then)
	}
	p := provider(b, options(r))
	m := open(b, p, owner)
	ctx := b.Context()
	find := func(b *testing.B, i int) remediate.Copy {
		got, err := m.Find(ctx, remediate.Message{InternetMessageID: fmt.Sprintf("<%d@partner.example>", i%1000)})
		if err != nil || len(got) != 1 {
			b.Fatalf("%d: %v, %v", i, got, err)
		}
		return got[0]
	}
	perSecond := func(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "1/s") }
	b.Run("find", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			find(b, i)
		}
		perSecond(b)
	})
	copies := make([]remediate.Copy, 1000)
	for i := range copies {
		copies[i] = find(b, i)
	}
	b.Run("fetch", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, _, err := m.Fetch(ctx, copies[i%1000]); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
	b.Run("move", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			place := []remediate.Place{remediate.Junk, remediate.Deleted}[i/1000%2]
			c, err := m.Move(ctx, copies[i%1000], place, "")
			if err != nil {
				b.Fatal(err)
			}
			copies[i%1000] = c
		}
		perSecond(b)
	})
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Append(ctx, letter("<new@partner.example>", string(body)), remediate.Inbox, "", []string{`\Seen`}, then); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
	left := copies
	b.Run("remove", func(b *testing.B) {
		if b.N > len(left) {
			b.Skip("there are not so many messages; give -benchtime 200x")
		}
		for i := range b.N {
			if err := m.Remove(ctx, left[i]); err != nil {
				b.Fatal(err)
			}
		}
		left = left[b.N:]
		perSecond(b)
	})
	b.Run("open on eight connections", func(b *testing.B) {
		var n atomic.Int64
		var wg sync.WaitGroup
		start := time.Now()
		for w := range 8 {
			wg.Go(func() {
				for n.Add(1) <= int64(b.N) {
					m, err := p.Open(ctx, fmt.Sprintf("b%d@own.example", w+1))
					if err != nil {
						b.Error(err)
						return
					}
					_ = m.Close()
				}
			})
		}
		wg.Wait()
		b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "1/s")
	})
}
