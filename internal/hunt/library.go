package hunt

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed library
var libraryFiles embed.FS

// LibraryQuery is a query that ships with Tocsin, one file each: library/NN-folder/NN-name.kql. A file begins with comment lines
// "// name: ...", "// description: ..." and, where it applies, "// technique: ..."; the query follows after an empty line.
type LibraryQuery struct {
	File        string // below library
	Folder      string // the question it belongs to
	Name        string
	Description string
	Query       string
	Technique   string // MITRE ATT&CK, "" when it is about no single one
}

// Library returns the queries that ship with Tocsin, in the order of their files. The result is shared: do not change it.
var Library = sync.OnceValue(func() []LibraryQuery {
	all, err := readLibrary(libraryFiles)
	if err != nil {
		panic("hunt: library: " + err.Error()) // a test reads it
	}
	return all
})

// readLibrary reads every .kql file below library. The folder's name stands in its file FOLDER.
func readLibrary(files fs.FS) ([]LibraryQuery, error) {
	var all []LibraryQuery
	names, err := fs.Glob(files, "library/*/*.kql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		folder, err := fs.ReadFile(files, path.Dir(name)+"/FOLDER")
		if err != nil {
			return nil, err
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		q, err := readQuery(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		q.File, q.Folder = strings.TrimPrefix(name, "library/"), strings.TrimSpace(string(folder))
		all = append(all, q)
	}
	return all, nil
}

// readQuery reads one file.
func readQuery(text string) (q LibraryQuery, err error) {
	head, query, found := strings.Cut(text, "\n\n")
	if !found {
		return q, fmt.Errorf("an empty line between the head and the query is missing")
	}
	for line := range strings.Lines(head) {
		key, value, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "// "), ": ")
		if !found {
			return q, fmt.Errorf("%q is no line of a head; write // name: ...", line)
		}
		switch key {
		case "name":
			q.Name = value
		case "description":
			q.Description = value
		case "technique":
			q.Technique = value
		default:
			return q, fmt.Errorf("a head has name, description and technique, not %q", key)
		}
	}
	q.Query = strings.TrimSpace(query)
	if q.Name == "" || q.Description == "" || q.Query == "" {
		return q, fmt.Errorf("name, description or query is missing")
	}
	return q, nil
}
