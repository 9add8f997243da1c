package detect

import (
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/scan"
)

// maxInside bounds how many facts of package scan are looked at. Beyond them a message says nothing new.
const maxInside = 200

// detectInside raises what package scan found inside files: a fact whose id stands in the catalogue is the signal of that id. The others only
// inform. The evidence is the way to the file, and what was seen there.
func detectInside(f *Facts, raise Raise) {
	raised := map[string]bool{}
	for i := range f.Files.Facts {
		if i == maxInside {
			return
		}
		fact := &f.Files.Facts[i]
		id := f.insideSignal(fact)
		if kinds[id] == nil || raised[id] {
			continue
		}
		raised[id] = true
		if fact.Detail == "" {
			raise(id, say("%q", shortWay(fact.File)))
		} else {
			raise(id, say("%q: %s", shortWay(fact.File), fact.Detail))
		}
	}
}

// insideSignal is the signal of a fact: mostly that of its name, a lighter one for containers that turned out to be harmless, "" for none.
func (f *Facts) insideSignal(fact *scan.Fact) string {
	switch fact.ID {
	case "image-inside":
		for i := range f.Files.Facts {
			if way := f.Files.Facts[i].File; strings.HasPrefix(way, fact.File+" > ") {
				if id := f.imageSignal(way); id != "disk-image-attached" {
					return id
				}
			}
		}
	case "locked-archive", "locked-archive-opened":
		switch {
		case f.holds("holds-papers", fact.File):
			return "locked-archive-papers"
		case f.says("archive-password-wrong", fact.File) && f.proven() && f.freeMail == "" && !f.tempts():
			return "locked-archive-proven"
		}
	}
	return fact.ID
}

// imageSignal is the signal that a disk image deserves by what was found in it and who sent it.
func (f *Facts) imageSignal(way string) string {
	switch {
	case f.holds("holds-papers", way):
		return "disk-image-papers"
	case f.proven() && f.freeMail == "" && (f.holds("holds-no-program", way) || !f.says("program-in-image", way) && (f.knownThread() || f.org.owns(f.from.Domain))):
		return "disk-image-proven"
	}
	return "disk-image-attached"
}

// says reports whether package scan says id of the file.
func (f *Facts) says(id, way string) bool {
	for i := range f.Files.Facts {
		if x := &f.Files.Facts[i]; x.ID == id && x.File == way {
			return true
		}
	}
	return false
}

// actsInside says that something in the file speaks against it; that a page runs a script does not.
func (f *Facts) actsInside(way string) bool {
	for i := range f.Files.Facts {
		if x := &f.Files.Facts[i]; x.File == way && kinds[x.ID] != nil && x.ID != "page-runs-script" {
			return true
		}
	}
	return false
}

// holds reports whether package scan says id of the container, nothing in it raises a signal, and no document in it leads to a foreign site.
func (f *Facts) holds(id, way string) bool {
	if !f.says(id, way) {
		return false
	}
	for i := range f.Files.Facts {
		if x := &f.Files.Facts[i]; kinds[x.ID] != nil && strings.HasPrefix(x.File, way+" > ") {
			return false
		}
	}
	for i := range f.web {
		if l := &f.web[i]; l.Where == email.InAttachment && strings.HasPrefix(l.Part, way+" > ") && f.foreignLink(l) {
			return false
		}
	}
	return true
}

// tempts says that the text holds bait, or a link that leads away from the sender.
func (f *Facts) tempts() bool {
	for i := range f.web {
		if l := &f.web[i]; l.Where == email.InBody && f.foreignLink(l) {
			return true
		}
	}
	topic, _ := f.baitIn(1, f.subject, f.body)
	return topic != ""
}

// shortWay cuts a long way in its middle: its ends, the file that came and the one that counts, are what a reader needs.
func shortWay(way string) string {
	const ends = 50
	if len(way) <= 2*ends+10 {
		return way
	}
	return way[:ends] + " … " + way[len(way)-ends:]
}
