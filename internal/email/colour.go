package email

import (
	"math"
	"strconv"
	"strings"
)

// cssColour reads a CSS colour value (CSS Color 4) in lower case as 0xRRGGBB, or one of the colours that are none.
// A colour that is nearly transparent counts as transparent, other alpha is ignored.
func cssColour(s string) float64 {
	s = strings.TrimSpace(s)
	switch {
	case s == "" || len(s) > 64:
		return colourUnknown
	case s == "transparent":
		return colourTransparent
	case s == "inherit" || s == "currentcolor" || s == "initial" || s == "unset":
		return colourInherit
	case s[0] == '#':
		return hexColour(s[1:])
	case strings.HasPrefix(s, "rgb"):
		return functionColour(s, false)
	case strings.HasPrefix(s, "hsl"):
		return functionColour(s, true)
	}
	if v, ok := colourNames[s]; ok {
		return float64(v)
	}
	return colourUnknown
}

func hexColour(h string) float64 {
	if len(h) == 3 || len(h) == 4 {
		h = string([]byte{h[0], h[0], h[1], h[1], h[2], h[2]}) + strings.Repeat(h[3:], 2)
	}
	if len(h) != 6 && len(h) != 8 {
		return colourUnknown
	}
	n, err := strconv.ParseUint(h, 16, 32)
	if err != nil {
		return colourUnknown
	}
	if len(h) == 8 {
		if n&0xFF < 13 {
			return colourTransparent
		}
		n >>= 8
	}
	return float64(n)
}

// functionColour reads rgb(), rgba(), hsl() and hsla() with commas, spaces or a slash.
func functionColour(s string, hsl bool) float64 {
	_, inner, ok := strings.Cut(s, "(")
	if !ok {
		return colourUnknown
	}
	parts := strings.FieldsFunc(strings.TrimSuffix(inner, ")"), func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) < 3 {
		return colourUnknown
	}
	var v [4]float64
	v[3] = 1
	for i, p := range parts[:min(len(parts), 4)] {
		n, ok := cssNumber(strings.TrimSuffix(p, "deg"))
		if !ok {
			return colourUnknown
		}
		if strings.HasSuffix(p, "%") && !hsl && i < 3 {
			n *= 255
		}
		v[i] = n
	}
	if v[3] < 0.05 {
		return colourTransparent
	}
	if hsl {
		return hslColour(v[0], v[1], v[2])
	}
	return rgbColour(v[0], v[1], v[2])
}

func rgbColour(r, g, b float64) float64 {
	clamp := func(f float64) float64 { return math.Round(min(max(f, 0), 255)) }
	return clamp(r)*0x10000 + clamp(g)*0x100 + clamp(b)
}

func hslColour(h, s, l float64) float64 {
	s, l = min(max(s, 0), 1), min(max(l, 0), 1)
	h = math.Mod(math.Mod(h, 360)+360, 360)
	channel := func(n float64) float64 {
		k := math.Mod(n+h/30, 12)
		return 255 * (l - s*min(l, 1-l)*max(-1, min(k-3, 9-k, 1)))
	}
	return rgbColour(channel(0), channel(8), channel(4))
}

// attributeColour reads the colour of an HTML attribute the way browsers do (HTML Standard, "rules for parsing a legacy color
// value"): any junk becomes some colour.
func attributeColour(s string) float64 {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" || s == "transparent" {
		return colourInherit
	}
	if v, ok := colourNames[s]; ok {
		return float64(v)
	}
	if s[0] == '#' && len(s) == 4 {
		if v := hexColour(s[1:]); v != colourUnknown {
			return v
		}
	}
	s = strings.TrimPrefix(s[:min(len(s), 128)], "#")
	digits := make([]byte, 0, len(s)+3)
	for _, r := range s {
		switch {
		case r < 0x80 && isHex(byte(r)):
			digits = append(digits, byte(r))
		case r > 0xFFFF:
			digits = append(digits, '0', '0')
		default:
			digits = append(digits, '0')
		}
	}
	for len(digits) == 0 || len(digits)%3 != 0 {
		digits = append(digits, '0')
	}
	n := len(digits) / 3
	at := max(0, n-8)
	for n-at > 2 && digits[at] == '0' && digits[n+at] == '0' && digits[2*n+at] == '0' {
		at++
	}
	out := 0.0
	for i := range 3 {
		v, err := strconv.ParseUint(string(digits[i*n+at:i*n+min(at+2, n)]), 16, 16)
		if err != nil {
			return colourUnknown
		}
		out = out*256 + float64(v)
	}
	return out
}

