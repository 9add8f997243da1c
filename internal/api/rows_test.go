package api

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestTimespan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                    "00:00:00",
		time.Second:                          "00:00:01",
		-time.Minute:                         "-00:01:00",
		25*time.Hour + 1500*time.Millisecond: "1.01:00:01.5000000",
		100 * time.Nanosecond:                "00:00:00.0000001",
		math.MaxInt64:                        "106751.23:47:16.8547758",
	} {
		if got := Timespan(d); got != want {
			t.Errorf("%d ns: %q, want %q", d, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.FixedZone("", 3600))
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, "null"}, {"a", `"a"`}, {int64(math.MaxInt64), "9223372036854775807"}, {true, "true"}, {1.5, "1.5"},
		{math.NaN(), `"NaN"`}, {math.Inf(1), `"Inf"`}, {math.Inf(-1), `"-Inf"`},
		{at, `"2026-01-02T02:04:05.6Z"`}, {json.RawMessage(`{"a":1}`), `{"a":1}`}, {json.RawMessage(nil), "null"},
	} {
		got, err := json.Marshal(Value(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%v: %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}
