package kql

import (
	"strings"

	"tocsin/internal/event"
)

// textFunctions are those on text beside the common ones in functions.go. A guid is kept as its text.
var textFunctions = map[string]function{
	"strcat_delim":    {params: "SSSS*", op: "strcat_delim", typ: event.String},
	"array_strcat":    {params: "ds", op: opStrcatList, typ: event.String},
	"strrep":          {params: "Sl?S", op: inGo("strrep"), typ: event.String},
	"reverse":         {params: "S", op: inGo("reverse"), typ: event.String},
	"string_size":     {params: "s", naming: "string_size", op: "string_size", typ: event.Long},
	"regex_quote":     {params: "S", op: "regex_quote", typ: event.String},
	"indexof_regex":   {params: "SS?lll", bind: regexAt(1, inGo("indexof_regex"), event.Long)},
	"extract_all":     {params: "sa?s", bind: extractAll},
	"extractall":      {params: "sa?s", bind: extractAll},
	"extract_json":    {params: "ss?a", bind: extractJSON},
	"extractjson":     {params: "ss?a", bind: extractJSON},
	"replace_strings": {params: "sdd", op: inGo("replace_strings"), typ: event.String},
	"replace": {params: "sss", bind: func(c fcall) scalar { // the old name of replace_regex has its text last
		c.word(0)
		checkRegex(c.nodes[0].Pos(), c.args[0])
		return &call{opReplaceRE, event.String, []scalar{c.args[2], c.args[0], c.args[1]}}
	}},
	"translate":     {params: "sss", op: inGo("translate"), typ: event.String},
	"has_any_index": {params: "sd", op: inGo("has_any_index"), typ: event.Long},
	"isascii":       {params: "S", op: inGo("isascii"), typ: event.Bool},
	"isutf8":        {params: "S", bind: func(c fcall) scalar { return &constant{event.Bool, true} }}, // no text is stored that is not

	"base64_encode_tostring":  {params: "s", op: inGo("base64_encode"), typ: event.String},
	"base64_encodestring":     {params: "s", op: inGo("base64_encode"), typ: event.String},
	"base64_encode_fromarray": {params: "d", op: inGo("base64_encode_array"), typ: event.String},
	"base64_decode_tostring":  {params: "s", op: inGo("base64_decode"), typ: event.String},
	"base64_decodestring":     {params: "s", op: inGo("base64_decode"), typ: event.String},
	"base64_decode_toarray":   {params: "s", op: inGo("base64_decode_array"), typ: event.Dynamic},
	"url_encode":              {params: "s", op: inGo("url_encode"), typ: event.String},
	"url_encode_component":    {params: "s", op: inGo("url_encode_component"), typ: event.String},
	"url_decode":              {params: "s", op: inGo("url_decode"), typ: event.String},

	"punycode_from_string":        {params: "s", op: inGo("punycode_from"), typ: event.String},
	"punycode_to_string":          {params: "s", op: inGo("punycode_to"), typ: event.String},
	"punycode_domain_from_string": {params: "s", op: inGo("punycode_domain_from"), typ: event.String},
	"punycode_domain_to_string":   {params: "s", op: inGo("punycode_domain_to"), typ: event.String},

	"parse_csv":          {params: "s", naming: nameFirst, op: inGo("parse_csv"), typ: event.Dynamic},
	"parse_path":         {params: "s", op: inGo("parse_path"), typ: event.Dynamic},
	"parse_urlquery":     {params: "s", op: inGo("parse_urlquery"), typ: event.Dynamic},
	"parseurlquery":      {params: "s", op: inGo("parse_urlquery"), typ: event.Dynamic},
	"parseurl":           {params: "s", op: opURL, typ: event.Dynamic},
	"parse_command_line": {params: "Ss", bind: commandLine},

	"unicode_codepoints_from_string": {params: "S", op: inGo("codepoints"), typ: event.Dynamic},
	"unicode_codepoints_to_string":   {params: "jj*", op: inGo("make_string"), typ: event.String},
	"make_string":                    {params: "jj*", op: inGo("make_string"), typ: event.String},
	"to_utf8":                        {params: "S", op: inGo("to_utf8"), typ: event.Dynamic},
	"format_bytes":                   {params: "n?ls", op: inGo("format_bytes"), typ: event.String},
	"tohex":                          {params: "a?l", naming: nameFirst, bind: toHex},
	"toguid":                         {params: "s", naming: nameFirst, op: inGo("toguid"), typ: event.String},
	"new_guid":                       {op: "new_guid", typ: event.String},
	"todecimal":                      conversion(event.Real), // there are no decimals

	"hash":          {params: "a?l", bind: hash},
	"hash_xxhash64": {params: "a?l", bind: hash},
	"hash_md5":      {params: "a", bind: digest}, "hash_sha1": {params: "a", bind: digest}, "hash_sha256": {params: "a", bind: digest},
}

