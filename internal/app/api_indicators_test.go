package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/indicator"
)

// linked is a message with a link.
func linked(subject, from, link string) []byte {
	return letter("From: Ann Sender <"+from+">", "To: bob@harbour.test", "Subject: "+subject, "Message-ID: <"+strings.ReplaceAll(subject, " ", "-")+"@sender.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000", "", "See "+link+" please.")
}

func upkept(_ *app.Config, o *app.Options) { o.Upkeep, o.Settle = true, 10*time.Millisecond }

// An indicator that somebody adds is found in mail that was delivered before, that mail alone is judged again, an alert is raised, and the
// link to Explorer shows as many events as the sighting says.
func TestIndicatorReachesDeliveredMail(t *testing.T) {
	t.Parallel()
	s := open(t, acting, upkept)
	operator, reader := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityReader)
	bad := s.take(t, linked("your parcel", "ann@sender.test", "https://www.parcel-desk.test/track?id=7"), "bob@harbour.test", "cat@harbour.test")
	s.take(t, linked("minutes", "eve@other.test", "https://docs.other.test/minutes"), "bob@harbour.test")

	add := api.NewIndicators{Indicators: []api.IndicatorDraft{{Value: "parcel-desk[.]test"}, {Value: "harbour.test"}, {Value: "no indicator"}}, Threat: "Parcel Kit", Confidence: 90, Reason: "ticket 7"}
	reader.post(t, "/indicators", add).problem(http.StatusForbidden)
	tries := ok[api.IndicatorTries](operator.post(t, "/indicators/try", add)).Tries
	if len(tries) != 3 || tries[0].Seen.Events != 2 || tries[0].Seen.Messages != 1 || tries[0].Held != "" || !strings.Contains(tries[1].Held, "own domain") || tries[2].Refused == "" {
		t.Fatalf("%+v", tries)
	}
	if got := s.kql(t, postDelivery); len(got) != 0 {
		t.Fatalf("trying did something: %q", got)
	}
	added := ok[api.IndicatorsAdded](operator.post(t, "/indicators", add))
	if added.Added != 2 || added.Held != 1 || len(added.Refused) != 1 || added.IDs[2] != 0 {
		t.Fatalf("%+v", added)
	}
	comes(t, "the delivered message is not taken out", func() bool { return len(s.kql(t, postDelivery)) == 2 })
	if got := s.kql(t, `EmailPostDeliveryEvents | distinct NetworkMessageId, ActionTrigger`); len(got) != 1 || !strings.Contains(got[0], bad) {
		t.Errorf("%q", got)
	}
	var h api.RetroHunt
	comes(t, "the search does not end", func() bool {
		h = ok[api.RetroHunts](reader.get(t, "/retro-hunts")).Hunts[0]
		return h.State == "done"
	})
	if !h.Automatic || h.Counts.Hits != 1 || h.Counts.Messages != 1 || h.Counts.Events != 2 || h.Counts.People != 2 || h.Run == "" || h.Alert == "" || h.Progress != 1 {
		t.Errorf("%+v", h)
	}
	run := ok[api.JudgingRun](reader.get(t, "/rejudge/"+h.Run))
	if run.Counts.Total != 1 {
		t.Errorf("%d messages were judged again, want the one that was found", run.Counts.Total)
	}
	seen := ok[api.Sightings](reader.get(t, "/retro-hunts/"+h.ID+"/sightings")).Sightings
	if len(seen) != 1 || seen[0].Indicator != added.IDs[0] || seen[0].Events != 2 || seen[0].People != 2 {
		t.Fatalf("%+v", seen)
	}
	if n := ok[api.Count](reader.get(t, "/explorer/count", "q", seen[0].Explorer.Q, "from", seen[0].Explorer.From.Format(time.RFC3339Nano), "to", seen[0].Explorer.To.Format(time.RFC3339Nano))).Events; n != seen[0].Events {
		t.Errorf("Explorer shows %d, the sighting says %d", n, seen[0].Events)
	}
	if a := ok[api.AlertDetail](reader.get(t, "/alerts/"+h.Alert)); a.Source != "Retro-hunt" || a.Count != 2 || a.Link != "/intelligence/retro-hunts?hunt="+h.ID || a.Explorer == nil {
		t.Errorf("%+v", a)
	}
	// The claim names source and threat, the evidence how sure it is; new mail is judged so at once.
	fresh := s.take(t, linked("your parcel again", "ann@sender.test", "http://parcel-desk.test/"), "bob@harbour.test")
	verdict := ok[api.Email](reader.get(t, "/emails/"+fresh)).Verdict
	said, _ := json.Marshal(verdict.Signals)
	if !strings.Contains(string(said), "known-bad domains (manual: Parcel Kit)") || !strings.Contains(string(said), "confidence 90") || !slices.Contains(verdict.ThreatNames, "Parcel Kit") {
		t.Errorf("%s %v", said, verdict.ThreatNames)
	}
	// A filter is asked for as it stands in an address; what comes out as a file can be read in again.
	if p := ok[api.IndicatorPage](reader.get(t, "/indicators", "now", "held", "kind", "domain", "text", "harbour")); len(p.Indicators) != 1 || p.Indicators[0].Value != "harbour.test" {
		t.Errorf("%+v", p)
	}
	// Retired, it matches nothing, and what it had touched is judged again.
	ok[api.IndicatorPage](operator.send(t, http.MethodPut, "/indicators", api.IndicatorChange{IDs: added.IDs[:1], State: "retired", Reason: "a customer after all"}))
	comes(t, "what was flagged stays flagged", func() bool {
		return slices.Equal(s.kql(t, `EmailEvents | where Subject == "your parcel" | distinct LatestThreatTypes`), []string{""})
	})
	detail := ok[api.IndicatorDetail](reader.get(t, "/indicators/"+strconv.FormatInt(added.IDs[0], 10)))
	if len(detail.History) != 2 || detail.History[1].What != "retired" || detail.History[1].Note != "a customer after all" || detail.Now != "retired" {
		t.Errorf("%+v", detail)
	}
}

