package native

import (
	"slices"
	"strconv"
	"strings"
)

// arrayFunctions work on dynamic arrays. A value that is no array gives null, unless said otherwise.
var arrayFunctions = map[string]function{
	"array_concat":       pure('d', arrayConcat),
	"array_iff":          pure('d', arrayIff),
	"array_index_of":     pure('l', arrayIndexOf),
	"array_reverse":      pure('d', arrayReverse),
	"array_rotate_left":  pure('d', func(a args) any { return arrayRotate(a, 1) }),
	"array_rotate_right": pure('d', func(a args) any { return arrayRotate(a, -1) }),
	"array_shift_left":   pure('d', func(a args) any { return arrayShift(a, 1) }),
	"array_shift_right":  pure('d', func(a args) any { return arrayShift(a, -1) }),
	"array_slice":        pure('d', arraySlice),
	"array_split":        pure('d', arraySplit),
	"array_sort":         pure('d', arraySort),
	"array_sum":          pure('n', arraySum),
	"strcat_list":        pure('s', strcatList),
	"zip":                pure('d', arrayZip),
	"repeat":             pure('d', arrayRepeat),
	"array_distinct":     pure('d', arrayDistinct),
}

// arrayConcat joins arrays; null adds nothing.
func arrayConcat(a args) any {
	var out []string
	for i := range a {
		if a.json(i) == "null" {
			continue
		}
		list, ok := elements(a.json(i))
		if !ok {
			return nil
		}
		out = append(out, list...)
	}
	return array(out)
}

func arrayReverse(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	slices.Reverse(list)
	return array(list)
}

// arrayRotate moves what leaves one end to the other; direction 1 is to the left.
func arrayRotate(a args, direction int64) any {
	list, ok := elements(a.json(0))
	by, given := a.long(1)
	if !ok || !given {
		return nil
	}
	if n := int64(len(list)); n > 0 {
		at := (by%n*direction + n) % n
		list = append(slices.Clone(list[at:]), list[:at]...)
	}
	return array(list)
}

// arrayShift fills what it makes room for with its third argument; else with "" among strings and with null.
func arrayShift(a args, direction int64) any {
	list, ok := elements(a.json(0))
	by, given := a.long(1)
	if !ok || !given {
		return nil
	}
	fill := "null"
	if len(a) > 2 {
		fill = a.json(2)
	} else if len(list) > 0 && !slices.ContainsFunc(list, func(v string) bool { return v[0] != '"' }) {
		fill = `""`
	}
	n := int64(len(list))
	by = min(max(by, -n), n) * direction
	out := make([]string, n)
	for i := range out {
		out[i] = fill
		if from := int64(i) + by; from >= 0 && from < n {
			out[i] = list[from]
		}
	}
	return array(out)
}

// arraySlice takes the elements from start to end, both included; negative positions count from the end.
func arraySlice(a args) any {
	list, ok := elements(a.json(0))
	start, ok1 := a.long(1)
	end, ok2 := a.long(2)
	if !ok || !ok1 || !ok2 {
		return nil
	}
	n := int64(len(list))
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end += n
	}
	end = min(end, n-1)
	if start > end {
		return "[]"
	}
	return array(list[start : end+1])
}

// arraySplit cuts an array at one or several positions.
func arraySplit(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	at, ok := elements(a.json(1))
	if !ok {
		at = []string{a.json(1)}
	}
	var out []string
	from := 0
	for _, p := range at {
		i, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return nil
		}
		if i < 0 {
			i += int64(len(list))
		}
		to := int(min(max(i, int64(from)), int64(len(list))))
		out = append(out, array(list[from:to]))
		from = to
	}
	return array(append(out, array(list[from:])))
}

// arrayIndexOf finds a value from a position on, among so many elements, the so-and-so-manieth time.
func arrayIndexOf(a args) any {
	list, ok := elements(a.json(0))
	start, ok1 := a.longOr(2, 0)
	length, ok2 := a.longOr(3, -1)
	occurrence, ok3 := a.longOr(4, 1)
	if !ok || !ok1 || !ok2 || !ok3 || length < -1 || occurrence < 0 {
		return nil
	}
	n := int64(len(list))
	if start < 0 {
		start = max(start+n, 0)
	}
	end := n
	if length >= 0 && length < n-start {
		end = start + length
	}
	want := same(a.json(1))
	for i := start; i < end; i++ {
		if same(list[i]) == want {
			if occurrence--; occurrence <= 0 {
				return i
			}
		}
	}
	return int64(-1)
}

