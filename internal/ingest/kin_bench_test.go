package ingest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"tocsin/internal/campaign"
	"tocsin/internal/casestore"
)

// BenchmarkOpenCampaigns is what a start costs with a full table: a third are copies of a few mailings, the others are like nothing.
func BenchmarkOpenCampaigns(b *testing.B) {
	ctx := context.Background()
	s, err := casestore.Open(ctx, filepath.Join(b.TempDir(), "cases.sqlite"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const most = 100_000
	for from := 0; from < most; from += 5000 {
		var members []*campaign.Member
		for i := from; i < from+5000; i++ {
			members = append(members, inventedMember(i))
		}
		if err := s.InTx(ctx, func(tx *sql.Tx) error { return s.SavePrints(ctx, tx, members) }); err != nil {
			b.Fatal(err)
		}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var c *Campaigns
	for b.Loop() {
		if c, err = OpenCampaigns(ctx, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heap()-before)/(1<<20), "MB-held")
	if c.index.Len() != most {
		b.Fatal(c.index.Len())
	}
}

func inventedMember(i int) *campaign.Member {
	kind := uint64(i)
	if i%3 == 0 {
		kind = uint64(i % 150)
	}
	r := rand.New(rand.NewPCG(kind, 7))
	m := &campaign.Member{
		ID: fmt.Sprintf("0193%04x-%04x-7000-8000-%012x", i>>16, i&0xffff, i), At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 25 * time.Second),
		Family: r.Int64(), Name: fmt.Sprintf("What people call this mailing %d", kind), Sender: fmt.Sprintf("sender%d.example", i%7000),
	}
	for k := range m.Print.Words {
		m.Print.Words[k] = r.Uint32() | 1
	}
	m.Print.Page, m.Print.Subject, m.Print.Name = r.Uint64(), r.Uint64(), r.Uint64()
	for range 4 {
		m.Print.Shapes = append(m.Print.Shapes, r.Uint32())
	}
	m.Print.Hosts = []uint32{r.Uint32(), r.Uint32()}
	if i%5 == 0 {
		m.Print.Files = []uint64{r.Uint64()}
	}
	if i%4 == 0 {
		m.Threats, m.Sure, m.Recipients = "Phish", true, []string{fmt.Sprintf("person%d@own.example", i%900)}
	}
	return m
}