// dying is a store of searches that dies once: before or after it saved.
type dying struct {
	indicator.HuntStore
	left  int
	after bool
}

var errDied = errors.New("died")

func (d *dying) SaveHunt(ctx context.Context, h indicator.Hunt, found []indicator.Found, seen []indicator.Sighting) (bool, error) {
	if d.left--; d.left == 0 && !d.after {
		return false, errDied
	}
	cancel, err := d.HuntStore.SaveHunt(ctx, h, found, seen)
	if err == nil && d.left == 0 {
		err = errDied
	}
	return cancel, err
}

// A search that dies between any two pieces goes on, and finds what one finds that was left alone.
func TestRetroHuntGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, shop := range []string{"a", "b", "c"} {
		s.take(t, linked("offer "+shop, "sales@shop-"+shop+".test", "https://landing.shop-"+shop+".test/x?y=1"), "bob@harbour.test", "cat@harbour.test")
	}
	_, ids, err := s.Indicators().Add(t.Context(), indicator.Who{Name: "x"}, "", []indicator.Indicator{{Value: "shop-a.test"}, {Value: "sales@shop-c.test"}, {Value: "https://landing.shop-b.test/x"}, {Value: "nowhere.test"}})
	if err != nil {
		t.Fatal(err)
	}
	hunts, now := s.Cases().RetroHunts(), s.clock.now()
	work := func(n int, after bool) (h indicator.Hunt, died bool) {
		id := fmt.Sprintf("hunt-%03d-%v", n, after)
		spec := indicator.HuntSpec{IDs: ids, Since: now.Add(-48 * time.Hour), Until: now.Add(time.Hour)}
		if err := s.Cases().InTx(t.Context(), func(tx *sql.Tx) error { return hunts.AddHunt(t.Context(), tx, indicator.Hunt{ID: id, Spec: spec}) }); err != nil {
			t.Fatal(err)
		}
		seeker := *s.Seeker()
		seeker.Rejudge, seeker.Alert = nil, nil
		seeker.Store = &dying{hunts, n, after}
		_, err := seeker.Work(t.Context(), id)
		if died = errors.Is(err, errDied); died {
			seeker.Store = hunts
			_, err = seeker.Work(t.Context(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		if h, err = hunts.Hunt(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		seen, err := hunts.Sightings(t.Context(), id, 0, 100)
		if err != nil || len(seen) != 3 {
			t.Errorf("died %d %v: %d sightings, %v", n, after, len(seen), err)
		}
		return h, died
	}
	for n := 1; ; n += 3 {
		for _, after := range []bool{false, true} {
			h, died := work(n, after)
			if c := h.Counts; h.State != indicator.Done || c.Hits != 3 || c.Messages != 3 || c.Events != 6 || c.People != 2 {
				t.Errorf("died %d %v: %s %+v", n, after, h.State, c)
			}
			if !died && after {
				if n < 10 {
					t.Errorf("it was over after %d pieces", n)
				}
				return
			}
		}
	}
}
