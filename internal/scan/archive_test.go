package scan

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fixture reads a file of testdata; images are kept packed.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if os.IsNotExist(err) {
		if b, err = os.ReadFile(filepath.Join("testdata", name+".xz")); err == nil {
			b, err = io.ReadAll(newXZReader(b))
		}
	}
	if os.IsNotExist(err) { // larger than what xz is read with
		if b, err = os.ReadFile(filepath.Join("testdata", name+".gz")); err == nil {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
				b, err = io.ReadAll(z)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFixtures opens archives and disks that other programs made (7-Zip, Info-ZIP, xz, lzip, gcab, genisoimage, mtools, ntfs-3g, qemu-img):
// offer.exe is a program that does nothing, note.txt a text. Passwords are 7731 and Sommer2026!.
func TestFixtures(t *testing.T) {
	const exe, both = "offer.exe exe", "note.txt csv, offer.exe exe"
	const tree = "A long name of a note.txt csv, NOTE.TXT csv, OFFER.EXE exe"
	const isoTree = "A long name of a note.txt csv, note.txt csv, offer.exe exe"
	const locked = "archive-encrypted, locked-archive, locked-archive-opened, program-locked"
	for _, c := range []struct{ name, files, facts, defects string }{
		{"zipcrypto.zip", both, locked, ""},
		{"aes.zip", exe, locked, ""},
		{"plain.7z", both, "program-inside", ""},
		{"bcj.7z", exe, "program-inside", ""},
		{"bcj2.7z", exe, "program-inside", ""},
		{"deflate.7z", both, "program-inside", ""},
		{"bzip2.7z", "note.txt csv", "", ""},
		{"locked.7z", both, locked, ""},
		{"hidden.7z", both, locked, ""},
		{"stored.7z", exe, locked, ""},
		{"ppmd.7z", "note.txt ", "", "file-not-opened"},
		{"plain.cab", both, "program-inside", ""},
		{"offer.exe.xz", exe, "program-inside", ""},
		{"offer.exe.lz", exe, "program-inside", ""},
		{"offer.exe.zst", exe, "program-inside", ""},
		{"offer.exe.bz2", exe, "program-inside", ""},
		{"plain.iso", isoTree, "program-in-image", ""},
		{"bridge.iso", isoTree, "program-in-image", ""},
		{"fat12.img", tree, "program-in-image", ""},
		{"fat16.img", tree, "program-in-image", ""},
		{"mbr.img", tree, "program-in-image", ""},
		{"fixed.vhd", tree, "program-in-image", ""},
		{"dynamic.vhd", tree, "program-in-image", ""},
		{"n.vhdx", "A long name of a note.txt csv, offer.exe exe, small.txt txt", "program-in-image", ""},
	} {
		b := fixture(t, c.name)
		m, r := look(t, Limits{}, "The file. Password: Sommer2026! or passcode is 7731.", attached{c.name, b})
		files := inner(m)
		slices.Sort(files)
		if got := strings.Join(files, ", "); got != c.files {
			t.Errorf("%s holds %s, want %s", c.name, got, c.files)
		}
		if got := strings.Join(factIDs(r), ", "); got != c.facts {
			t.Errorf("%s: facts %s, want %s", c.name, got, c.facts)
		}
		if got := strings.Join(defectIDs(m), ", "); got != c.defects {
			t.Errorf("%s: defects %s, want %s", c.name, got, c.defects)
		}
	}
}

// TestSameBytes holds that all of them give the very program that went in.
func TestSameBytes(t *testing.T) {
	sums := map[string][]string{}
	for _, name := range []string{"zipcrypto.zip", "aes.zip", "plain.7z", "bcj.7z", "bcj2.7z", "stored.7z", "plain.cab", "offer.exe.lz", "plain.iso", "bridge.iso", "fat12.img", "fat16.img", "fat32.img", "n.vhdx"} {
		m, _ := look(t, Limits{File: 40 << 20}, "Password: Sommer2026! or passcode is 7731.", attached{name, fixture(t, name)})
		for i := range m.Attachments {
			if a := &m.Attachments[i]; strings.EqualFold(a.Name, "offer.exe") {
				sums[a.SHA256] = append(sums[a.SHA256], name)
			}
		}
	}
	if len(sums) != 1 {
		t.Errorf("different programs: %v", sums)
	}
}

// pack makes a ZIP archive.
func pack(t testing.TB, files ...attached) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// program is the smallest file that is taken for one.
func program() []byte {
	b := make([]byte, 512)
	copy(b, "MZ")
	b[60] = 128
	copy(b[128:], "PE\x00\x00\x64\x86")
	b[150] = 0x22
	return b
}

// TestZipShapes reads archives that strict readers refuse.
func TestZipShapes(t *testing.T) {
	whole := pack(t, attached{"offer.exe", program()}, attached{"note.txt", []byte("Good day.")})
	directory := bytes.LastIndex(whole, []byte(zipEnd))
	first := bytes.Index(whole, []byte(zipCentral))
	broken := bytes.Clone(whole)
	copy(broken[first:], "XXXX")
	second := pack(t, attached{"other.exe", append(program(), 1)})
	want := "note.txt txt, offer.exe exe"
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"whole":                 {whole, want},
		"without its directory": {whole[:first], want},
		"broken directory":      {broken, want},
		"cut before its end":    {whole[:directory], want},
		"data before":           {append(bytes.Repeat([]byte("x"), 1000), whole...), want},
		"data behind":           {append(bytes.Clone(whole), bytes.Repeat([]byte("x"), 200_000)...), want},
		"two in a row":          {append(bytes.Clone(whole), second...), "note.txt txt, offer.exe exe, other.exe exe"},
	} {
		m, r := look(t, Limits{}, "", attached{"offer.zip", c.content})
		files := inner(m)
		slices.Sort(files)
		if got := strings.Join(files, ", "); got != c.want {
			t.Errorf("%s: %s, want %s; defects %v", name, got, c.want, defectIDs(m))
		}
		if !slices.Contains(factIDs(r), "program-inside") {
			t.Errorf("%s: facts %v", name, factIDs(r))
		}
	}
}

func TestZipNames(t *testing.T) {
	m, r := look(t, Limits{}, "", attached{"a.zip", pack(t, attached{"..\\..\\start\\offer.scr", []byte("x")}, attached{"safe.txt\x00.exe", []byte("y")}, attached{"sub/", nil}, attached{strings.Repeat("long", 200) + ".exe", []byte("z")})})
	got := inner(m)
	if len(got) != 3 || !strings.HasPrefix(got[0], "offer.scr ") || !strings.HasPrefix(got[1], "safe.txt ") || !strings.HasSuffix(strings.Fields(got[2])[0], ".exe") || len(got[2]) > 300 {
		t.Errorf("%q", got)
	}
	if ids := factIDs(r); !slices.Contains(ids, "archive-name-trick") || !slices.Contains(ids, "program-inside") {
		t.Errorf("facts %v", ids)
	}
}

// TestNested goes through an archive in an archive in a message in an archive.
func TestNested(t *testing.T) {
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	tw := tar.NewWriter(z)
	inside := pack(t, attached{"offer.exe", program()})
	mail := "From: a@letters.example\r\nTo: b@letters.example\r\nSubject: inner\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: text/html\r\n\r\n<a href=\"https://quiet-harbour.example/x\">here</a>\r\n--q\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=in.zip\r\n\r\n" + string(inside) + "\r\n--q--\r\n"
	_ = tw.WriteHeader(&tar.Header{Name: "dir/inner.eml", Size: int64(len(mail)), Mode: 0o644})
	_, _ = tw.Write([]byte(mail))
	_ = tw.Close()
	_ = z.Close()
	m, r := look(t, Limits{}, "", attached{"outer.tgz", gz.Bytes()})
	f, ok := r.Has("program-inside")
	if !ok || f.File != "outer.tgz > outer.tar > inner.eml > in.zip" {
		t.Errorf("fact %+v; inside %v; defects %v", f, inner(m), defectIDs(m))
	}
	found := false
	for _, l := range m.Links {
		found = found || l.Where == "Attachment" && l.Host == "quiet-harbour.example"
	}
	if !found || !strings.Contains(r.Text, "here") {
		t.Errorf("links %+v, text %q", m.Links, r.Text)
	}
}

func TestNotOpened(t *testing.T) {
	for name, content := range map[string]string{"a.ace": "0123456**ACE**", "a.arj": "\x60\xEA..", "a.lzh": "..-lh5-......", "a.z": "\x1F\x9D..", "a.wim": "MSWIM\x00\x00\x00"} {
		m, r := look(t, Limits{}, "", attached{name, []byte(content)})
		if _, ok := r.Has("file-not-opened"); !ok || !slices.Contains(defectIDs(m), "file-not-opened") {
			t.Errorf("%s: %v %v", name, factIDs(r), defectIDs(m))
		}
	}
}
