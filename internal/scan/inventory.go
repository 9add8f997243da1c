package scan

import (
	"strconv"
	"strings"
)

// inventory is what was found in one container, for the facts that only the whole list shows.
type inventory struct {
	files    int      // files, folders not counted
	programs []string // names of those that run on a double click wherever they lie
	tools    []string // those that are as often part of a programmer's work: scripts, libraries
	locked   bool     // the names of encrypted files
	images   []string
	papers   int // opened, and plain documents, pictures, text, sound or film by name and by octets
	closed   int // not opened
	holders  int // archives, mails and pages: what they hold or do is another question
}

// What extensions and kinds stand for. Programs are hardly ever sent in an archive by people who know each other; tools are.
var (
	programNames = set(`exe scr com pif vbs vbe jse wsf wsh hta lnk msi msp cpl gadget msc scf application appref-ms settingcontent-ms
		library-ms search-ms searchconnector-ms`)
	programKinds = set(`exe dosexe lnk msi hta vbs vbe`)
	toolNames    = set(`js jar dll sys reg inf chm xll wll ocx drv sct ws bat cmd ps1 psm1 url website`)
	paperNames   = set(`pdf doc docx odt rtf xls xlsx ods ppt pptx odp txt csv tsv md log json xml ini jpg jpeg png gif bmp tif tiff webp heic dwg dxf step stp
		mp3 mp4 m4a wav mov avi mkv vob ifo bup srt ttf otf`)
	paperKinds  = set(`pdf doc docx odt rtf xls xlsx ods ppt pptx odp txt csv json xml jpg png gif bmp tif tiff webp heic bin mp3 mp4 wav mov avi mkv ttf otf`)
	holderKinds = set(`html xhtml svg zip rar 7z cab tar gz bz2 xz zst lz iso udf img vhd vhdx eml msg one ics docm xlsm pptm xlsb encrypted-office`)
	toolKinds   = set(`dll elf macho jar js bat ps1 wsf sct`)
	imageNames  = set(`iso img vhd vhdx udf`)
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

const maxNamed = 3 // names that a fact quotes

// add counts one file. kind is "" when its octets are not known.
func (v *inventory) add(name, extension, kind string) {
	v.files++
	switch {
	case kind == "":
		v.closed++
	case holderKinds[kind]:
		v.holders++
	case paperNames[extension] && paperKinds[kind]:
		v.papers++
	}
	keep := func(to *[]string) {
		if len(*to) < maxNamed {
			*to = append(*to, name)
		}
	}
	switch {
	case programNames[extension] && !textBehind(extension, kind) || programKinds[kind]:
		keep(&v.programs)
	case toolNames[extension] || toolKinds[kind]:
		keep(&v.tools)
	case imageNames[extension] && (kind == "" || kind == "iso" || kind == "udf" || kind == "img" || kind == "vhd" || kind == "vhdx" || kind == "bin"):
		keep(&v.images)
	}
}

// textBehind says that a name like "www.example.com" is that of a page or picture and of no program.
func textBehind(extension, kind string) bool {
	return extension == "com" && kind != "" && kind != "bin" && !programKinds[kind]
}

// How many files an archive may hold for a program or tool in it to be what it was sent for. Behind more it is somebody's software.
const (
	maxAroundProgram = 20
	maxAroundTool    = 3
	maxAroundInImage = 200
)

// takeStock reports what the list shows. container is "archive", "message" or "disk image".
func (s *session) takeStock(f *file, container string, v *inventory) {
	what := v.programs
	if v.files <= maxAroundTool {
		what = append(what, v.tools...)
	}
	image := container == "disk image"
	if image || v.locked {
		s.harmlessStock(f, v)
	}
	switch {
	case image && v.files <= maxAroundInImage && len(v.programs)+len(v.tools) > 0:
		s.fact(f, "program-in-image", named(append(v.programs, v.tools...), v))
	case image:
	case len(what) > 0 && v.files <= maxAroundProgram && v.locked:
		s.fact(f, "program-locked", named(what, v))
	case len(what) > 0 && v.files <= maxAroundProgram:
		s.fact(f, "program-inside", named(what, v))
	case len(v.programs)+len(v.tools) > 0:
		s.fact(f, "program-among-files", named(append(v.programs, v.tools...), v))
	}
	if len(v.images) > 0 && v.files <= maxAroundTool {
		s.fact(f, "image-inside", named(v.images, v))
	}
}

// harmlessStock says of a disk image or encrypted archive that was opened how little there is to fear in it. What a document itself does is
// said by other facts.
func (s *session) harmlessStock(f *file, v *inventory) {
	switch n := strconv.Itoa(v.files); {
	case v.files == 0 || v.closed+v.holders+len(v.images) > 0:
	case v.papers == v.files:
		s.fact(f, "holds-papers", n+" files")
	case len(v.programs)+len(v.tools) == 0:
		s.fact(f, "holds-no-program", n+" files")
	}
}

func named(names []string, v *inventory) string {
	names = names[:min(len(names), maxNamed)]
	out := `"` + strings.Join(names, `", "`) + `"`
	if v.files == 1 {
		return out + ", nothing else"
	}
	return out + " among " + strconv.Itoa(v.files) + " files"
}

// maxNameTricks is how far into a name one is looked for, in octets.
const maxNameTricks = 4096

// nameTricks says what is odd about a name as an archive writes it, "" when nothing is. Odd is what makes two readers see two names,
// or a person another one than the system.
func nameTricks(name string) string {
	name = name[:min(len(name), maxNameTricks)]
	switch {
	case strings.IndexByte(strings.TrimRight(name, "\x00"), 0) >= 0:
		return "a NUL octet ends the name for some programs"
	case strings.Contains(name, "../") || strings.Contains(name, `..\`):
		return "leads out of the folder it is unpacked to"
	case len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/'):
		return "names a place on the reader's disk"
	}
	return ""
}
