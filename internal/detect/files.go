package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
)

// What extensions stand for. Several of them run on a double click, whatever the mail program shows.
var (
	programs = set(`exe scr com pif bat cmd vbs vbe js jse wsf wsh hta lnk msi msp mst ps1 psm1 psd1 jar reg cpl chm inf scf sct ws
		msc gadget application appref-ms settingcontent-ms xll wll ppam xlam dll sys drv vb hlp ade adp mde mdb accde url website iqy slk library-ms search-ms`)
	diskImages = set(`iso img vhd vhdx udf daa ace arj cab lzh uue one onepkg wim`)
	macroFiles = set(`docm dotm xlsm xltm xlsb pptm potm ppsm`)
	documents  = set(`pdf doc docx xls xlsx ppt pptx txt rtf csv jpg jpeg png gif bmp tif tiff htm html mp3 mp4 wav eml odt ods`)
	runsKinds  = set(`exe dll elf macho msi lnk jar bat vbs js hta ps1`) // detected kinds
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// eicar is the standard test file of the antivirus industry (eicar.org), in two pieces so that this source is not taken for it.
var eicar = []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)

const eicarName = "EICAR-Test-File"

// maxScript is how much of a page or picture is searched for scripts, in octets.
const maxScript = 1 << 20

// detectFiles looks at what is attached: names first, then the first bytes.
func detectFiles(f *Facts, raise Raise) {
	offered := 0
	for i := range f.Message.Attachments {
		a := &f.Message.Attachments[i]
		content := contentOf(a)
		if len(content) <= 256 && bytes.HasPrefix(bytes.TrimSpace(content), eicar) || a.SHA256 == "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f" {
			raise("eicar", say("%q, sha256 %s", a.Name, a.SHA256))
			f.threatNames = append(f.threatNames, eicarName)
		}
		detectFileName(f, a, raise)
		detectFileContent(f, a, raise)
		if !a.Inline {
			offered++
		}
	}
	if bytes.Contains([]byte(cut(f.Message.Visible, maxBody)), eicar) {
		raise("eicar", say("in the text"))
		f.threatNames = append(f.threatNames, eicarName)
	}
	if offered > 0 {
		detectBareAttachment(f, raise)
	}
}

// contentOf returns the octets of an attachment that is a part of its own, nil for one that was unpacked from another file.
func contentOf(a *email.Attachment) []byte {
	if a.Part == nil || len(a.Part.Content) != a.Size {
		return nil
	}
	return a.Part.Content
}

func detectFileName(f *Facts, a *email.Attachment, raise Raise) {
	ext := a.Extension
	direct := a.Part != nil // what stands in an archive is judged by what stands around it, which package scan sees
	switch {
	case !direct && (programs[ext] || runsKinds[a.Kind] || diskImages[ext]):
	case programs[ext] || runsKinds[a.Kind] && a.Kind != "js" && ext != "js":
		raise("program-attached", say("%q is %s", a.Name, orUnknown(a.Kind)))
	case diskImages[ext] && a.Kind != "one": // package scan opens notes and lists what is in them
		raise(f.imageSignal(a.Name), say("%q is %s", a.Name, orUnknown(a.Kind)))
	case macroFiles[ext] && !officeKinds[a.Kind]: // package scan looks into the others and knows whether there are any
		raise("macro-document", say("%q", a.Name))
	}
	if strings.ContainsAny(a.Name, "\u202e\u202d\u2066\u2067\u2068") {
		raise("rtl-file-name", say("%q", a.Name))
	}
	name := strings.ToLower(a.Name)
	if i := strings.LastIndexByte(name, '.'); i > 0 && (programs[ext] || diskImages[ext] || ext == "html" || ext == "htm" || ext == "shtml") {
		before := strings.TrimRight(name[:i], " _\u00a0")
		if j := strings.LastIndexByte(before, '.'); j > 0 && documents[before[j+1:]] && before[j+1:] != "html" && before[j+1:] != "htm" {
			raise("double-extension", say("%q", a.Name))
		}
	}
	if (programs[ext] || diskImages[ext]) && padded(a.Name) {
		raise("padded-file-name", say("%q", a.Name))
	}
	if ext != "" && documents[ext] && runsKinds[a.Kind] && a.Kind != "js" {
		raise("type-mismatch", say("%q is %s", a.Name, a.Kind))
	}
}

// padded says that a row of blanks stands inside a name: a window shows the beginning, the system goes by the end.
func padded(name string) bool {
	n := 0
	for _, r := range name {
		switch r {
		case ' ', '\u00a0', '\u2800', '\u3000', '\u2003', '\u3164', '_':
			if n++; n >= 8 {
				return true
			}
		default:
			n = 0
		}
	}
	return false
}

func orUnknown(kind string) string {
	if kind == "" {
		return "of unknown type"
	}
	return kind
}

func detectFileContent(f *Facts, a *email.Attachment, raise Raise) {
	if isPage(a) && a.Part != nil && !a.Inline && !f.list { // what it does is said by package scan
		raise("html-attachment", say("%q, %d octets", a.Name, a.Size))
	}
}

// isPage says that a file opens in a browser.
func isPage(a *email.Attachment) bool {
	switch a.Extension {
	case "html", "htm", "shtml", "xhtml", "xht", "mht", "mhtml":
		return true
	}
	return a.Kind == "html" || a.Kind == "xhtml"
}

// detectBareAttachment finds a document that comes with hardly a word from a sender that does not know the reader. Photos, scans and
// papers that people send from their own free mail address come like that as well.
func detectBareAttachment(f *Facts, raise Raise) {
	if f.list || len(f.Message.InReplyTo) > 0 || f.org.owns(f.from.Domain) {
		return
	}
	for _, a := range f.Message.Attachments {
		switch a.Extension {
		case "pdf", "doc", "docx", "xls", "xlsx", "html", "htm", "zip", "rar", "7z", "ics":
			if isPage(&a) && !f.actsInside(a.Name) {
				continue // a saved page, as private people send them
			}
			if n := letters(f.Message.Visible, 200); n < 60 && !a.Inline && (f.htmlOnly || f.unproven()) {
				raise("bare-attachment", say("%q with %d letters of text", a.Name, n))
				return
			}
		}
	}
}
