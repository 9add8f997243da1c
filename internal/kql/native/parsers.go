package native

import (
	"strings"
)

// parseFunctions take texts of a known form apart.
var parseFunctions = map[string]function{
	"parse_csv":          pure('d', func(a args) any { return parseCSV(a.text(0)) }),
	"parse_path":         pure('d', func(a args) any { return parsePath(a.text(0)) }),
	"parse_command_line": pure('d', func(a args) any { return parseCommandLine(a.text(0)) }),
	"parse_urlquery":     pure('d', func(a args) any { return parseQuery(a.text(0)) }),
}

// parseCSV reads the first record.
func parseCSV(s string) string {
	var out []string
	var b strings.Builder
	quoted := false
record:
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '"' && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		case quoted && c == '"':
			quoted = false
		case quoted:
			b.WriteByte(c)
		case c == '"' && b.Len() == 0:
			quoted = true
		case c == ',':
			out = append(out, b.String())
			b.Reset()
		case c == '\n' || c == '\r':
			break record
		default:
			b.WriteByte(c)
		}
	}
	return texts(append(out, b.String()))
}

// parsePath reads paths of Windows and Unix, with a scheme and an alternate data stream.
func parsePath(s string) string {
	scheme, root, stream := "", "", ""
	if before, after, ok := strings.Cut(s, "://"); ok && !strings.ContainsAny(before, `/\`) {
		scheme, s = before, after
	}
	start := 0
	if rest, ok := strings.CutPrefix(s, `\\?\`); ok {
		start = len(s) - len(rest)
	}
	drive := s[start:]
	if len(drive) >= 2 && drive[1] == ':' && (drive[0]|0x20 >= 'a' && drive[0]|0x20 <= 'z') {
		root = drive[:2]
		start += 2
	}
	dir, file := "", s[start:]
	if i := strings.LastIndexAny(s[start:], `/\`); i >= 0 {
		dir, file = s[:start+i], s[start+i+1:]
	} else if root != "" {
		dir = s[:start]
	}
	if i := strings.IndexByte(file, ':'); i >= 0 {
		file, stream = file[:i], file[i+1:]
	}
	name := dir
	if i := strings.LastIndexAny(dir, `/\`); i >= 0 {
		name = dir[i+1:]
	}
	if name == root {
		name = ""
	}
	extension := ""
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		extension = file[i+1:]
	}
	var list []member
	for _, m := range [][2]string{
		{"Scheme", scheme}, {"RootPath", root}, {"DirectoryPath", dir}, {"DirectoryName", name}, {"Filename", file}, {"Extension", extension},
		{"AlternateDataStreamName", stream},
	} {
		list = append(list, member{m[0], quote(m[1])})
	}
	return bag(list)
}

// parseCommandLine follows the rules of Windows: quotes group, and backslashes escape quotes only.
func parseCommandLine(s string) any {
	if trimSpace(s) == "" {
		return nil
	}
	var out []string
	var b strings.Builder
	quoted, started := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n := 0
			for i < len(s) && s[i] == '\\' {
				n++
				i++
			}
			started = true
			if i < len(s) && s[i] == '"' {
				b.WriteString(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					b.WriteByte('"')
					continue
				}
			} else {
				b.WriteString(strings.Repeat(`\`, n))
			}
			i--
		case c == '"':
			if quoted && i+1 < len(s) && s[i+1] == '"' { // two quotes within quotes are one
				b.WriteByte('"')
				i++
			}
			quoted, started = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			if started {
				out = append(out, b.String())
				b.Reset()
			}
			started = false
		default:
			b.WriteByte(c)
			started = true
		}
	}
	if started {
		out = append(out, b.String())
	}
	return texts(out)
}

// parseQuery reads the parameters of a URL; of two with one name the last counts.
func parseQuery(s string) string {
	var list []member
	at := map[string]int{}
	for _, part := range strings.Split(strings.TrimPrefix(s, "?"), "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		m := member{key, quote(value)}
		if i, twice := at[key]; twice {
			list[i] = m
			continue
		}
		at[key] = len(list)
		list = append(list, m)
	}
	return bag([]member{{"Query Parameters", bag(list)}})
}
