//go:build unix

package email

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpuTime is the processor time of this process so far. Rates are given by it rather than by the clock, because
// the machine that measures is rarely idle.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchMessages are the messages of TOCSIN_CORPUS, or made-up ones of the same kind when it is not set.
func benchMessages(b *testing.B) [][]byte {
	if os.Getenv("TOCSIN_CORPUS") == "" {
		return madeUp()
	}
	var all [][]byte
	for _, file := range corpus(b) {
		raw, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, raw)
	}
	// Mixed, so that a run shorter than the collection does not read one kind of mail alone.
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// madeUp makes messages of about 20 KB, as mail has them: a page of HTML with its text, some with a file.
func madeUp() [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the quick invoice of your account was not paid and will be closed today unless you confirm the delivery now")
	var all [][]byte
	for i := range 200 {
		var text, html strings.Builder
		for range 300 {
			w := words[random.IntN(len(words))]
			text.WriteString(w + " ")
			fmt.Fprintf(&html, "<td style=3D\"color:#333\"><a href=3D\"https://example.com/%s/%d\">%s</a></td>=\r\n", w, i, w)
		}
		var m bytes.Buffer
		for h := range 12 {
			fmt.Fprintf(&m, "Received: from mx%d.example.com (mx%d.example.com [192.0.2.%d])\r\n\tby in.example.net with ESMTPS id %d;\r\n\tMon, 2 Mar 2026 10:00:%02d +0100\r\n", h, h, h, i, h)
		}
		fmt.Fprintf(&m, "From: =?utf-8?q?An=C3=A9?= <a%d@example.com>\r\nTo: bob@example.net\r\nSubject: =?utf-8?B?w6kgbWFpbA==?= %d\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"m\"\r\n\r\n", i, i)
		fmt.Fprintf(&m, "--m\r\nContent-Type: multipart/alternative; boundary=\"a\"\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s\r\n--a--\r\n", text.String(), html.String())
		if i%5 == 0 {
			data := make([]byte, 20000)
			for k := range data {
				data[k] = byte(random.Uint32())
			}
			m.WriteString("--m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
			for code := base64.StdEncoding.EncodeToString(data); code != ""; {
				n := min(76, len(code))
				m.WriteString(code[:n] + "\r\n")
				code = code[n:]
			}
		}
		m.WriteString("--m--\r\n")
		all = append(all, m.Bytes())
	}
	return all
}

// BenchmarkParse reads whole messages: parts, text, links, attachments with their hashes. One operation is one message.
func BenchmarkParse(b *testing.B) {
	all := benchMessages(b)
	size := 0
	for _, raw := range all {
		size += len(raw)
	}
	b.SetBytes(int64(size / len(all)))
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	for i := range b.N {
		Parse(all[i%len(all)], Limits{})
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-start).Seconds(), "messages/CPU-s")
}

// BenchmarkParts reads only the tree: headers, parts and their transfer encodings.
func BenchmarkParts(b *testing.B) {
	all := benchMessages(b)
	size := 0
	for _, raw := range all {
		size += len(raw)
	}
	b.SetBytes(int64(size / len(all)))
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	for i := range b.N {
		raw := all[i%len(all)]
		r := &reader{b: newBudget(Limits{}), m: &Message{Root: &Part{}}}
		r.split(raw, r.m.Root, 0, true)
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-start).Seconds(), "messages/CPU-s")
}
