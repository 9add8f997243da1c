package detect

// maxInside bounds how many facts of package scan are looked at. Beyond them a message says nothing new.
const maxInside = 200

// detectInside raises what package scan found inside files: a fact whose id stands in the catalogue is the signal of that id. The others only
// inform. The evidence is the way to the file, and what was seen there.
func detectInside(f *Facts, raise Raise) {
	raised := map[string]bool{}
	for i, fact := range f.Files.Facts {
		if i == maxInside {
			return
		}
		if kinds[fact.ID] == nil || raised[fact.ID] {
			continue
		}
		raised[fact.ID] = true
		if fact.Detail == "" {
			raise(fact.ID, say("%q", shortWay(fact.File)))
		} else {
			raise(fact.ID, say("%q: %s", shortWay(fact.File), fact.Detail))
		}
	}
}

// shortWay cuts a long way in its middle: its ends, the file that came and the one that counts, are what a reader needs.
func shortWay(way string) string {
	const ends = 50
	if len(way) <= 2*ends+10 {
		return way
	}
	return way[:ends] + " … " + way[len(way)-ends:]
}
