package scan

import (
	"context"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
)

// fuzzLimits are small, so that a fuzzer does not spend its time on what a bomb may cost.
var fuzzLimits = Limits{Depth: 4, Files: 100, Bytes: 8 << 20, File: 1 << 20, Text: 4096, Time: 2 * time.Second, Hold: HoldAll}

// fuzz opens content as a file of the given kind, and holds what Open promises: no panic, limits kept, no octets that nobody paid for.
func fuzz(t *testing.T, kind string, content []byte) {
	m := mailWith("Password: Sommer2026! or passcode is 7731.")
	s := newSession(context.Background(), m, fuzzLimits)
	a := email.NewAttachment("offer."+kind, "", "", content)
	a.Kind = kind
	began := time.Now()
	f := &file{Attachment: a, content: content, way: a.Name, archive: archiveKinds[kind]}
	s.weigh(f, func() { openerOf(kind)(s, f) })
	if spent := time.Since(began); spent > 20*time.Second {
		t.Errorf("took %v", spent)
	}
	if len(m.Attachments) > fuzzLimits.Files+1 || len(s.report.Facts) > maxFacts || s.bytes < -fuzzLimits.File {
		t.Errorf("%d files, %d facts, %d octets left", len(m.Attachments), len(s.report.Facts), s.bytes)
	}
	if len(s.report.Held) != len(s.worth) || len(s.report.Held) > maxHeld || s.held > maxHeldBytes || s.unpacked > maxSkim+fuzzLimits.Bytes+fuzzLimits.File {
		t.Errorf("%d files held, %d octets, %d unpacked", len(s.report.Held), s.held, s.unpacked)
	}
	for i := range m.Attachments {
		if int64(len(m.Attachments[i].Name)) > 2*maxName {
			t.Errorf("a name of %d octets", len(m.Attachments[i].Name))
		}
	}
	for _, f := range s.report.Facts {
		if Kinds[f.ID] == "" {
			t.Errorf("fact %q", f.ID)
		}
	}
	for _, d := range m.Defects {
		if d.ID == "file-internal-error" || email.DefectText(d.ID) == "" {
			t.Errorf("defect %+v", d)
		}
	}
}

// seeds adds files of testdata that are not large.
func seeds(f *testing.F, names ...string) {
	for _, n := range names {
		if b := fixture(f, n); len(b) < 1<<20 {
			f.Add(b)
		}
	}
}

func FuzzZip(f *testing.F) {
	seeds(f, "zipcrypto.zip", "aes.zip")
	f.Add(pack(f, attached{"a.txt", []byte("text")}, attached{"b.exe", program()}))
	f.Add(overlapping(5))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "zip", b) })
}

func Fuzz7z(f *testing.F) {
	seeds(f, "plain.7z", "bcj.7z", "bcj2.7z", "locked.7z", "hidden.7z", "deflate.7z", "stored.7z")
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "7z", b) })
}

// Fuzz7zHeader reads headers without the checksum before them, which a fuzzer does not find.
func Fuzz7zHeader(f *testing.F) {
	header, _, err := sevenHeaderOf(fixture(f, "plain.7z"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(header)
	f.Add([]byte{1, 4, 6, 0, 1, 9, 0x20, 0, 7, 11, 1, 0, 1, 0x21, 0x21, 1, 18, 12, 0x40, 0, 8, 10, 1, 0, 0, 0, 0, 0, 0, 5, 1, 0x11, 5, 0, 'a', 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "7z", sevenClaim(b, make([]byte, 64))) })
}

func FuzzRar(f *testing.F) {
	f.Add(rar5Archive("a.exe", program(), program(), 0, nil, 0))
	f.Add(rar4Archive("a.exe", program(), 0x30))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "rar", b) })
}

// FuzzRarUnpack decodes what stands behind a header.
func FuzzRarUnpack(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, size uint16, solid bool) {
		var u rarUnpacker
		for range 2 {
			out, err := u.file(b, int(size), solid, 1<<20, func() bool { return false })
			if err == nil && len(out) != int(size) {
				t.Errorf("%d octets, not %d", len(out), size)
			}
		}
	})
}

func FuzzTar(f *testing.F) {
	f.Add(hugeTar(false))
	f.Add(hugeTar(true))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "tar", b) })
}

func FuzzCab(f *testing.F) {
	seeds(f, "plain.cab")
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "cab", b) })
}

