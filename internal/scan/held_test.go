package scan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHeldFiles(t *testing.T) {
	zip := pack(t, attached{"run.js", []byte("// runs")}, attached{"page.html", []byte("<html><body>page</body></html>")}, attached{"photo.png", []byte("\x89PNG\r\n\x1a\n0000")})
	if _, r := look(t, Limits{}, "", attached{"a.zip", zip}); r.Held != nil {
		t.Error("files are kept that nobody asked for")
	}
	_, r := look(t, Limits{Hold: HoldAll}, "", attached{"a.zip", zip})
	var got []string
	for _, h := range r.Held {
		got = append(got, fmt.Sprint(h.File, " ", len(h.Content), " ", h.Sealed))
	}
	if want := "a.zip > run.js 7 false, a.zip > page.html 30 false"; strings.Join(got, ", ") != want {
		t.Errorf("held %q, want %q", got, want)
	}
	if _, r := look(t, Limits{Hold: HoldSealed}, "", attached{"a.zip", zip}); r.Held != nil {
		t.Error("files are kept that others can open")
	}
	for _, name := range []string{"offer.exe.zst", "fat12.img", "locked.7z"} {
		_, r := look(t, Limits{Hold: HoldSealed}, "The file. Password: Sommer2026! or passcode is 7731.", attached{name, fixture(t, name)})
		if len(r.Held) == 0 || !r.Held[0].Sealed {
			t.Errorf("%s: nothing is kept", name)
		}
	}
}

func TestHeldIsBounded(t *testing.T) {
	var files []attached
	for i := range 30 {
		files = append(files, attached{fmt.Sprint("n", i, ".txt"), []byte(strings.Repeat(fmt.Sprint(i, " "), 400_000))})
	}
	files = append(files, attached{"big.txt", make([]byte, maxHeldFile+1)}, attached{"run.js", []byte("// runs")})
	m, r := look(t, Limits{Hold: HoldAll}, "", attached{"a.zip", pack(t, files...)})
	sum := 0
	for _, h := range r.Held {
		sum += len(h.Content)
	}
	if len(r.Held) > maxHeld || sum > maxHeldBytes || sum < maxHeldBytes/2 {
		t.Errorf("%d files, %d octets", len(r.Held), sum)
	}
	if !slices.ContainsFunc(r.Held, func(h Held) bool { return h.Name == "run.js" }) || !slices.Contains(defectIDs(m), "file-not-asked") {
		t.Errorf("the program was left out, or nothing was said: %v", defectIDs(m))
	}
}
