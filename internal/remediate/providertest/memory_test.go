package providertest

import (
	"testing"
	"time"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) System {
		m := NewMemory("bo@own.example")
		return System{Provider: m, Address: "bo@own.example", Nobody: "nobody@own.example", Other: "Projects",
			Put: func(_ *testing.T, folder string, raw []byte, flags []string, received time.Time) {
				m.Deliver("bo@own.example", folder, raw, flags, received)
			},
			Look:  func(*testing.T) []Held { return m.Look("bo@own.example") },
			Renew: func(_ *testing.T, folder string) { m.Renew("bo@own.example", folder) }}
	})
}