// arrayIff takes each element from one of two arrays or values, as the array of conditions says.
func arrayIff(a args) any {
	conditions, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	pick := func(i int) func(at int) string {
		list, ok := elements(a.json(i))
		one := a.json(i)
		return func(at int) string {
			switch {
			case !ok:
				return one
			case at < len(list):
				return list[at]
			}
			return "null"
		}
	}
	yes, no := pick(1), pick(2)
	out := make([]string, len(conditions))
	size := 0
	for i, c := range conditions {
		f, _, isNumber := number(c)
		switch {
		case c == "true" || isNumber && f != 0:
			out[i] = yes(i)
		case c == "false" || isNumber:
			out[i] = no(i)
		default:
			out[i] = "null"
		}
		size += len(out[i])
		bound(size)
	}
	return array(out)
}

func arraySum(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	sum := 0.0
	for _, v := range list {
		f, _, ok := number(v)
		if !ok {
			return nil
		}
		sum += f
	}
	return sum
}

func arrayZip(a args) any {
	lists := make([][]string, len(a))
	n := 0
	for i := range a {
		list, ok := elements(a.json(i))
		if !ok {
			return nil
		}
		lists[i] = list
		n = max(n, len(list))
	}
	out := make([]string, n)
	size := 0
	for i := range out {
		row := make([]string, len(lists))
		for j, list := range lists {
			row[j] = "null"
			if i < len(list) {
				row[j] = list[i]
			}
		}
		out[i] = array(row)
		size += len(out[i])
		bound(size)
	}
	return array(out)
}

// arraySort sorts the first array and orders the others alike. Its arguments are: whether downwards, whether nulls stand
// last, and the arrays. With one array it gives that, with several an array of them, null for those of another length.
func arraySort(a args) any {
	desc, nullsLast := a.boolean(0, false), a.boolean(1, true)
	first, ok := elements(a.json(2))
	if !ok {
		return nil
	}
	type item struct {
		class int
		f     float64
		s     string
		at    int
	}
	items := make([]item, len(first))
	for i, v := range first {
		it := item{class: 3, at: i}
		if f, _, ok := number(v); ok && v[0] != '"' {
			it.class, it.f = 1, f
		} else if s, ok := unquote(v); ok {
			it.class, it.s = 2, s
		} else if v == "null" {
			if it.class = 4; !nullsLast {
				it.class = 0
			}
		} else {
			it.s = same(v)
		}
		items[i] = it
	}
	slices.SortStableFunc(items, func(x, y item) int {
		if x.class != y.class {
			return x.class - y.class
		}
		c := strings.Compare(x.s, y.s)
		switch {
		case x.f < y.f:
			c = -1
		case x.f > y.f:
			c = 1
		}
		if desc {
			return -c
		}
		return c
	})
	var out []string
	for i := 2; i < len(a); i++ {
		list, ok := elements(a.json(i))
		if !ok || len(list) != len(items) {
			out = append(out, "null")
			continue
		}
		sorted := make([]string, len(items))
		for j, it := range items {
			sorted[j] = list[it.at]
		}
		out = append(out, array(sorted))
	}
	if len(out) == 1 {
		return out[0]
	}
	return array(out)
}

// arrayDistinct gathers the values of make_set: those of an array of arrays are taken one by one. At most so many.
func arrayDistinct(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return "[]"
	}
	most, _ := a.longOr(1, maxElements)
	var out []string
	seen := map[string]bool{}
	add := func(v string) {
		if v != "null" && !seen[same(v)] {
			seen[same(v)] = true
			out = append(out, v)
		}
	}
	for _, v := range list {
		if inner, ok := elements(v); ok {
			for _, w := range inner {
				add(w)
			}
			continue
		}
		add(v)
	}
	slices.Sort(out)
	return array(out[:min(int64(len(out)), max(most, 0))])
}

// arrayRepeat makes an array of one value so many times.
func arrayRepeat(a args) any {
	n, ok := a.long(1)
	if !ok || n < 0 {
		return nil
	}
	n = min(n, maxElements)
	v := a.json(0)
	bound((len(v) + 1) * int(n))
	return array(slices.Repeat([]string{v}, int(n)))
}

// strcatList joins the texts of an array; nulls add nothing.
func strcatList(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		list = []string{a.json(0)}
	}
	var parts []string
	size := 0
	for _, v := range list {
		if v != "null" {
			parts = append(parts, plainText(v))
			size += len(v) + len(a.text(1))
			bound(size)
		}
	}
	return strings.Join(parts, a.text(1))
}
