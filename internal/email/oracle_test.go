package email

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/text/encoding/charmap"
)

// corpus returns the files of the mail collection that TOCSIN_CORPUS names, and skips the test without one.
func corpus(tb testing.TB) []string {
	dir := os.Getenv("TOCSIN_CORPUS")
	if dir == "" {
		tb.Skip("TOCSIN_CORPUS is not set: it names a folder of messages, one a file")
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		tb.Fatalf("no messages below %s: %v", dir, err)
	}
	sort.Strings(files)
	return files
}

// TestCorpus reads all of the collection: every message keeps what message.go promises, and nothing of it is left out but links beyond
// their limit.
func TestCorpus(t *testing.T) {
	octets := 0
	limits := map[string]int{}
	files := corpus(t)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		octets += len(raw)
		m := &Message{Size: len(raw)}
		m.read(raw, newBudget(Limits{Time: time.Minute})) // not Parse: a panic must be seen
		checkMessage(t, m, len(raw))
		for _, p := range m.Parts {
			if p.Truncated {
				t.Errorf("%s: part %q is cut", file, p.Path)
			}
		}
		for _, d := range m.Defects {
			if strings.HasPrefix(d.ID, "limit-") {
				limits[d.ID]++
				if d.ID != "limit-links" {
					t.Errorf("%s: %s", file, d.ID)
				}
			}
		}
	}
	t.Logf("%d messages, %d KB; limits reached: %v", len(files), octets>>10, limits)
}

// TestOracle compares the parts of real mail with what enmime makes of it. The differences are judged in
// docs/design/email.md; run with -v to see each.
func TestOracle(t *testing.T) {
	files := corpus(t)
	parser := enmime.NewParser(enmime.DisableTextConversion(true), enmime.DisableCharacterDetection(true))
	total, refused, sameCount, compared, sameBytes := 0, 0, 0, 0, 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, err := parser.ReadParts(bytes.NewReader(raw))
		if err != nil {
			refused++
			t.Logf("%s: enmime refuses: %v", file, err)
			continue
		}
		total++
		theirs := oracleLeaves(root)
		r := &reader{b: newBudget(Limits{}), m: &Message{Root: &Part{}}}
		r.split(raw, r.m.Root, 0, true)
		ours := leavesForOracle(r.m.Root)
		if len(ours) != len(theirs) {
			t.Logf("%s: %d parts, enmime %d", file, len(ours), len(theirs))
			continue
		}
		sameCount++
		compared++
		if diff := compareLeaves(r, ours, theirs); diff != "" {
			t.Logf("%s: %s", file, diff)
			continue
		}
		sameBytes++
	}
	t.Logf("%d messages, %d refused by enmime; same part count in %d, same bytes in %d of %d", total, refused, sameCount, sameBytes, compared)
	if sameCount*1000 < total*999 {
		t.Errorf("part counts agree in %d of %d messages, want 99.9%%", sameCount, total)
	}
	if sameBytes*100 < compared*99 {
		t.Errorf("contents agree in %d of %d messages, want 99%%", sameBytes, compared)
	}
}

func oracleLeaves(p *enmime.Part) (leaves []*enmime.Part) {
	for ; p != nil; p = p.NextSibling {
		if p.FirstChild != nil {
			leaves = append(leaves, oracleLeaves(p.FirstChild)...)
		} else {
			leaves = append(leaves, p)
		}
	}
	return leaves
}

// leavesForOracle are the leaves without what stands inside messages and containers, which enmime does not open.
func leavesForOracle(p *Part) (leaves []*Part) {
	if p.Content != nil || len(p.Children) == 0 {
		return []*Part{p}
	}
	for _, child := range p.Children {
		leaves = append(leaves, leavesForOracle(child)...)
	}
	return leaves
}

// compareLeaves tells the first difference in content, "" when there is none. Text is compared after decoding its
// charset.
func compareLeaves(r *reader, ours []*Part, theirs []*enmime.Part) string {
	for i := range ours {
		p := ours[i]
		a, b := p.Content, theirs[i].Content
		if strings.HasPrefix(p.Type, "text/") {
			a = latin1AsMeant([]byte(r.decodeText(p)))
			b = latin1AsMeant(b)
		}
		a, b = normal(a), normal(b)
		if bytes.Equal(a, b) {
			continue
		}
		k := 0
		for k < len(a) && k < len(b) && a[k] == b[k] {
			k++
		}
		return fmt.Sprintf("part %q %s %s %s: %d octets, enmime %d, differ at %d: %.60q, enmime %.60q",
			p.Path, p.Type, p.Encoding, p.Charset, len(a), len(b), k, a[max(0, k-10):], b[max(0, k-10):])
	}
	return ""
}

// latin1AsMeant reads the control characters that ISO 8859-1 has at 0x80 to 0x9f as what every mail program, and
// this package, shows for them: windows-1252.
func latin1AsMeant(b []byte) []byte {
	return bytes.Map(func(c rune) rune {
		if c >= 0x80 && c < 0xa0 {
			return charmap.Windows1252.DecodeByte(byte(c))
		}
		return c
	}, b)
}

// normal makes line ends equal: enmime drops the last one of some parts. A byte order mark is no text either.
func normal(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	return bytes.TrimRight(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), "\r\n")
}
