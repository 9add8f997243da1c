package scan

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

const (
	minSide     = 24 // pixels; the smallest code has 21 modules
	maxPictures = 60 // decoded of one message
)

// codec decodes one picture format. Only the first frame of an animation is looked at.
type codec struct {
	config func(b []byte) (image.Config, error)
	decode func(b []byte) (image.Image, error)
	pixels int // of the picture at hand, by its header
}

// codecOf returns the codec of a kind (email.Attachment.Kind).
func codecOf(kind string) (c codec, ok bool) {
	switch kind {
	case "png":
		return codec{config: func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) },
			decode: func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }}, true
	case "jpg":
		return codec{config: func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) },
			decode: func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }}, true
	case "gif":
		return codec{config: func(b []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(b)) },
			decode: func(b []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(b)) }}, true
	case "bmp":
		return codec{config: func(b []byte) (image.Config, error) { return bmp.DecodeConfig(bytes.NewReader(b)) },
			decode: func(b []byte) (image.Image, error) { return bmp.Decode(bytes.NewReader(b)) }}, true
	case "webp":
		return codec{config: func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) },
			decode: func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }}, true
	}
	return codec{}, false
}

// openPicture looks for QR codes in a picture.
func openPicture(s *session, f *file) {
	s.look(f, f.Kind, f.content)
}

// look decodes one picture and reads the codes in it.
func (s *session) look(f *file, kind string, content []byte) {
	c, ok := s.header(f, kind, content)
	if !ok {
		return
	}
	if c.pixels >= largePicture {
		late := time.NewTimer(time.Until(s.deadline))
		defer late.Stop()
		select {
		case large <- struct{}{}:
			defer func() { <-large }()
		case <-s.ctx.Done():
		case <-late.C:
		}
		if s.over() {
			return
		}
	}
	if img := s.picture(f, c, content); img != nil {
		s.codesIn(f, img)
	}
}

// large holds whoever has a large picture in memory: one at a time, for each takes up to a hundred megabytes.
var large = make(chan struct{}, 1)

// largePicture is the number of pixels from which a picture is large.
const largePicture = 4_000_000

// header looks at the header of a picture: false when it is too small to hold a code, too large to decode (a defect), broken, or when the
// message has had its share.
func (s *session) header(f *file, kind string, content []byte) (c codec, ok bool) {
	c, ok = codecOf(kind)
	if !ok || s.over() {
		return c, false
	}
	conf, err := c.config(content)
	if err != nil {
		s.defect("file-picture-broken", f.way)
		return c, false
	}
	if conf.Width < minSide || conf.Height < minSide {
		return c, false
	}
	c.pixels = conf.Width * conf.Height
	return c, s.takePixels(f, conf, isProgressive(kind, content))
}

// picture decodes a picture whose header is good; nil when the rest is broken.
func (s *session) picture(f *file, c codec, content []byte) image.Image {
	img, err := c.decode(content)
	if img == nil || err != nil && img.Bounds().Empty() {
		s.defect("file-picture-broken", f.way)
		return nil
	}
	return img
}

// takePixels says whether a picture may be decoded, by what its header says. A pixel costs what it takes in memory, four octets being
// usual: 16 bits a channel count double, the coefficients of a progressive JPEG (kept until the end) four times.
func (s *session) takePixels(f *file, c image.Config, progressive bool) bool {
	pixels := int64(c.Width) * int64(c.Height)
	cost := pixels
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		cost *= 2
	}
	if progressive {
		cost *= 4
	}
	if cost > int64(s.lim.Pixels) {
		s.defect("file-limit-pixels", fmt.Sprintf("%s: %d by %d", f.way, c.Width, c.Height))
		return false
	}
	if s.pixels+pixels > 4*int64(s.lim.Pixels) || s.pictures >= maxPictures {
		s.defect("file-limit-pixels", "")
		return false
	}
	s.pictures++
	s.pixels += pixels
	return true
}

// isProgressive finds the frame header of a JPEG (ITU T.81 annex B.2.2): SOF2 is progressive.
func isProgressive(kind string, b []byte) bool {
	if kind != "jpg" {
		return false
	}
	for i := 2; i+4 <= len(b) && b[i] == 0xFF; {
		m := b[i+1]
		switch {
		case m == 0xFF:
			i++
			continue
		case m == 0xC2:
			return true
		case m == 0xC0 || m == 0xC1 || m == 0xDA:
			return false
		}
		i += 2 + int(b[i+2])<<8 + int(b[i+3])
	}
	return false
}

// pictureKind tells the format of a picture by its first octets.
func pictureKind(b []byte) string {
	for _, m := range [...][2]string{{"\x89PNG", "png"}, {"\xFF\xD8\xFF", "jpg"}, {"GIF8", "gif"}, {"BM", "bmp"}, {"RIFF", "webp"}} {
		if bytes.HasPrefix(b, []byte(m[0])) {
			return m[1]
		}
	}
	return ""
}
