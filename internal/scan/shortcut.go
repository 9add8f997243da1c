package scan

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// shortcut is what a Windows shortcut says ([MS-SHLLINK]).
type shortcut struct {
	target    string // by the list of ids, the volume, or the environment block: the first that says one
	arguments string
	folder    string // working directory
	icon      string
	about     string // the description that is shown
	window    uint32
}

// Flags of the header (section 2.1.1).
const (
	lnkIDList    = 1 << 0
	lnkInfo      = 1 << 1
	lnkName      = 1 << 2
	lnkRelative  = 1 << 3
	lnkFolder    = 1 << 4
	lnkArguments = 1 << 5
	lnkIcon      = 1 << 6
	lnkUnicode   = 1 << 7
)

const maxShortcutText = 64 << 10 // octets of one string; Windows shows 260 characters of the arguments

// readShortcut reads as far as it goes.
func readShortcut(b []byte) (l shortcut, ok bool) {
	if len(b) < 76 {
		return l, false
	}
	flags := le32(b, 20)
	l.window = le32(b, 60)
	rest := b[76:]
	var byList, byInfo string
	if flags&lnkIDList != 0 {
		if len(rest) < 2 || int(le16(rest, 0))+2 > len(rest) {
			return l, false
		}
		n := int(le16(rest, 0))
		byList = idList(rest[2 : 2+n])
		rest = rest[2+n:]
	}
	if flags&lnkInfo != 0 {
		if len(rest) < 4 || le32(rest, 0) < 4 || int64(le32(rest, 0)) > int64(len(rest)) {
			return l, byList != ""
		}
		n := int(le32(rest, 0))
		byInfo = linkInfo(rest[:n])
		rest = rest[n:]
	}
	var relative string
	for _, field := range [...]struct {
		flag uint32
		to   *string
	}{{lnkName, &l.about}, {lnkRelative, &relative}, {lnkFolder, &l.folder}, {lnkArguments, &l.arguments}, {lnkIcon, &l.icon}} {
		if flags&field.flag == 0 {
			continue
		}
		if len(rest) < 2 {
			break
		}
		n := int(le16(rest, 0))
		rest = rest[2:]
		if flags&lnkUnicode != 0 {
			n = min(n*2, len(rest)&^1)
			*field.to = utf16LE(rest[:n])
		} else {
			n = min(n, len(rest))
			*field.to = strings.ToValidUTF8(string(rest[:n]), "\uFFFD")
		}
		rest = rest[n:]
	}
	byBlock, iconBlock := extraBlocks(rest)
	l.target = firstOf(byInfo, byList, byBlock, relative)
	if looksUnresolved(l.target) {
		l.target = firstOf(byBlock, l.target)
	}
	l.icon = firstOf(l.icon, iconBlock)
	return l, true
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// looksUnresolved says that a list of ids gave a name and no program.
func looksUnresolved(target string) bool { return !strings.Contains(target, ".") }

func utf16LE(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b) && i < maxShortcutText; i += 2 {
		units = append(units, le16(b, i))
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00")
}

func asciiZ(b []byte) string {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return strings.ToValidUTF8(string(b[:min(len(b), 4096)]), "\uFFFD")
}

// idList puts the names in a list of shell items together. Items are not documented; the names of drives, folders and files in
// them stand at places that have not moved since Windows 95, and a Unicode name is looked for behind the short one.
func idList(b []byte) string {
	var path []string
	for n := 0; len(b) >= 3 && n < 64; n++ {
		size := int(le16(b, 0))
		if size < 3 || size > len(b) {
			break
		}
		item := b[2:size]
		switch kind := item[0]; {
		case kind&0x70 == 0x20 && len(item) > 2:
			path = append(path, strings.TrimRight(asciiZ(item[1:]), `\`))
		case kind&0x70 == 0x30 && len(item) > 12:
			path = append(path, itemName(item))
		case kind&0x70 == 0x40 && len(item) > 4:
			path = append(path, asciiZ(item[3:]))
		case kind == 0x61 && len(item) > 4: // an address
			if i := strings.Index(string(item), "http"); i >= 0 {
				path = append(path, asciiZ(item[i:]))
			} else if i := strings.Index(string(item), "h\x00t\x00t\x00p\x00"); i >= 0 {
				path = append(path, strings.SplitN(utf16LE(item[i:]), "\x00", 2)[0])
			}
		}
		b = b[size:]
	}
	return strings.Join(path, `\`)
}

// itemName is the long name in the extension block of a file's item (signature BEEF0004), or the short one.
func itemName(item []byte) string {
	short := asciiZ(item[12:])
	i := strings.Index(string(item), "\x04\x00\xEF\xBE")
	if i < 4 || i+4 >= len(item) {
		return short
	}
	version := le16(item, i-2)
	skip := map[uint16]int{3: 16, 7: 34, 8: 38, 9: 42}[version]
	if skip == 0 || i+skip >= len(item) {
		return short
	}
	if name := strings.SplitN(utf16LE(item[i+skip:]), "\x00", 2)[0]; name != "" {
		return name
	}
	return short
}

// linkInfo reads where the target lies (section 2.3): on a volume or on a server.
func linkInfo(b []byte) string {
	if len(b) < 28 {
		return ""
	}
	head, flags := le32(b, 4), le32(b, 8)
	at := func(offset int) []byte {
		if offset+4 > len(b) {
			return nil
		}
		if i := le32(b, offset); i > 0 && int64(i) < int64(len(b)) {
			return b[i:]
		}
		return nil
	}
	suffix := asciiZ(at(24))
	if flags&1 != 0 {
		if base := asciiZ(at(16)); base != "" {
			return base + suffix
		}
		if head >= 0x24 {
			return strings.SplitN(utf16LE(at(28)), "\x00", 2)[0]
		}
	}
	if network := at(20); flags&2 != 0 && len(network) >= 20 {
		if i := le32(network, 8); int64(i) < int64(len(network)) {
			share := asciiZ(network[i:])
			if suffix != "" {
				share += `\` + suffix
			}
			return share
		}
	}
	return suffix
}

// extraBlocks finds the target in the environment block and the icon (sections 2.5.4 and 2.5.5).
func extraBlocks(b []byte) (target, icon string) {
	for n := 0; len(b) >= 8 && n < 32; n++ {
		size := int(min(le32(b, 0), 1<<30))
		if size < 8 || size > len(b) {
			break
		}
		if id := le32(b, 4); size >= 8+260+520 && (id == 0xA0000001 || id == 0xA0000007) {
			s := firstOf(strings.SplitN(utf16LE(b[268:788]), "\x00", 2)[0], asciiZ(b[8:268]))
			if id == 0xA0000001 {
				target = s
			} else {
				icon = s
			}
		}
		b = b[size:]
	}
	return target, icon
}

// runners start what their arguments say, or fetch it.
var runners = set(`powershell pwsh cmd mshta rundll32 wscript cscript regsvr32 certutil curl bitsadmin msiexec forfiles conhost explorer
	pcalua wmic schtasks installutil msbuild regasm regsvcs odbcconf hh javaw java python node bash wsl sftp ssh finger ftp
	desktopimgdownldr expand extrac32 ieexec infdefaultinstall presentationhost scriptrunner syncappvpublishingserver winget control mavinject`)

// documentIcons are what the icon of a shortcut shows that wants to be taken for a document.
var documentIcons = [...]string{".pdf", "acrord32", "acrobat", "winword", "excel", "powerpnt", ".doc", ".xls", ".txt", ".jpg", ".png", "msedge", "chrome.exe", "notepad", "outlook", "imageres.dll", "folder", ".ico"}

// openShortcut reads a Windows shortcut.
func openShortcut(s *session, f *file) {
	l, ok := readShortcut(f.content)
	if !ok {
		s.defect("file-broken-shortcut", f.way)
		return
	}
	l.judge(s, f)
}

// judge reports what a shortcut does.
func (l *shortcut) judge(s *session, f *file) {
	detail := strconv.Quote(shortText(l.target)) + " " + strconv.Quote(shortText(strings.Join(strings.Fields(l.arguments), " ")))
	program := programOf(l.target)
	low := strings.ToLower(l.arguments)
	starts := runners[program]
	if program == "explorer" || program == "control" || program == "chrome" || program == "msedge" {
		starts = strings.Contains(low, "http") || strings.Contains(low, `\\`) || strings.Contains(low, ".cpl") || strings.Contains(low, ".exe")
	}
	s.fact(f, "shortcut-target", detail)
	if starts && l.arguments != "" {
		s.fact(f, "shortcut-runs", detail)
	}
	icon := strings.ToLower(l.icon)
	if starts || program != "" && l.arguments != "" {
		for _, d := range documentIcons {
			if strings.Contains(icon, d) {
				s.fact(f, "shortcut-disguised", "icon "+strconv.Quote(shortText(l.icon))+", starts "+strconv.Quote(shortText(l.target)))
				break
			}
		}
	}
	if n := longestBlank(l.arguments); n >= 50 {
		s.fact(f, "shortcut-padded", strconv.Itoa(n)+" blanks before "+strconv.Quote(shortText(lastField(l.arguments))))
	}
	for _, part := range [...]string{l.target, l.arguments, l.icon, l.folder} {
		if host := remoteHost(part); host != "" {
			s.fact(f, "shortcut-remote", strconv.Quote(host))
		}
		s.linksIn(f, part)
	}
}

// programOf is the name of a program without folder and ending, in lower case.
func programOf(path string) string {
	path = strings.ToLower(strings.Trim(path, "\" "))
	if i := strings.LastIndexAny(path, `\/`); i >= 0 {
		path = path[i+1:]
	}
	return strings.TrimSuffix(path, ".exe")
}

// remoteHost is the server that a path of Windows names: \\server\share, file://server, or a WebDAV folder. "" when it is here.
func remoteHost(text string) string {
	low := strings.ToLower(text)
	for _, mark := range [...]string{`\\`, "file://"} {
		i := strings.Index(low, mark)
		if i < 0 {
			continue
		}
		host := strings.TrimLeft(low[i+len(mark):], `/\`)
		if end := strings.IndexAny(host, `\/ "'`); end > 0 {
			host = host[:end]
		}
		host, _, _ = strings.Cut(host, "@") // server@SSL, server@8080
		if strings.Contains(host, ".") && len(host) < 254 && !strings.ContainsAny(host, "%?*:") && host != "127.0.0.1" && host != "." {
			return host
		}
	}
	return ""
}

func longestBlank(s string) int {
	most, n := 0, 0
	for _, r := range s {
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == 0xA0 {
			n++
			most = max(most, n)
		} else {
			n = 0
		}
	}
	return most
}

func lastField(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[len(f)-1]
	}
	return ""
}

func shortText(s string) string {
	const most = 160
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most || len(s) > 4*most {
		return string(r[:min(len(r), most)]) + "…"
	}
	return s
}
