package scan

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// zeros gives n zeros.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.n))
	clear(p[:n])
	z.n -= int64(n)
	return n, nil
}

func gzipped(r io.Reader) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.Copy(w, r)
	_ = w.Close()
	return b.Bytes()
}

// nestedBomb is an archive of sixteen archives of sixteen archives, as 42.zip is, with a file of zeros at the bottom.
func nestedBomb(t testing.TB, depth int) []byte {
	b := make([]byte, 1<<20)
	name := "zeros.bin"
	for range depth {
		var files []attached
		for i := range 16 {
			files = append(files, attached{fmt.Sprint(i, name), append(bytes.Clone(b), byte(i))}) // not all the same
		}
		b, name = pack(t, files...), ".zip"
	}
	return b
}

// overlapping is a bomb of David Fifield's kind: many names whose data is one.
func overlapping(n int) []byte {
	content := gzipped(&zeros{1 << 20})
	data := content[10 : len(content)-8]
	le := binary.LittleEndian
	local := append([]byte(zipLocal), make([]byte, 26)...)
	le.PutUint16(local[8:], zipDeflate)
	le.PutUint16(local[26:], 1)
	local = append(append(local, 'a'), data...)
	b := bytes.Clone(local)
	start := len(b)
	for i := range n {
		e := append([]byte(zipCentral), make([]byte, 42)...)
		le.PutUint16(e[10:], zipDeflate)
		le.PutUint32(e[20:], uint32(len(data)))
		le.PutUint32(e[24:], 1<<20)
		name := fmt.Sprint("a", i)
		le.PutUint16(e[28:], uint16(len(name)))
		b = append(append(b, e...), name...)
	}
	end := append([]byte(zipEnd), make([]byte, 18)...)
	le.PutUint32(end[12:], uint32(len(b)-start))
	le.PutUint32(end[16:], uint32(start))
	return append(b, end...)
}

// hugeTar claims a file of a terabyte in a few octets.
func hugeTar(sparse bool) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h := &tar.Header{Name: "a.exe", Size: 1 << 40, Mode: 0o644, Format: tar.FormatGNU}
	_ = w.WriteHeader(h)
	if sparse {
		b.Reset()
		_ = tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "a.exe", Size: 0, Mode: 0o644, Format: tar.FormatPAX, PAXRecords: map[string]string{"TOCSIN.x": "1"}})
		s := strings.Replace(b.String(), "TOCSIN.x=1", "GNU.size=1", 1)
		return append([]byte(s), make([]byte, 4096)...)
	}
	return b.Bytes()
}

// sevenClaim is a 7z archive whose header is h.
func sevenClaim(h []byte, streams []byte) []byte {
	b := append([]byte(sevenSignature), 0, 4, 0, 0, 0, 0)
	start := make([]byte, 20)
	le := binary.LittleEndian
	le.PutUint64(start, uint64(len(streams)))
	le.PutUint64(start[8:], uint64(len(h)))
	le.PutUint32(start[16:], crc32.ChecksumIEEE(h))
	le.PutUint32(b[8:], crc32.ChecksumIEEE(start))
	return append(append(append(b, start...), streams...), h...)
}

// isoLoop is a disk whose root folder holds itself and a folder that holds the root.
func isoLoop() []byte {
	b := make([]byte, 24*isoSector)
	record := func(at int, sector, size uint32, flags byte, name string) int {
		r := b[at:]
		n := 33 + len(name)
		n += n & 1
		r[0] = byte(n)
		binary.LittleEndian.PutUint32(r[2:], sector)
		binary.LittleEndian.PutUint32(r[10:], size)
		r[25], r[32] = flags, byte(len(name))
		copy(r[33:], name)
		return at + n
	}
	for i, kind := range []byte{1, 255} {
		d := b[(16+i)*isoSector:]
		d[0] = kind
		copy(d[1:], "CD001\x01")
	}
	record(16*isoSector+156, 20, isoSector, 2, "\x00")
	at := 20 * isoSector
	for i := range 30 {
		at = record(at, 20, isoSector, 2, fmt.Sprint("loop", i))
	}
	at = record(at, 20, 0xFFFFFFFF, 0, "HUGE.EXE;1")
	record(at, 22, isoSector, 2, "SUB")
	record(22*isoSector, 20, 0xF0000000, 2, "UP")
	return b
}

// fatLoop is a disk whose allocation table leads back to its beginning, with a folder that holds itself.
func fatLoop(t testing.TB) []byte {
	b := bytes.Clone(fixture(t, "fat12.img"))
	sector, reserved := int(le16(b, 11)), int(le16(b, 14))
	for i := range 64 { // every cluster goes on at cluster 2
		b[reserved*sector+3*i], b[reserved*sector+3*i+1], b[reserved*sector+3*i+2] = 2, 0x20, 0
	}
	return b
}

