package smtp

import (
	"errors"
	"strconv"
	"strings"
)

// splitCommand splits a line without its end into the verb, in upper case, and what follows it.
func splitCommand(line string) (verb, arg string) {
	verb, arg, _ = strings.Cut(line, " ")
	return strings.ToUpper(verb), strings.Trim(arg, " \t")
}

var errPath = errors.New("there is no path")

// parsePath reads "FROM:<path> parameters" or "TO:<path> parameters" (RFC 5321 section 4.1.2), keyword being "FROM:" or
// "TO:". path is "" for "<>".
//
// It is generous: a server that took the message from a stranger has taken the path too, and a copy that is refused
// here for its looks is one that nobody judges. So anything that has an end is a path. A source route is passed over, as
// the RFC asks; quotes that the local part does not need are taken off, so that one mailbox has one name.
func parsePath(arg, keyword string) (path, params string, err error) {
	if len(arg) < len(keyword) || !strings.EqualFold(arg[:len(keyword)], keyword) {
		return "", "", errPath
	}
	arg = strings.TrimLeft(arg[len(keyword):], " \t")
	if strings.HasPrefix(arg, "<") {
		end := closingBracket(arg)
		if end < 0 {
			return "", "", errPath
		}
		path, params = arg[1:end], arg[end+1:]
	} else {
		path, params = arg, ""
		if i := strings.IndexAny(arg, " \t"); i >= 0 {
			path, params = arg[:i], arg[i:]
		}
		if path == "" {
			return "", "", errPath
		}
	}
	if strings.HasPrefix(path, "@") {
		if _, mailbox, found := strings.Cut(path, ":"); found {
			path = mailbox
		}
	}
	return unquoteLocal(path), strings.Trim(params, " \t"), nil
}

// closingBracket returns where the bracket that s begins with is closed: outside of quotes, or if that is nowhere
// because they are not closed, at the last one. It is negative when there is none.
func closingBracket(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return strings.LastIndexByte(s, '>')
}

// unquoteLocal takes the quotes off a local part that reads the same without them: "alice"@x is alice@x.
func unquoteLocal(path string) string {
	if !strings.HasPrefix(path, `"`) {
		return path
	}
	i := strings.LastIndex(path, `"@`)
	if i < 2 {
		return path
	}
	local := path[1:i]
	if strings.ContainsAny(local, "\"\\()<>[]:;@, \t") || local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return path
	}
	return local + path[i+1:]
}

// mailParams are what a client said with MAIL.
type mailParams struct {
	size   int64
	binary bool // BODY=BINARYMIME
	utf8   bool // SMTPUTF8
}

var (
	errParam     = errors.New("unknown parameter")
	errBadParam  = errors.New("parameter has no such value")
	errBadChunk  = errors.New("the size of the chunk can't be read")
	errChunkWord = errors.New("only LAST may follow the size of a chunk")
)

// parseMailParams reads the parameters of MAIL for the extensions that are offered: SIZE (RFC 1870), 8BITMIME (RFC
// 6152), BINARYMIME (RFC 3030) and SMTPUTF8 (RFC 6531). For a copy
// it makes no difference which of them came: octets are octets.
func parseMailParams(s string) (p mailParams, err error) {
	for word := range strings.FieldsSeq(s) {
		key, value, _ := strings.Cut(word, "=")
		switch strings.ToUpper(key) {
		case "SIZE":
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil {
				return p, errBadParam
			}
			p.size = int64(n)
		case "BODY":
			switch strings.ToUpper(value) {
			case "7BIT", "8BITMIME":
			case "BINARYMIME":
				p.binary = true
			default:
				return p, errBadParam
			}
		case "SMTPUTF8":
			p.utf8 = true
		default:
			return p, errParam
		}
	}
	return p, nil
}

// parseChunk reads the arguments of BDAT (RFC 3030 section 2). With errChunkWord, size is right all the same.
func parseChunk(arg string) (size int64, last bool, err error) {
	number, word, more := strings.Cut(arg, " ")
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return 0, false, errBadChunk
	}
	if !more {
		return int64(n), false, nil
	}
	if !strings.EqualFold(strings.TrimSpace(word), "LAST") {
		return int64(n), false, errChunkWord
	}
	return int64(n), true, nil
}
