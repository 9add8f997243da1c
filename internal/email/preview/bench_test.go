package preview

import (
	"os"
	"path/filepath"
	"testing"

	"tocsin/internal/email"
)

func BenchmarkRender(b *testing.B) {
	files, err := filepath.Glob("testdata/mail/*.html")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		html, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(file), func(b *testing.B) { benchmark(b, string(html)) })
	}
	for _, name := range []string{"divisions closed", "styles", "rules", "bare links", "quotes"} {
		b.Run("1 MiB of "+name, func(b *testing.B) { benchmark(b, sizeOf(large[name], 1<<20)) })
	}
}

func benchmark(b *testing.B, html string) {
	m := &email.Message{HTML: html}
	b.SetBytes(int64(len(html)))
	b.ReportAllocs()
	for b.Loop() {
		Render(m, Options{})
	}
}
