package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"tocsin/internal/incident"
	"tocsin/internal/paper"
)

// Incidents says how fast incidents are to be dealt with, and how their reports are printed.
type Incidents struct {
	SLA   SLA      `koanf:"sla"`
	Fonts []string `koanf:"fonts"` // font files for scripts that the built-in font lacks; empty: those of the system
}

// SLA is the clocks by severity.
type SLA struct {
	High          SLAClock `koanf:"high"`
	Medium        SLAClock `koanf:"medium"`
	Low           SLAClock `koanf:"low"`
	Informational SLAClock `koanf:"informational"`
}

// SLAClock is how long something may take, from when the incident was opened; 0: not measured.
type SLAClock struct {
	Acknowledge time.Duration `koanf:"acknowledge"`
	Resolve     time.Duration `koanf:"resolve"`
}

func defaultIncidents() Incidents {
	c := incident.DefaultClocks()
	return Incidents{
		SLA:   SLA{SLAClock(c[incident.High]), SLAClock(c[incident.Medium]), SLAClock(c[incident.Low]), SLAClock(c[incident.Informational])},
		Fonts: []string{},
	}
}

// clocks are the settings as incidents are measured by them.
func (i Incidents) clocks() incident.Clocks {
	return incident.Clocks{
		incident.High: incident.Clock(i.SLA.High), incident.Medium: incident.Clock(i.SLA.Medium), incident.Low: incident.Clock(i.SLA.Low), incident.Informational: incident.Clock(i.SLA.Informational),
	}
}

func (i Incidents) validate() error {
	if err := i.clocks().Validate(); err != nil {
		return fmt.Errorf("config: incidents.sla: %w", err)
	}
	for _, path := range i.Fonts {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("config: incidents.fonts: %q is no absolute path", path)
		}
		if err := paper.CheckFont(path); err != nil {
			return errors.New("config: incidents.fonts: " + oneLine(err))
		}
	}
	return nil
}

func (i Incidents) printer() *paper.Printer {
	if len(i.Fonts) > 0 {
		return paper.NewPrinter(i.Fonts)
	}
	return paper.NewPrinter(paper.SystemFonts)
}
