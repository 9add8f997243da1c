package campaign

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	famA, famB, famS int64 = 10, 20, 30
	day                    = 24 * time.Hour
)

var began = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func TestBookPlacesAndShows(t *testing.T) {
	split := Decision{ID: "1", Kind: Split, Family: famA, Into: famS, Name: "Parcel fee", Was: "Parcel", Mark: Mark{ByHost, "fee.example"}, At: began}
	merge := Decision{ID: "2", Kind: Merge, Family: famB, Into: famA, Name: "Parcel", Was: "Customs", At: began.Add(time.Hour)}
	rename := Decision{ID: "3", Kind: Rename, Family: famA, Name: "Parcels of November", Was: "Parcel", At: began.Add(2 * time.Hour)}
	moved := map[string][]Moved{"1": {{"m1", famA}, {"m2", famA}}}
	b := NewBook([]Decision{merge, rename, split}, moved)
	has := func(m Mark) bool { return m.Value == "fee.example" }
	not := func(Mark) bool { return false }
	for _, c := range []struct {
		what string
		id   string
		near []int64
		has  func(Mark) bool
		want int64
	}{
		{"pinned, whatever it is like", "m1", []int64{famA}, not, famS},
		{"pinned, like nothing", "m2", nil, not, famS},
		{"new with the mark", "n1", []int64{famA}, has, famS},
		{"new with the mark, like the merged one", "n2", []int64{famB}, has, famS},
		{"new without the mark, most like the split but like the rest too", "n3", []int64{famS, famA}, not, famA},
		{"new without the mark, like the split alone", "n4", []int64{famS}, not, famS},
		{"a stranger that has the mark", "n5", nil, has, 99},
		{"like the rest", "n6", []int64{famA}, not, famA},
		{"like another campaign, with the mark", "n7", []int64{77}, has, 77},
	} {
		if got := b.Place(c.id, c.near, 99, c.has); got != c.want {
			t.Errorf("%s: family %d, want %d", c.what, got, c.want)
		}
	}
	if b.Shown(famB) != famA || b.Shown(famA) != famA || b.Shown(famS) != famS {
		t.Errorf("B shows as %d, A as %d, S as %d", b.Shown(famB), b.Shown(famA), b.Shown(famS))
	}
	if d := cmp.Diff([]int64{famA, famB}, b.Group(famA)); d != "" {
		t.Error(d)
	}
	if b.Name(famA) != "Parcels of November" || b.Name(famS) != "Parcel fee" || b.Name(famB) != "Customs" {
		t.Errorf("names %q, %q, %q", b.Name(famA), b.Name(famS), b.Name(famB))
	}
	// Taken back, everything is as it was, and the old name is known.
	split.Undone, merge.Undone = began.Add(day), began.Add(day)
	b = NewBook([]Decision{split, merge, rename}, moved)
	if b.Place("m1", []int64{famA}, 99, has) != famA || b.Shown(famB) != famB || b.Name(famB) != "Customs" {
		t.Error("undone decisions still stand")
	}
	var none *Book
	if none.Place("x", nil, 5, not) != 5 || none.Shown(5) != 5 || none.Name(5) != "" || none.MadeByHand(5) {
		t.Error("no book decides something")
	}
}

func TestCampaignID(t *testing.T) {
	for _, f := range []int64{1, -1, 1 << 62, -1 << 63} {
		if got, ok := ParseCampaignID(CampaignID(f)); !ok || got != f {
			t.Errorf("%d came back as %d, %v", f, got, ok)
		}
	}
	for _, s := range []string{"", "c", "cg", "c00", "c0x1", "x1", "c11111111111111111"} {
		if _, ok := ParseCampaignID(s); ok {
			t.Errorf("%q is an id", s)
		}
	}
}

func TestTitle(t *testing.T) {
	for subject, want := range map[string]string{
		"Re: Voicemail from +44 20 7946 0055 for k.molenaar@northwind.example": "Voicemail",
		"Ihre Sendung 1040160467 konnte nicht zugestellt werden":               "Ihre Sendung konnte nicht zugestellt werden",
		"Action required: password for maren@northwind.example expires today":  "Action required: password expires today",
		"Mahnung 575550: letzte Zahlungsaufforderung":                          "Mahnung: letzte Zahlungsaufforderung",
		"12345": "Mail team", "": "Mail team",
	} {
		m := message("Maren", 1, "it@alpha.example", "https://one.example/", "x")
		m.Subject = subject
		if got := Title(m, []string{"maren@northwind.example"}, ""); got != want {
			t.Errorf("%q is called %q, want %q", subject, got, want)
		}
	}
	m := message("Maren", 1, "it@alpha.example", "https://one.example/", "x")
	m.Subject = "Your parcel waits, Maren"
	if got := Title(m, []string{"maren@northwind.example"}, "DHL"); got != "DHL: Your parcel waits" {
		t.Errorf("with a brand: %q", got)
	}
}

func TestIndexMovesFamilies(t *testing.T) {
	x := NewIndex(10)
	p := New(message("Maren", 1, "it@alpha.example", "https://one.example/c/1", notice), nil)
	for i, id := range []string{"m0", "m1", "m2"} {
		x.Add(&Member{ID: id, At: began.Add(time.Duration(i) * time.Minute), Family: famA, Print: p})
	}
	families := func() (out []int64) {
		for _, k := range x.Find(&p, "n", began.Add(-day), began.Add(day)) {
			out = append(out, k.Family)
		}
		return out
	}
	x.Move(map[string]int64{"m1": famS}, 0, 0)
	if d := cmp.Diff([]int64{famA, famS, famA}, families()); d != "" {
		t.Error(d)
	}
	x.Move(map[string]int64{"m1": famB}, famA, famS)
	if d := cmp.Diff([]int64{famS, famB, famS}, families()); d != "" {
		t.Error(d)
	}
}
