package hunt

import "tocsin/internal/event"

// withheld says why somebody who may not read messages may not read a column: what quotes them is part of them.
func withheld(c *event.Column) string {
	if !c.Content {
		return ""
	}
	return c.Name + " quotes what stands in messages; reading it needs the permission email.preview, which the role Preview gives"
}