func FuzzPacked(f *testing.F) {
	for i, n := range []string{"offer.exe.bz2", "offer.exe.xz", "offer.exe.lz", "offer.exe.zst"} {
		f.Add(fixture(f, n), uint8(i))
	}
	f.Add(gzipped(&zeros{100_000}), uint8(4))
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) { fuzz(t, []string{"bz2", "xz", "lz", "zst", "gz"}[kind%5], b) })
}

func FuzzISO(f *testing.F) {
	f.Add(isoLoop())
	f.Add(fixture(f, "plain.iso")[:60*isoSector])
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "iso", b) })
}

// FuzzUDF puts the fuzzed octets where the descriptors of a small disk stand.
func FuzzUDF(f *testing.F) {
	disk := fixture(f, "bridge.iso")
	f.Add(uint32(257*isoSector), disk[257*isoSector:270*isoSector])
	f.Fuzz(func(t *testing.T, at uint32, b []byte) {
		d := append([]byte(nil), disk...)
		copy(d[int(at)%len(d):], b)
		for i := 0; i+isoSector <= len(d); i += isoSector { // mend the checksums of tags
			sum := byte(0)
			for k, c := range d[i : i+16] {
				if k != 4 {
					sum += c
				}
			}
			if int(at) <= i && i < int(at)+len(b) {
				d[i+4] = sum
			}
		}
		fuzz(t, "udf", d)
	})
}

// FuzzFAT puts the fuzzed octets over those of a disk: a fuzzer is slow with large inputs.
func FuzzFAT(f *testing.F) {
	disk := fixture(f, "fat12.img")
	f.Add(uint32(0), disk[:512])
	f.Add(uint32(512), disk[512:2048])
	f.Fuzz(func(t *testing.T, at uint32, b []byte) {
		d := append([]byte(nil), disk...)
		copy(d[int(at)%len(d):], b)
		fuzz(t, "img", d)
	})
}

func FuzzNTFS(f *testing.F) {
	record := make([]byte, 1024)
	copy(record, "FILE\x30\x00\x03\x00")
	boot := make([]byte, 4096)
	copy(boot, "\xEBR\x90NTFS    ")
	boot[12], boot[13], boot[48], boot[64] = 2, 1, 2, 0xF6
	f.Add(append(boot[:1024], record...))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "img", b) })
}

// FuzzVHD does the same with the headers of virtual disks.
func FuzzVHD(f *testing.F) {
	dynamic := fixture(f, "dynamic.vhd")
	dynamic = append(dynamic[:4096:4096], dynamic[len(dynamic)-512:]...)
	f.Add(uint32(0), dynamic[:2048], false)
	f.Add(uint32(0), []byte("regi"), true)
	f.Fuzz(func(t *testing.T, at uint32, b []byte, newer bool) {
		if newer {
			fuzz(t, "vhdx", append(make([]byte, 192<<10), b...))
			return
		}
		d := append([]byte(nil), dynamic...)
		copy(d[int(at)%len(d):], b)
		fuzz(t, "vhd", d)
	})
}

func FuzzLNK(f *testing.F) {
	f.Add(link(`..\a\cmd.exe`, "/c x", "a.pdf", `\\a.example\b`))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "lnk", b) })
}

func FuzzLinkFile(f *testing.F) {
	f.Add("[InternetShortcut]\nURL=https://a.example/", uint8(0))
	f.Add(`<libraryDescription><url>\\a.example\b</url>`, uint8(1))
	f.Fuzz(func(t *testing.T, s string, kind uint8) {
		fuzz(t, []string{"url", "library-ms", "desktop", "application"}[kind%4], []byte(s))
	})
}

func FuzzMail(f *testing.F) {
	f.Add([]byte("From a@b.example\nFrom: a@b.example\nSubject: x\n\ntext\n\nFrom b\nSubject: y\n\nz"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "eml", b) })
}

func FuzzPasswords(f *testing.F) {
	f.Add("Password: 1234. Das Kennwort lautet \"a b\"")
	f.Fuzz(func(t *testing.T, s string) {
		sure, guessed := passwordsIn(s)
		for _, p := range append(sure, guessed...) {
			if len(p.value) < 2 || len(p.value) > maxPassword || !strings.Contains(s, p.value) {
				t.Errorf("%q", p.value)
			}
		}
	})
}
