package files

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// BenchmarkMbox is how fast a mailbox is split: of short messages, and of large ones.
func BenchmarkMbox(b *testing.B) {
	for name, letter := range map[string]string{
		"2KB":  "From: a@b.test\nSubject: x\n\n" + strings.Repeat("The quick brown fox jumps over the lazy dog, again.\n", 38),
		"50KB": "From: a@b.test\nSubject: x\n\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 650),
	} {
		b.Run(name, func(b *testing.B) {
			const n = 200
			content := strings.Repeat(mailbox(letter), n)
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				m := newMbox(bufio.NewReaderSize(strings.NewReader(content), sniffSize), 0, DefaultMaxSize)
				count := 0
				for {
					if _, err := m.next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
					count++
				}
				if count != n {
					b.Fatalf("%d messages", count)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkImport is an mbox into real stores: split, hashed, packed, fsynced and noted.
func BenchmarkImport(b *testing.B) {
	s := openStore(b)
	var box bytes.Buffer
	for i := range b.N {
		box.WriteString(mailbox(mail(i)))
	}
	dir := tree(b, map[string]string{"box": box.String()})
	b.ResetTimer()
	sum, err := Import(context.Background(), s.intake, []string{dir}, Options{Ledger: s.ledger, Every: time.Second})
	if err != nil || sum.Messages != int64(b.N) {
		b.Fatalf("%+v %v", sum, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
