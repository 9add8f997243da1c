package app

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// keys lists every dotted key that a value can stand under, in the order of Config.
func keys() []string {
	var out []string
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for _, f := range fields(t) {
			key := prefix + f.Tag.Get("koanf")
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, key+".")
				continue
			}
			out = append(out, key)
		}
	}
	walk(reflect.TypeFor[Config](), "")
	return out
}

// fields are those of a struct of settings, with those of the structs that stand in it without a key of their own.
func fields(t reflect.Type) (out []reflect.StructField) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			out = append(out, fields(f.Type)...)
			continue
		}
		out = append(out, f)
	}
	return out
}

// checkKeys refuses keys that are not settings, with the line and the nearest right one, and values of the wrong shape.
func checkKeys(path string, raw []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("config file %s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil // an empty file
	}
	return checkNode(path, doc.Content[0], reflect.TypeFor[Config](), "")
}

func checkNode(path string, n *yaml.Node, t reflect.Type, prefix string) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case t.Kind() == reflect.Struct:
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
			return nil // a heading with everything under it commented out
		}
		if n.Kind != yaml.MappingNode {
			return fmt.Errorf("%s:%d: %s holds settings; write them below it, indented", path, n.Line, name(prefix))
		}
		types := map[string]reflect.Type{}
		var known []string
		for _, f := range fields(t) {
			key := f.Tag.Get("koanf")
			types[key] = f.Type
			known = append(known, prefix+key)
		}
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			ft, ok := types[key.Value]
			if !ok {
				return fmt.Errorf("%s:%d: there is no setting %q%s", path, key.Line, prefix+key.Value, didYouMean(prefix+key.Value, append(known, keys()...)))
			}
			if seen[key.Value] {
				return fmt.Errorf("%s:%d: %q stands here a second time", path, key.Line, prefix+key.Value)
			}
			seen[key.Value] = true
			if err := checkNode(path, n.Content[i+1], ft, prefix+key.Value+"."); err != nil {
				return err
			}
		}
		return nil
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return fmt.Errorf("%s:%d: %s is a list; write [a, b]", path, n.Line, name(prefix))
		}
		for _, item := range n.Content {
			if err := checkNode(path, item, t.Elem(), prefix); err != nil {
				return err
			}
		}
		return nil
	case n.Kind != yaml.ScalarNode:
		return fmt.Errorf("%s:%d: %s is one value, not a list or a group", path, n.Line, name(prefix))
	case t.Kind() == reflect.Bool && n.Tag != "!!bool":
		return fmt.Errorf("%s:%d: %s is true or false, not %q", path, n.Line, name(prefix), n.Value)
	case t.Kind() == reflect.Int && n.Tag != "!!int":
		return fmt.Errorf("%s:%d: %s is a number, not %q", path, n.Line, name(prefix), n.Value)
	case t == reflect.TypeFor[time.Duration]():
		if _, err := durationHook(nil, t, n.Value); err != nil && n.Value != "0" {
			return fmt.Errorf("%s:%d: %s: %w", path, n.Line, name(prefix), err)
		}
	case t.Kind() == reflect.Int64:
		if _, err := sizeHook(nil, t, n.Value); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", path, n.Line, name(prefix), err)
		}
	}
	return nil
}

func name(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, ".")
}

// didYouMean suggests the nearest known name, if one is near: "; did you mean http.listen?".
func didYouMean(got string, known []string) string {
	best, distance := "", max(2, len(got)/3)+1
	for _, k := range known {
		if d := editDistance(got, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" { // perhaps the right word in the wrong place
		_, last, _ := cutLast(got)
		for _, k := range known {
			if _, kl, _ := cutLast(k); kl == last {
				best = k
				break
			}
		}
	}
	if best == "" {
		return "; tocsin.example.yaml lists them all"
	}
	return "; did you mean " + best + "?"
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	return s[:max(i, 0)], s[i+1:], i >= 0
}

// editDistance counts insertions, deletions and substitutions (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
