package preview

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/url"
	"strings"
)

// A few KB of PNG can unfold into gigabytes of memory, so the area is bounded, of one picture and of all.
const (
	maxPixels    = 20_000_000
	maxAllPixels = 60_000_000
	maxSide      = 16_000
)

// inline makes the data: address of a cid: or data: picture; why says in a few words why not.
func (r *renderer) inline(src string) (data, why string) {
	src = strings.TrimSpace(src)
	var content []byte
	if len(src) > 4 && strings.EqualFold(src[:4], "cid:") {
		var ok bool
		if content, ok = r.related(src[4:]); !ok {
			return "", "not in the message"
		}
	} else if content, why = dataURL(src, r.o.MaxImage); why != "" {
		return "", why
	}
	if len(content) > r.o.MaxImage {
		return "", "too large"
	}
	format, width, height := raster(content)
	switch {
	case format == "":
		return "", "not a picture"
	case width <= 0 || height <= 0 || width > maxSide || height > maxSide || width*height > maxPixels || r.pixels+width*height > maxAllPixels:
		return "", "too large an area"
	}
	size := base64.StdEncoding.EncodedLen(len(content))
	if r.images+size > r.limit/2 || r.out.Len()+r.css.Len()+size > r.limit {
		return "", "no room left"
	}
	r.images += size
	r.pixels += width * height
	return "data:image/" + format + ";base64," + base64.StdEncoding.EncodeToString(content), ""
}

// related finds the part with the Content-ID (RFC 2392).
func (r *renderer) related(cid string) ([]byte, bool) {
	if un, err := url.PathUnescape(cid); err == nil {
		cid = un
	}
	for _, p := range r.m.Parts {
		if p.ContentID != "" && strings.EqualFold(p.ContentID, cid) {
			return p.Content, true
		}
	}
	return nil, false
}

// dataURL decodes a base64 data: address (RFC 2397). The media type it claims does not count; its content does.
func dataURL(s string, most int) (content []byte, why string) {
	head, body, ok := strings.Cut(s, ",")
	if !ok || !strings.HasSuffix(strings.ToLower(strings.TrimSpace(head)), ";base64") {
		return nil, "unreadable"
	}
	if len(body) > 2*most {
		return nil, "too large"
	}
	if strings.Contains(body, "%") {
		var err error
		if body, err = url.PathUnescape(body); err != nil {
			return nil, "unreadable"
		}
	}
	body = strings.Map(func(c rune) rune {
		if c <= ' ' || c == '=' {
			return -1
		}
		return c
	}, body)
	content, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		return nil, "unreadable"
	}
	return content, ""
}

// raster recognises PNG, JPEG, GIF and WebP by their content, "" for anything else. It asks each decoder by itself: which formats the
// image package knows depends on what else is linked into the program.
func raster(b []byte) (format string, width, height int) {
	var c image.Config
	var err error
	switch {
	case len(b) > 30 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		width, height = webpSize(b)
		return "webp", width, height
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		format = "png"
		c, err = png.DecodeConfig(bytes.NewReader(b))
	case bytes.HasPrefix(b, []byte("\xff\xd8")):
		format = "jpeg"
		c, err = jpeg.DecodeConfig(bytes.NewReader(b))
	case bytes.HasPrefix(b, []byte("GIF8")):
		format = "gif"
		c, err = gif.DecodeConfig(bytes.NewReader(b))
	}
	if err != nil {
		return "", 0, 0
	}
	return format, c.Width, c.Height
}

// webpSize reads the canvas size of the three kinds of WebP (RFC 9649 section 2).
func webpSize(b []byte) (w, h int) {
	switch string(b[12:16]) {
	case "VP8 ":
		if b[23] != 0x9D || b[24] != 0x01 || b[25] != 0x2A {
			return 0, 0
		}
		return int(binary.LittleEndian.Uint16(b[26:]) & 0x3FFF), int(binary.LittleEndian.Uint16(b[28:]) & 0x3FFF)
	case "VP8L":
		if b[20] != 0x2F {
			return 0, 0
		}
		v := binary.LittleEndian.Uint32(b[21:])
		return int(v&0x3FFF) + 1, int(v>>14&0x3FFF) + 1
	case "VP8X":
		return int(b[24]) | int(b[25])<<8 | int(b[26])<<16 + 1, int(b[27]) | int(b[28])<<8 | int(b[29])<<16 + 1
	}
	return 0, 0
}
