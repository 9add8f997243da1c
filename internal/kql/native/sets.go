package native

// setFunctions see arrays as sets. Null is the empty set; another value that is no array gives null.
var setFunctions = map[string]function{
	"set_union":       pure('d', setUnion),
	"set_intersect":   pure('d', func(a args) any { return setFilter(a, true) }),
	"set_difference":  pure('d', func(a args) any { return setFilter(a, false) }),
	"set_equals":      pure('b', setEquals),
	"set_has_element": memo('b', setHasElement),
	"jaccard_index":   pure('d', jaccard),
}

// memo gives a function a place that lasts for one chunk of rows, to keep what it made of an argument that is the same
// in all of them.
func memo(result byte, run func(a args, m *kept) any) function {
	return function{result, func() func(a args) any {
		m := &kept{}
		return func(a args) any { return run(a, m) }
	}}
}

type kept struct {
	text  string
	value any
}

// of returns make(text), made anew only when text changes.
func (k *kept) of(text string, make func(string) any) any {
	if k.value == nil || k.text != text {
		k.text, k.value = text, make(text)
	}
	return k.value
}

func setOf(v string) (map[string]bool, bool) {
	list, ok := elements(v)
	out := make(map[string]bool, len(list))
	for _, e := range list {
		out[same(e)] = true
	}
	return out, ok || v == "null"
}

func setUnion(a args) any {
	out := []string{}
	seen := map[string]bool{}
	for i := range a {
		list, ok := elements(a.json(i))
		if !ok && a.json(i) != "null" {
			return nil
		}
		out = addNew(out, list, seen)
	}
	return array(out)
}

func addNew(out, list []string, seen map[string]bool) []string {
	for _, v := range list {
		if k := same(v); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out
}

// setFilter keeps the elements of the first set that are in all others, or in none of them.
func setFilter(a args, in bool) any {
	list, ok := elements(a.json(0))
	if !ok && a.json(0) != "null" {
		return nil
	}
	out := addNew([]string{}, list, map[string]bool{})
	for i := 1; i < len(a); i++ {
		other, ok := setOf(a.json(i))
		if !ok {
			return nil
		}
		var keep []string
		for _, v := range out {
			if other[same(v)] == in {
				keep = append(keep, v)
			}
		}
		out = keep
	}
	return array(out)
}

func setEquals(a args) any {
	x, ok1 := setOf(a.json(0))
	y, ok2 := setOf(a.json(1))
	if !ok1 || !ok2 {
		return nil
	}
	return len(x) == len(y) && common(x, y) == len(x)
}

func common(x, y map[string]bool) int {
	n := 0
	for v := range x {
		if y[v] {
			n++
		}
	}
	return n
}

func setHasElement(a args, m *kept) any {
	set := m.of(a.json(0), func(s string) any { set, _ := setOf(s); return set }).(map[string]bool)
	return set[same(a.json(1))]
}

func jaccard(a args) any {
	x, ok1 := setOf(a.json(0))
	y, ok2 := setOf(a.json(1))
	if !ok1 || !ok2 {
		return nil
	}
	both := common(x, y)
	return realText(float64(both) / float64(len(x)+len(y)-both))
}
