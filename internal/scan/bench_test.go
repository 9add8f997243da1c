package scan

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"tocsin/internal/email"
)

// BenchmarkOpen says what looking into files costs: nothing to speak of for a mail without any.
func BenchmarkOpen(b *testing.B) {
	var files []attached
	for i := range 20 {
		files = append(files, attached{fmt.Sprint("note", i, ".txt"), make([]byte, 10_000)})
	}
	for _, c := range []struct {
		name string
		m    *email.Message
	}{
		{"plain", mailWith("Good day.")},
		{"text-file", mailWith("Good day.", attached{"note.txt", []byte("Good day.")})},
		{"zip-1", mailWith("Good day.", attached{"note.zip", pack(b, files[0])})},
		{"zip-20", mailWith("Good day.", attached{"notes.zip", pack(b, files...)})},
		{"zip-locked", mailWith("Password: 7731", attached{"locked.zip", fixture(b, "zipcrypto.zip")})},
		{"7z-locked", mailWith("Password: 7731", attached{"locked.7z", fixture(b, "locked.7z")})},
		{"iso", mailWith("Good day.", attached{"plain.iso", fixture(b, "plain.iso")})},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := *c.m
				m.Attachments = slices.Clone(c.m.Attachments)
				Open(context.Background(), &m, Limits{})
			}
		})
	}
}
