package scan

import "bytes"

// Hold says which inner files are kept with their octets (Report.Held), for engines that stand outside of this package.
type Hold byte

const (
	HoldNone   Hold = iota
	HoldSealed      // those that an engine which opens files itself does not get at
	HoldAll
)

// Held is a file that was found inside another, with its octets.
type Held struct {
	File      string // as in Fact.File
	Name      string
	Kind      string
	Extension string
	SHA256    string
	Content   []byte
	Sealed    bool // only Tocsin could open what is around it: by a password in the mail, out of a script, or in a format of few programs
}

// Bounds of what is held of one message.
const (
	maxHeld      = 20
	maxHeldFile  = 8 << 20
	maxHeldBytes = 16 << 20
)

// hold keeps a copy of f when an engine should see it. What could do most harm has the best claim to the room; what is left out is a defect.
func (s *session) hold(f *file) {
	worth := worthAsking(f)
	if s.lim.Hold == HoldNone || s.lim.Hold == HoldSealed && !f.sealed || worth == 0 {
		return
	}
	held := s.report.Held
	for i := range held {
		if held[i].SHA256 == f.SHA256 {
			return
		}
	}
	size := len(f.content)
	room := size <= maxHeldFile
	for room && (len(held) >= maxHeld || s.held+size > maxHeldBytes) {
		least := 0
		for i := range held {
			if s.worth[i] < s.worth[least] {
				least = i
			}
		}
		if s.worth[least] >= worth {
			room = false
			break
		}
		s.held -= len(held[least].Content)
		held = append(held[:least], held[least+1:]...)
		s.worth = append(s.worth[:least], s.worth[least+1:]...)
		s.defect("file-not-asked", "")
	}
	if !room {
		s.defect("file-not-asked", "")
		s.report.Held = held
		return
	}
	s.held += size
	s.worth = append(s.worth, worth)
	s.report.Held = append(held, Held{File: f.way, Name: f.Name, Kind: f.Kind, Extension: f.Extension, SHA256: f.SHA256,
		Content: bytes.Clone(f.content), Sealed: f.sealed})
}

// worthAsking tells how much an engine could find in a file: 3 in what runs, 2 in what is a document, page or archive, 1 in anything else,
// 0 in pictures, sound and film.
func worthAsking(f *file) int {
	switch {
	case len(f.content) == 0:
		return 0
	case programKinds[f.Kind], toolKinds[f.Kind], programNames[f.Extension] && !textBehind(f.Extension, f.Kind), toolNames[f.Extension]:
		return 3
	case mediaKinds[f.Kind]:
		return 0
	case openerOf(f.Kind) != nil:
		return 2
	}
	return 1
}

var mediaKinds = set(`jpg png gif bmp tif tiff webp heic mp3 mp4 wav mov avi mkv ttf otf`)
