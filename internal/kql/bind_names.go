package kql

import (
	"slices"
	"strconv"
	"strings"
)

// match finds the fields that a pattern names.
func match(rel *relation, p Pattern) []int {
	var out []int
	for i, f := range rel.fields {
		if p.Plain && f.name == p.Text || !p.Plain && wildcard(p.Text, f.name) {
			out = append(out, i)
		}
	}
	if len(out) == 0 && p.Plain {
		unknownColumn(p.Span, p.Text, rel)
	}
	if len(out) == 0 {
		fail(p.Span, "there is no column like '%s' here", p.Text)
	}
	return out
}

// wildcard matches name against a pattern in which * stands for any characters.
func wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	rest := name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}

func (b *binder) projectNames(rel *relation, op *ProjectNames) *relation {
	chosen := map[int]bool{}
	var order []int
	for _, p := range op.Patterns {
		found := match(rel, p)
		if p.Order != "" {
			slices.SortStableFunc(found, func(i, j int) int {
				c := strings.Compare(rel.fields[i].name, rel.fields[j].name)
				if p.Order == "desc" {
					c = -c
				}
				return c
			})
		}
		for _, i := range found {
			if !chosen[i] {
				chosen[i] = true
				order = append(order, i)
			}
		}
	}
	var fields []field
	switch op.Op {
	case "project-reorder":
		order = reorder(rel, order)
		for _, i := range order {
			fields = append(fields, rel.fields[i])
		}
	default:
		for i, f := range rel.fields {
			if chosen[i] == (op.Op == "project-keep") {
				fields = append(fields, f)
			}
		}
	}
	if len(fields) == 0 {
		fail(op.Span, "no column is left")
	}
	rel.fields = fields
	return rel
}

// reorder moves the named columns to the front; one that several patterns name stands where the first of them puts it.
func reorder(rel *relation, found []int) []int {
	for i := range rel.fields {
		if !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	return found
}

func (b *binder) projectRename(rel *relation, op *ProjectRename) *relation {
	fields := slices.Clone(rel.fields)
	for _, it := range op.Items {
		old := it.X.(*Name)
		i := rel.index(old.Name)
		if i < 0 {
			unknownColumn(old.Span, old.Name, rel)
		}
		fields[i].name = it.Name
	}
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.name] {
			fail(op.Span, "there would be two columns named '%s'", f.name)
		}
		seen[f.name] = true
	}
	rel.fields = fields
	return rel
}

// autoName is the name Kusto gives to an expression that was given none; "" when it only numbers it.
func autoName(x Expr) string {
	switch x := x.(type) {
	case *Name:
		return x.Name
	case *Member:
		return autoName(x.X) + "_" + x.Name
	case *Index:
		if l, ok := x.At.(*Literal); ok {
			switch v := l.Value.(type) {
			case string:
				return autoName(x.X) + "_" + v
			case int64:
				if v >= 0 {
					return autoName(x.X) + "_" + strconv.FormatInt(v, 10)
				}
			}
		}
		return autoName(x.X) + "_"
	case *Call:
		if a, ok := aggregates[x.Name]; ok {
			return a.autoName(x)
		}
		f := functions[x.Name]
		switch {
		case f.naming == "" || len(x.Args) == 0:
			return ""
		case f.naming == nameFirst:
			return autoName(x.Args[0])
		}
		return string(f.naming) + "_" + autoName(x.Args[0])
	}
	return ""
}

// naming tells how an unnamed result of a function is called: after its first argument, with a prefix, or by number.
type naming string

const nameFirst naming = "="

func unknownColumn(at Span, name string, rel *relation) {
	var names []string
	if rel != nil {
		for _, f := range rel.fields {
			names = append(names, f.name)
		}
	}
	failColumn(at, name, "there is no column '%s' here%s", name, didYouMean(name, names))
}

// didYouMean lists up to three names near to name.
func didYouMean(name string, names []string) string {
	type near struct {
		name string
		dist int
	}
	low := strings.ToLower(name)
	var found []near
	for _, n := range names {
		ln := strings.ToLower(n)
		d := distance(low, ln)
		switch {
		case ln == low:
			d = 0
		case len(low) >= 4 && (strings.Contains(ln, low) || strings.Contains(low, ln) && len(ln) >= 4):
			d = min(d, 2)
		case sharesWords(name, n):
			d = min(d, 3)
		}
		if d <= max(1, min(len(low), 12)/3) {
			found = append(found, near{n, d*100 + distance(low, ln)})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.dist - b.dist })
	if len(found) == 0 {
		return ""
	}
	var out []string
	for _, f := range found[:min(3, len(found))] {
		out = append(out, "'"+f.name+"'")
	}
	return "; did you mean " + strings.Join(out, ", ") + "?"
}

// sharesWords tells whether every capitalised word of a name stands in another: SenderAddress in SenderFromAddress.
func sharesWords(name, in string) bool {
	start, words := 0, 0
	for i := 1; i <= len(name); i++ {
		if i == len(name) || name[i] >= 'A' && name[i] <= 'Z' {
			if !strings.Contains(in, name[start:i]) {
				return false
			}
			start, words = i, words+1
		}
	}
	return words > 1
}

// distance is the Levenshtein distance of two short strings.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 99
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := prev
			if a[i] != b[j] {
				cost++
			}
			prev = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