// colourNames are the named colours of CSS Color 4 section 6.1.
var colourNames = map[string]int{
	"aliceblue": 0xF0F8FF, "antiquewhite": 0xFAEBD7, "aqua": 0x00FFFF, "aquamarine": 0x7FFFD4, "azure": 0xF0FFFF,
	"beige": 0xF5F5DC, "bisque": 0xFFE4C4, "black": 0x000000, "blanchedalmond": 0xFFEBCD, "blue": 0x0000FF,
	"blueviolet": 0x8A2BE2, "brown": 0xA52A2A, "burlywood": 0xDEB887, "cadetblue": 0x5F9EA0, "chartreuse": 0x7FFF00,
	"chocolate": 0xD2691E, "coral": 0xFF7F50, "cornflowerblue": 0x6495ED, "cornsilk": 0xFFF8DC, "crimson": 0xDC143C,
	"cyan": 0x00FFFF, "darkblue": 0x00008B, "darkcyan": 0x008B8B, "darkgoldenrod": 0xB8860B, "darkgray": 0xA9A9A9,
	"darkgreen": 0x006400, "darkgrey": 0xA9A9A9, "darkkhaki": 0xBDB76B, "darkmagenta": 0x8B008B, "darkolivegreen": 0x556B2F,
	"darkorange": 0xFF8C00, "darkorchid": 0x9932CC, "darkred": 0x8B0000, "darksalmon": 0xE9967A, "darkseagreen": 0x8FBC8F,
	"darkslateblue": 0x483D8B, "darkslategray": 0x2F4F4F, "darkslategrey": 0x2F4F4F, "darkturquoise": 0x00CED1, "darkviolet": 0x9400D3,
	"deeppink": 0xFF1493, "deepskyblue": 0x00BFFF, "dimgray": 0x696969, "dimgrey": 0x696969, "dodgerblue": 0x1E90FF,
	"firebrick": 0xB22222, "floralwhite": 0xFFFAF0, "forestgreen": 0x228B22, "fuchsia": 0xFF00FF, "gainsboro": 0xDCDCDC,
	"ghostwhite": 0xF8F8FF, "gold": 0xFFD700, "goldenrod": 0xDAA520, "gray": 0x808080, "green": 0x008000,
	"greenyellow": 0xADFF2F, "grey": 0x808080, "honeydew": 0xF0FFF0, "hotpink": 0xFF69B4, "indianred": 0xCD5C5C,
	"indigo": 0x4B0082, "ivory": 0xFFFFF0, "khaki": 0xF0E68C, "lavender": 0xE6E6FA, "lavenderblush": 0xFFF0F5,
	"lawngreen": 0x7CFC00, "lemonchiffon": 0xFFFACD, "lightblue": 0xADD8E6, "lightcoral": 0xF08080, "lightcyan": 0xE0FFFF,
	"lightgoldenrodyellow": 0xFAFAD2, "lightgray": 0xD3D3D3, "lightgreen": 0x90EE90, "lightgrey": 0xD3D3D3, "lightpink": 0xFFB6C1,
	"lightsalmon": 0xFFA07A, "lightseagreen": 0x20B2AA, "lightskyblue": 0x87CEFA, "lightslategray": 0x778899, "lightslategrey": 0x778899,
	"lightsteelblue": 0xB0C4DE, "lightyellow": 0xFFFFE0, "lime": 0x00FF00, "limegreen": 0x32CD32, "linen": 0xFAF0E6,
	"magenta": 0xFF00FF, "maroon": 0x800000, "mediumaquamarine": 0x66CDAA, "mediumblue": 0x0000CD, "mediumorchid": 0xBA55D3,
	"mediumpurple": 0x9370DB, "mediumseagreen": 0x3CB371, "mediumslateblue": 0x7B68EE, "mediumspringgreen": 0x00FA9A, "mediumturquoise": 0x48D1CC,
	"mediumvioletred": 0xC71585, "midnightblue": 0x191970, "mintcream": 0xF5FFFA, "mistyrose": 0xFFE4E1, "moccasin": 0xFFE4B5,
	"navajowhite": 0xFFDEAD, "navy": 0x000080, "oldlace": 0xFDF5E6, "olive": 0x808000, "olivedrab": 0x6B8E23,
	"orange": 0xFFA500, "orangered": 0xFF4500, "orchid": 0xDA70D6, "palegoldenrod": 0xEEE8AA, "palegreen": 0x98FB98,
	"paleturquoise": 0xAFEEEE, "palevioletred": 0xDB7093, "papayawhip": 0xFFEFD5, "peachpuff": 0xFFDAB9, "peru": 0xCD853F,
	"pink": 0xFFC0CB, "plum": 0xDDA0DD, "powderblue": 0xB0E0E6, "purple": 0x800080, "rebeccapurple": 0x663399,
	"red": 0xFF0000, "rosybrown": 0xBC8F8F, "royalblue": 0x4169E1, "saddlebrown": 0x8B4513, "salmon": 0xFA8072,
	"sandybrown": 0xF4A460, "seagreen": 0x2E8B57, "seashell": 0xFFF5EE, "sienna": 0xA0522D, "silver": 0xC0C0C0,
	"skyblue": 0x87CEEB, "slateblue": 0x6A5ACD, "slategray": 0x708090, "slategrey": 0x708090, "snow": 0xFFFAFA,
	"springgreen": 0x00FF7F, "steelblue": 0x4682B4, "tan": 0xD2B48C, "teal": 0x008080, "thistle": 0xD8BFD8,
	"tomato": 0xFF6347, "turquoise": 0x40E0D0, "violet": 0xEE82EE, "wheat": 0xF5DEB3, "white": 0xFFFFFF,
	"whitesmoke": 0xF5F5F5, "yellow": 0xFFFF00, "yellowgreen": 0x9ACD32,
}
