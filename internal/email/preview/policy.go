package preview

import (
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// policy is the second filter. It knows nothing of how the document was made and says once more, in its own words, what may be in
// it: if the writer has a mistake, what it lets through has to get past this as well. Styles are matched as a whole against the shape
// that this package writes, rather than read by bluemonday's CSS parser: nothing with an escape, a quote that is not a font's, an
// unknown function or a colon too many has that shape.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	var all []string
	for tag := range keptElements {
		all = append(all, tag)
	}
	all = append(all, voidElements[:]...)
	p.AllowElements(all...)
	p.AllowNoAttrs().OnElements(all...)

	word := regexp.MustCompile(`^[A-Za-z0-9_ -]+$`)
	number := regexp.MustCompile(`^-?[0-9]+$`)
	size := regexp.MustCompile(`^[0-9.]+%?$`)
	paint := regexp.MustCompile(`^#?[a-z0-9]+$`)
	p.AllowAttrs("class").Matching(word).Globally()
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^m-[A-Za-z0-9_-]+$`)).Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(?:ltr|rtl|auto)$`)).Globally()
	p.AllowAttrs("lang", "align", "valign", "clear", "type").Matching(word).Globally()
	p.AllowAttrs("hidden", "nowrap", "noshade").Matching(regexp.MustCompile(`^$`)).Globally()
	p.AllowAttrs("title").OnElements("span")
	p.AllowAttrs("style").Matching(regexp.MustCompile(styleShape())).Globally()
	p.AllowAttrs("width", "height").Matching(size).Globally()
	p.AllowAttrs("bgcolor", "color", "bordercolor").Matching(paint).Globally()
	p.AllowAttrs("border", "cellpadding", "cellspacing", "hspace", "vspace", "colspan", "rowspan", "span", "start", "value").Matching(number).Globally()
	p.AllowAttrs("size").Matching(regexp.MustCompile(`^[+-]?[0-9]+$`)).Globally()
	p.AllowAttrs("face").Matching(regexp.MustCompile(`^[A-Za-z0-9 ,_-]+$`)).OnElements("font")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]*={0,2}$`)).OnElements("img")
	return p
})

// styleShape is what a style attribute looks like when it does nothing: declarations of known properties whose values hold words,
// numbers, fonts between quotes and the functions that compute a colour or a size. The second form is that of our own boxes.
func styleShape() string {
	const (
		property = `(?:(?:min-|max-)?(?:width|height)|(?:margin|padding)(?:-[a-z]+)?|color|background-(?:color|image)|border(?:-[a-z]+){0,3}|` +
			`box-(?:shadow|sizing)|caption-side|clear|direction|display|empty-cells|float|font(?:-[a-z]+)?|hyphens|letter-spacing|line-height|` +
			`list-style(?:-[a-z]+)?|opacity|overflow(?:-[a-z]+)?|table-layout|text-[a-z]+(?:-[a-z]+)?|vertical-align|visibility|white-space|` +
			`word-[a-z]+)`
		call  = `(?:rgba?|hsla?|calc|min|max|clamp|(?:linear|radial)-gradient)?\(`
		value = `(?:` + call + `)*(?:[a-z0-9#.,%/*+_ )-]|'[A-Za-z0-9 _-]*'|[ ,](?:` + call + `)+)*`
		one   = property + `:` + value
	)
	return `^(?:` + one + `(?:;` + one + `)*|(?:(?:width|height):[0-9]{1,4}px!important;?){1,2})$`
}