// extractAll takes a regular expression, the groups if any, and the text.
func extractAll(c fcall) scalar {
	re := c.word(0)
	checkRegex(c.nodes[0].Pos(), c.args[0])
	if n := groups(re); n < 1 || n > 16 {
		fail(c.nodes[0].Pos(), "the regular expression of %s needs 1 to 16 groups in brackets, this one has %d", c.name, n)
	}
	args := []scalar{c.args[0], nil, zero(event.Dynamic)}
	at := len(c.args) - 1
	args[1] = argument(c.name, c.nodes[at], 's', c.args[at])
	if len(c.args) == 3 {
		args[2] = argument(c.name, c.nodes[1], 'd', c.args[1])
	} else if groups(re) == 1 {
		return &call{opExtractAll, event.Dynamic, []scalar{args[1], c.args[0]}}
	}
	return &call{inGo("extract_all"), event.Dynamic, args}
}

// extractJSON is a path into JSON, such as $.a[0]['b'].
func extractJSON(c fcall) scalar {
	x := parseJSON(fcall{args: c.args[1:2]})
	rest, ok := strings.CutPrefix(c.word(0), "$")
	for n := 0; ok && rest != ""; n++ {
		var step scalar
		if step, rest = pathStep(rest); step == nil || n > maxDepth {
			ok = false
			break
		}
		o := opMember
		if step.typeOf() == event.Long {
			o = opElement
		}
		x = &call{o, event.Dynamic, []scalar{x, step}}
	}
	if !ok {
		fail(c.nodes[0].Pos(), "not a path such as $.name[0]['other name']")
	}
	if len(c.args) < 3 {
		return convert(x, event.String)
	}
	to, ok := c.nodes[2].(*Typeof)
	if !ok {
		fail(c.nodes[2].Pos(), "expected a type here, such as typeof(long)")
	}
	return convert(x, to.Type)
}

// pathStep reads .name, ['name'], ["name"] or [0]; nil when there is none of them.
func pathStep(s string) (step scalar, rest string) {
	if name, ok := strings.CutPrefix(s, "."); ok {
		end := strings.IndexAny(name, ".[")
		if end < 0 {
			end = len(name)
		}
		if end == 0 {
			return nil, s
		}
		return text(name[:end]), name[end:]
	}
	inner, rest, ok := strings.Cut(strings.TrimPrefix(s, "["), "]")
	if !ok || s[0] != '[' || inner == "" {
		return nil, s
	}
	if q := inner[0]; (q == '\'' || q == '"') && len(inner) > 2 && inner[len(inner)-1] == q {
		return text(inner[1 : len(inner)-1]), rest
	}
	if v, ok := parseTyped(event.Long, inner); ok {
		return &constant{event.Long, v}, rest
	}
	return nil, s
}

func commandLine(c fcall) scalar {
	if !strings.EqualFold(c.word(1), "windows") {
		fail(c.nodes[1].Pos(), "parse_command_line reads command lines of \"windows\" only")
	}
	return &call{inGo("parse_command_line"), event.Dynamic, c.args[:1]}
}

func toHex(c fcall) scalar {
	bits := int64(64)
	if c.args[0].typeOf() == event.Int {
		bits = 32
	}
	args := []scalar{argument(c.name, c.nodes[0], 'l', c.args[0]), long(bits)}
	return &call{inGo("tohex"), event.String, append(args, c.args[1:]...)}
}

// hash is Kusto's for text and datetimes, the types of its documentation's examples.
func hash(c fcall) scalar {
	switch c.args[0].typeOf() {
	case event.String, event.Datetime:
	case event.Dynamic:
		c.args[0] = convert(c.args[0], event.String)
	default:
		fail(c.nodes[0].Pos(), "%s takes text or a datetime here; convert this: tostring(...)", c.name)
	}
	if len(c.args) == 2 {
		if k, ok := c.args[1].(*constant); ok && (k.value == nil || k.value.(int64) < 1) {
			fail(c.nodes[1].Pos(), "the modulo of %s is above zero", c.name)
		}
	}
	return &call{inGo("hash_xxhash64"), event.Long, c.args}
}

func digest(c fcall) scalar {
	switch c.args[0].typeOf() {
	case event.String, event.Dynamic:
		return &call{op(c.name), event.String, []scalar{convert(c.args[0], event.String)}}
	}
	fail(c.nodes[0].Pos(), "%s takes text here; convert this: tostring(...)", c.name)
	return nil
}
