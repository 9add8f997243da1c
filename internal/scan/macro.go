package scan

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"tocsin/internal/email"
)

// What a macro's source says it does. Nothing is run: names of procedures tell when it starts, names of functions and texts tell what it
// reaches for, and texts that are put together from pieces are put together here too (macrocode.go).

// startNames are procedures that Word, Excel and PowerPoint call by themselves, in small letters.
var startNames = set(`autoopen autoexec autoclose autonew autoexit auto_open auto_close auto_exec document_open document_close document_new
	documentopen documentbeforeclose document_beforeclose documentchange newdocument document_contentcontrolonenter workbook_open workbook_activate
	workbook_beforeclose workbook_close workbook_deactivate workbookopen app_workbookopen app_documentopen slideshowbegin onslideshowpagechange
	presentation_open presentationopen auto_onload auto_onslideshowbegin`)

// startEvents are ends of procedure names that controls in a page call when they are drawn or get the focus.
var startEvents = []string{"_painted", "_painting", "_layout", "_gotfocus", "_mousehover", "_beforenavigate2", "_navigatecomplete2",
	"_documentcomplete", "_downloadcomplete", "_onconnecting", "_onconnected", "_statechange"}

// reachNames are functions that start programs, fetch files or put code into memory.
var reachNames = set(`shellexecute shellexecutea shellexecutew shellexecuteexa createprocess createprocessa createprocessw winexec
	urldownloadtofile urldownloadtofilea urldownloadtofilew urldownloadtocachefilea internetopenurl internetopenurla internetreadfile
	virtualalloc virtualallocex createthread createremotethread writeprocessmemory ntallocatevirtualmemory heapcreate queueuserapc
	enumsystemlocalesa enumuilanguagesw calldllfunction macscript`)

// reachTexts are the same for texts: objects made by name, programs, commands.
var reachTexts = []string{"wscript.shell", "shell.application", "xmlhttp", "winhttprequest", "winmgmts", "win32_process", "powershell", "pwsh",
	"cmd.exe", "cmd /c", "cmd /k", "cmd /v", "%comspec%", "mshta", "regsvr32", "rundll32", "wscript.exe", "cscript", "certutil", "bitsadmin", "schtasks",
	"schedule.service", "currentversion\\run", "frombase64string", "downloadstring", "downloadfile", "invoke-expression", "urldownloadtofile", "shellexecute",
	"72c24dd5-d70a-438b-8a42-98424b88afb8", "13709620-c279-11ce-a49e-444553540000", "f5078f32-c551-11d3-89b9-0000f81fe221", "curl ", "msiexec", "installutil", "javascript:", "vbscript:"}

// macroFindings is what the source of a document's macros tells.
type macroFindings struct {
	code    bool     // there is a procedure with something in it
	starts  []string // procedures that run by themselves
	reaches []string // what starts programs, fetches files or puts code into memory
	hides   []string // how it hides what it does
	hidden  int      // how much that says; from 2 on it counts
	texts   []string // texts that hold addresses
}

const maxNoted = 12 // values of one kind that are told

func note(list *[]string, v string) {
	if len(*list) < maxNoted && !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// readMacros looks through the sources. started are procedures that the document itself names to be run, in small letters.
func readMacros(p vbaProject, started []string) macroFindings {
	var m macroFindings
	r := macroReader{found: &m, started: started, fold: maxFolded}
	for _, mod := range p.modules {
		r.read(mod.source)
	}
	r.finish()
	return m
}

// startsAlone reports whether a procedure of this name (small letters) is run without being asked for.
func startsAlone(name string, started []string) bool {
	if startNames[name] || slices.Contains(started, name) {
		return true
	}
	for _, end := range startEvents {
		if strings.HasSuffix(name, end) && len(name) > len(end) {
			return true
		}
	}
	return false
}

// stomped tells whether the compiled code holds what its source does not: Office runs the compiled code when it fits the version. It
// names what is missing.
func stomped(p vbaProject) []string {
	var missing []string
	names := bytes.ToLower(p.names)
	var all strings.Builder
	for _, m := range p.modules {
		all.WriteString(strings.ToLower(m.source))
	}
	source := all.String()
	lacks := func(name string) bool { return bytes.Contains(names, []byte(name)) && !strings.Contains(source, name) }
	starts, reaches := false, 0
	for _, name := range slices.Sorted(maps.Keys(startNames)) {
		if lacks(name) {
			starts = true
			note(&missing, name)
		}
	}
	for _, name := range [...]string{"shell", "createobject", "urldownloadtofile", "xmlhttp", "shellexecute", "environ", "strreverse", "virtualalloc", "savetofile", "callbyname"} {
		if lacks(name) {
			reaches++
			note(&missing, name)
		}
	}
	none := !strings.Contains(source, "sub ") && !strings.Contains(source, "function ")
	if starts && (reaches > 0 || none) || none && reaches > 1 {
		return missing
	}
	return nil
}

// macros reports what a document's macro projects do. started are procedures that the document names to be run.
func (s *session) macros(f *file, projects []vbaProject, started []string) {
	for _, p := range projects {
		if p.broken {
			s.defect("file-macro-broken", f.way)
		}
		m := readMacros(p, started)
		if gone := stomped(p); gone != nil {
			s.fact(f, "macro-source-removed", strings.Join(gone, ", "))
		}
		if !m.code {
			continue
		}
		s.fact(f, "macro-document", moduleNames(p))
		switch {
		case len(m.starts) > 0 && len(m.reaches) > 0:
			s.fact(f, "macro-attack", strings.Join(m.starts, ", ")+"; "+strings.Join(m.reaches, ", "))
		case len(m.reaches) > 0:
			s.fact(f, "macro-reaches-out", strings.Join(m.reaches, ", "))
		}
		if len(m.starts) > 0 {
			s.fact(f, "macro-starts-alone", strings.Join(m.starts, ", "))
		}
		if m.hidden >= 2 {
			s.fact(f, "macro-hidden", strings.Join(m.hides, ", "))
		}
		s.textLinks(f, "macro", m.texts)
	}
}

// textLinks keeps the addresses in texts that no reader sees; tag says who holds them.
func (s *session) textLinks(f *file, tag string, texts []string) {
	for _, t := range texts {
		for _, l := range email.ReadText(t, f.way, email.Limits{Links: 50}) {
			l.Tag = tag
			s.link(f, email.InAttachment, l)
		}
	}
}

func moduleNames(p vbaProject) string {
	var names []string
	for _, m := range p.modules {
		note(&names, m.name)
	}
	return strings.Join(names, ", ")
}