// TestBombs opens what is built to overwhelm: each must end soon, in little memory, with a defect.
func TestBombs(t *testing.T) {
	var z bytes.Buffer
	w, _ := zstd.NewWriter(&z, zstd.WithWindowSize(8<<20))
	_, _ = io.Copy(w, &zeros{256 << 20})
	_ = w.Close()
	var many []attached
	for i := range 12_000 {
		many = append(many, attached{fmt.Sprint("f", i, ".txt"), nil})
	}
	deep := []byte("bottom")
	for i := range 40 {
		deep = pack(t, attached{fmt.Sprint("d", i, ".zip"), deep})
	}
	quine := pack(t, attached{"q.zip", nil})
	huge := []byte{1, 4, 6, 0, 1, 9, 0xE0, 0, 0, 0, 1, 0, 7, 11, 1, 0, 1, 0x21, 0x21, 1, 40, 12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 5, 1, 0, 0}
	bombs := map[string]bool{"nested.zip": true, "overlap.zip": true, "zeros.gz": true, "zeros.zst": true}
	for name, c := range map[string]struct {
		content []byte
		defect  string // "" when any will do
	}{
		"nested.zip":     {nestedBomb(t, 3), "file-limit-"},
		"overlap.zip":    {overlapping(5000), "file-archive-bomb"},
		"zeros.gz":       {gzipped(&zeros{256 << 20}), "file-limit-bytes"},
		"zeros.zst":      {z.Bytes(), "file-limit-bytes"},
		"many.zip":       {pack(t, many...), "file-limit-files"},
		"deep.zip":       {deep, "file-limit-depth"},
		"huge.tar":       {hugeTar(false), "file-limit-bytes"},
		"huge.7z":        {sevenClaim(huge, nil), "file-"},
		"files.7z":       {sevenClaim([]byte{1, 5, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0}, nil), "file-"},
		"folders.7z":     {sevenClaim([]byte{1, 4, 7, 11, 0xE0, 0xFF, 0xFF, 0xFF, 0}, nil), "file-"},
		"properties.7z":  {sevenClaim([]byte{1, 4, 7, 11, 1, 0, 1, 0x21, 0x21, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF}, nil), "file-"},
		"loop.iso":       {isoLoop(), "file-disk-loop"},
		"loop.img":       {fatLoop(t), ""},
		"empty.zip":      {quine, ""},
		"solid.rar":      {rar5Archive("a", nil, make([]byte, 0), 3, nil, 0), ""},
		"dictionary.rar": {bytes.Replace(rar5Archive("a.exe", []byte("x"), make([]byte, 200<<20), 3, nil, 1), []byte("x"), []byte("x"), 1), "file-limit-bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			m, r := look(t, Limits{}, "", attached{name, c.content})
			spent := time.Since(began)
			runtime.ReadMemStats(&after)
			defects := defectIDs(m)
			if c.defect != "" && !slices.ContainsFunc(defects, func(d string) bool { return strings.HasPrefix(d, c.defect) }) {
				t.Errorf("defects %v, want %s", defects, c.defect)
			}
			if _, said := r.Has("archive-bomb"); said != bombs[name] {
				t.Errorf("archive-bomb %v", said)
			}
			if spent > 20*time.Second { // 3 s, on a machine that does other things too
				t.Errorf("took %v", spent)
			}
			t.Logf("%v, %d MB allocated, %d files, defects %v", spent, (after.TotalAlloc-before.TotalAlloc)>>20, len(m.Attachments), defects)
			if held := int64(after.HeapInuse) - int64(before.HeapInuse); held > 300<<20 {
				t.Errorf("holds %d MB", held>>20)
			}
		})
	}
}

// TestLargeArchivesAreNoBombs opens archives that reach the limits, and hold what people keep.
func TestLargeArchivesAreNoBombs(t *testing.T) {
	var log, table, sparse bytes.Buffer
	for i := 0; log.Len() < 40<<20; i++ {
		fmt.Fprintf(&log, "2026-11-18T09:%02d:%02d.%03dZ INFO pump %d ok, pressure %d.%d\n", i/60000%60, i/1000%60, i%1000, i%7, i%13, i%10)
	}
	for i := 0; table.Len() < 40<<20; i++ {
		fmt.Fprintf(&table, "%d;Harbour %d;;;;;;%d,00;EUR;;;\r\n", i, i%40, i*37%9973)
	}
	for i := 0; sparse.Len() < 20<<20; i++ { // a bitmap of a drawing
		sparse.Write(bytes.Repeat([]byte{0xFF}, 2000))
		fmt.Fprint(&sparse, i)
	}
	for name, files := range map[string][]attached{
		"log.zip":     {{"pump.log", log.Bytes()}},
		"table.zip":   {{"a.csv", table.Bytes()}, {"b.csv", table.Bytes()[1000:]}},
		"drawing.zip": {{"drawing.bmp", sparse.Bytes()}},
	} {
		_, r := look(t, Limits{}, "", attached{name, pack(t, files...)})
		if f, ok := r.Has("archive-bomb"); ok {
			t.Errorf("%s: %v", name, f)
		}
	}
}
