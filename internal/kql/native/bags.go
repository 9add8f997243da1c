package native

import (
	"slices"
	"strconv"
	"strings"
)

// bagFunctions work on property bags and on values of any shape.
var bagFunctions = map[string]function{
	"bag_merge":       pure('d', bagMerge),
	"bag_remove_keys": pure('d', bagRemoveKeys),
	"bag_has_key":     pure('b', bagHasKey),
	"bag_set_key":     pure('d', bagSetKey),
	"bag_zip":         pure('d', bagZip),
	"bag_drop_empty":  pure('d', bagDropEmpty),
	"make_bag":        pure('d', makeBag),
	"treepath":        pure('d', treePath),
	"dynamic_to_json": pure('s', func(a args) any { return plainOrJSON(canonical(a.json(0))) }),
	"gettype":         pure('s', getType),
}

// bagMerge joins bags. Where two have a key, the first one's value stays.
func bagMerge(a args) any {
	var out []member
	seen := map[string]bool{}
	for i := range a {
		if a.json(i) == "null" {
			continue
		}
		list, ok := members(a.json(i))
		if !ok {
			return nil
		}
		out = mergeMembers(out, list, seen)
	}
	if out == nil && len(seen) == 0 && !slices.ContainsFunc(a, func(v any) bool { return v != nil }) {
		return nil
	}
	return bag(out)
}

func mergeMembers(out, list []member, seen map[string]bool) []member {
	for _, m := range list {
		if !seen[m.key] {
			seen[m.key] = true
			out = append(out, m)
		}
	}
	return out
}

// makeBag is bagMerge of the elements of an array; what is no bag is passed over. At most so many keys.
func makeBag(a args) any {
	list, _ := elements(a.json(0))
	most, _ := a.longOr(1, maxElements)
	var out []member
	seen := map[string]bool{}
	for _, v := range list {
		ms, _ := members(v)
		out = mergeMembers(out, ms, seen)
	}
	return bag(out[:min(int64(len(out)), max(most, 0))])
}

// keyPath takes a key apart: "$.a.b" leads into inner bags, anything else is one key.
func keyPath(key string) []string {
	rest, ok := strings.CutPrefix(key, "$.")
	if !ok {
		if !strings.HasPrefix(key, "$[") {
			return []string{key}
		}
		rest = key[1:]
	}
	var out []string
	for rest != "" {
		if inner, ok := strings.CutPrefix(rest, "['"); ok {
			name, after, ok := strings.Cut(inner, "']")
			if !ok {
				return nil
			}
			out, rest = append(out, name), strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil
		}
		out, rest = append(out, rest[:end]), strings.TrimPrefix(rest[end:], ".")
	}
	return out
}

func bagRemoveKeys(a args) any {
	if _, ok := members(a.json(0)); !ok {
		return nil
	}
	keys, _ := elements(a.json(1))
	out := a.json(0)
	for _, k := range keys {
		if key, ok := unquote(k); ok {
			out = removeKey(out, keyPath(key))
		}
	}
	return out
}

func removeKey(v string, path []string) string {
	list, ok := members(v)
	if !ok || len(path) == 0 {
		return v
	}
	var out []member
	for _, m := range list {
		if m.key == path[0] {
			if len(path) == 1 {
				continue
			}
			m.value = removeKey(m.value, path[1:])
		}
		out = append(out, m)
	}
	return bag(out)
}

func bagHasKey(a args) any {
	v := a.json(0)
	if _, ok := members(v); !ok {
		return nil
	}
	path := keyPath(a.text(1))
	for _, key := range path {
		list, _ := members(v)
		i := slices.IndexFunc(list, func(m member) bool { return m.key == key })
		if i < 0 {
			return false
		}
		v = list[i].value
	}
	return len(path) > 0
}

func bagSetKey(a args) any {
	path := keyPath(a.text(1))
	if _, ok := members(a.json(0)); !ok || path == nil {
		return nil
	}
	return setKey(a.json(0), path, a.json(2))
}

func setKey(v string, path []string, value string) string {
	list, _ := members(v) // what is no bag is replaced by one
	i := slices.IndexFunc(list, func(m member) bool { return m.key == path[0] })
	if i < 0 {
		i, list = len(list), append(list, member{path[0], "{}"})
	}
	if len(path) > 1 {
		value = setKey(list[i].value, path[1:], value)
	}
	list[i].value = value
	return bag(list)
}

// bagZip makes a bag of an array of keys and one of values.
func bagZip(a args) any {
	keys, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	values, _ := elements(a.json(1))
	var out []member
	at := map[string]int{}
	for i, k := range keys {
		key, ok := unquote(k)
		if !ok {
			continue
		}
		m := member{key, "null"}
		if i < len(values) {
			m.value = values[i]
		}
		if j, twice := at[key]; twice {
			out[j] = m
			continue
		}
		at[key] = len(out)
		out = append(out, m)
	}
	return bag(out)
}

// bagDropEmpty leaves out nulls and empty strings, for pack_all(true).
func bagDropEmpty(a args) any {
	list, ok := members(a.json(0))
	if !ok {
		return nil
	}
	return bag(slices.DeleteFunc(list, func(m member) bool { return m.value == "null" || m.value == `""` }))
}

// treePath lists the paths of a value: of every property, and of the first element of arrays.
func treePath(a args) any {
	var out []string
	size := 0
	add := func(path string) {
		out = append(out, quote(path))
		size += len(path)
		bound(size)
	}
	var walk func(v, path string, depth int)
	walk = func(v, path string, depth int) {
		if depth > maxDepth {
			return
		}
		if list, ok := members(v); ok {
			for _, m := range list {
				p := path + "['" + m.key + "']"
				add(p)
				walk(m.value, p, depth+1)
			}
		} else if list, ok := elements(v); ok && len(list) > 0 {
			add(path + "[0]")
			for _, e := range list {
				if _, isBag := members(e); isBag {
					walk(e, path+"[0]", depth+1)
				}
			}
		}
	}
	walk(a.json(0), "", 0)
	// Elements of one array share their path.
	seen := map[string]bool{}
	return array(slices.DeleteFunc(out, func(p string) bool {
		twice := seen[p]
		seen[p] = true
		return twice
	}))
}

// maxDepth is how deep into a value a function looks.
const maxDepth = 200

// canonical writes a value with the keys of its bags in order.
func canonical(v string) string { return canonicalAt(v, 0) }

func canonicalAt(v string, depth int) string {
	if depth > maxDepth {
		return compact(v)
	}
	if list, ok := members(v); ok {
		slices.SortStableFunc(list, func(x, y member) int { return strings.Compare(x.key, y.key) })
		for i := range list {
			list[i].value = canonicalAt(list[i].value, depth+1)
		}
		return bag(list)
	}
	if list, ok := elements(v); ok {
		for i := range list {
			list[i] = canonicalAt(list[i], depth+1)
		}
		return array(list)
	}
	return v
}

// plainOrJSON is the text of a string by itself, and JSON for anything else.
func plainOrJSON(v string) string {
	if s, ok := unquote(v); ok {
		return s
	}
	if v == "null" {
		return ""
	}
	return v
}

// getType names the type of a dynamic value.
func getType(a args) any {
	v := a.json(0)
	switch v[0] {
	case '{':
		return "dictionary"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	if _, whole, ok := number(v); !ok || !whole {
		return "real"
	}
	if _, err := strconv.ParseInt(v, 10, 32); err == nil {
		return "int"
	}
	return "long"
}
