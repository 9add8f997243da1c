package native

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// run calls a function as the store does.
func run(t *testing.T, name string, values ...any) any {
	t.Helper()
	f, ok := functions[name]
	if !ok {
		t.Fatalf("no function %s", name)
	}
	out, err := call(name, f.result, f.make(), values)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// list reads an array that a function returned.
func list[T any](t *testing.T, v any) []T {
	t.Helper()
	s, ok := v.(string)
	if !ok {
		t.Fatalf("expected an array, got %v", v)
	}
	var out []T
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return out
}

// TestNothingFails: whatever stands in a row, a function answers, with null or with valid JSON, and with the type it promised.
func TestNothingFails(t *testing.T) {
	values := []any{
		nil, "", "x", "null", "[]", "{}", "[1,2,3]", `["a","b",null]`, `[1,"a",null,{"b":[1]},[2]]`, `{"a":1,"b":{"c":"d"}}`, `[true,false,0,1.5]`,
		`[1e300,-1e300,"NaN","Infinity"]`, "[1,2", `{"a":`, `{"a"`, "[[[[", `"`, `"\`, "[,]", "{,}", "]", "}", `{"a":1`, "\x00", "é日", "$.a.b", "$[", "$.", "$.a['b", "%", "%4",
		"1.2.3.4", "1.2.3.4/24", "::1/128", "fe80::1%eth0", "300.1.1.1", "127.0.0.1 x", "a(b)(c)", "(", "yyyy", "xn--", "=", "AAAA", "US/Pacific", `[0,0,0,0,0,0,0,0,0,0]`,
		`[1,2,1,2,1,2,1,2,1,2,1,2]`, strings.Repeat("[", 3000) + strings.Repeat("]", 3000), strings.Repeat(`{"a":`, 3000) + "1" + strings.Repeat("}", 3000),
		int64(0), int64(1), int64(-1), int64(2), int64(7), int64(64), int64(math.MaxInt64), int64(math.MinInt64), int32(5),
		0.0, 1.5, -3.0, math.NaN(), math.Inf(1), math.Inf(-1), 1e308, true, false, time.Unix(0, 0).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		[]any{1.0, nil, int64(2)}, []any{},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for name, f := range functions {
		fn := f.make()
		for range 3000 {
			row := make([]any, 3+random.IntN(5))
			for i := range row {
				row[i] = values[random.IntN(len(values))]
			}
			start := time.Now()
			out, err := call(name, f.result, fn, row)
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("%s took %v for %q", name, d, row)
			}
			if err != nil && !strings.Contains(err.Error(), "MB") {
				t.Errorf("%s: %v for %q", name, err, row)
				break
			}
			if !promised(f.result, out) && err == nil {
				t.Errorf("%s gave %T %.80v, not %c, for %.200q", name, out, out, f.result, row)
				break
			}
		}
	}
}

func promised(result byte, v any) bool {
	if v == nil {
		return result != 's'
	}
	switch v := v.(type) {
	case string:
		// Parts that came in broken go out broken; nothing that is JSON comes in broken from the store.
		return result == 's' || result == 'd'
	case int64:
		return result == 'l'
	case float64:
		return result == 'n'
	case bool:
		return result == 'b'
	case time.Time:
		return result == 't' && v.Year() >= 0
	}
	return false
}

func TestLargeValuesAreRefused(t *testing.T) {
	large := strings.Repeat("a", 1<<20)
	for name, row := range map[string][]any{
		"strrep":          {large, int64(1024), ""},
		"repeat":          {quote(large), int64(1 << 20)},
		"replace_strings": {large, `["a"]`, `["` + large + `"]`},
		"array_iff":       {"[" + strings.Repeat("1,", 1000) + "1]", quote(large), "1"},
	} {
		f := functions[name]
		if _, err := call(name, f.result, f.make(), row); err == nil || !strings.Contains(err.Error(), "more than 16 MB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func numbers(list []float64) string {
	return reals(list)
}

// traffic is Kusto's example: requests to an application, twice a day for a month, with a period of a week.
const traffic = "[80,139,87,110,68,54,50,51,53,133,86,141,97,156,94,149,95,140,77,61,50,54,47,133,72,152,94,148,105,162,101,160,87,63,53,55,54,151,103,189,108,183,113,175,113,178,90,71,62,62,65,165,109,181,115,182,121,178,114,170]"

// Kusto docs: "series_periods_detect()", "series_periods_validate()".
func TestPeriods(t *testing.T) {
	got := list[[]float64](t, run(t, "series_periods_detect", traffic, 0.0, 50.0, int64(2)))
	if got[0][0] != 14 || got[0][1] != 0 || math.Round(got[1][0]*100) != 84 || got[1][1] != 0 {
		t.Errorf("periods and scores %v", got)
	}
	got = list[[]float64](t, run(t, "series_periods_validate", traffic, 14.0, 10.0))
	if got[0][0] != 14 || got[0][1] != 10 || math.Round(got[1][0]*100) != 84 || got[1][1] != 0 {
		t.Errorf("periods and scores %v", got)
	}
	// A day and a week in hours: both are found.
	var hours []float64
	for h := range 24 * 7 * 5 {
		f := 10 + 5*math.Sin(float64(h)/24*2*math.Pi)
		if h/24%7 >= 5 {
			f -= 6
		}
		hours = append(hours, f)
	}
	got = list[[]float64](t, run(t, "series_periods_detect", numbers(hours), 4.0, 400.0, int64(2)))
	if (got[0][0] != 168 || got[0][1] != 24) && (got[0][0] != 24 || got[0][1] != 168) {
		t.Errorf("periods and scores %v", got)
	}
}

// weeks is the example of Kusto's "series_decompose_anomalies()" without its noise: hours of five weeks, with outliers, and a trend of
// so much an hour.
func weeks(trend float64) (y []float64, outliers map[int]int) {
	outliers = map[int]int{150: -1, 200: -1, 780: -1, 300: 1, 400: 1, 600: 1}
	for h := 1; h <= 24*7*5; h++ {
		f := 15.0
		if h/24%7 >= 5 {
			f = 10
		}
		d := float64(h%24) / 10
		f += -d*d + trend*float64(h) + 0.3*math.Sin(float64(h*h)) // instead of noise
		f += 8 * float64(outliers[h])
		y = append(y, f)
	}
	return y, outliers
}

func TestAnomaliesOfTheDocumentation(t *testing.T) {
	for _, c := range []struct {
		trend float64
		kind  string
	}{{0, "avg"}, {1.0 / 72, "linefit"}} {
		y, outliers := weeks(c.trend)
		got := list[[]float64](t, run(t, "series_decompose_anomalies", numbers(y), 2.5, int64(-1), c.kind))
		if len(got) != 3 {
			t.Fatalf("%d series", len(got))
		}
		for i, flag := range got[0] {
			if want := outliers[i+1]; int(flag) != want && want != 0 {
				t.Errorf("%s: the outlier at %d is %v, score %v, baseline %v of %v", c.kind, i+1, flag, got[1][i], got[2][i], y[i])
			} else if want == 0 && flag != 0 && math.Abs(got[1][i]) > 5 {
				t.Errorf("%s: %d is no outlier: score %v", c.kind, i+1, got[1][i])
			}
		}
	}
}

// Kusto docs: "series_decompose()": the parts add up, and components that are turned off are zero.
func TestDecompose(t *testing.T) {
	y, _ := weeks(1.0 / 72)
	got := list[[]float64](t, run(t, "series_decompose", numbers(y), int64(168), "linefit"))
	for i := range y {
		if math.Abs(got[0][i]-got[1][i]-got[2][i]) > 1e-9 || math.Abs(got[0][i]+got[3][i]-y[i]) > 1e-9 {
			t.Fatalf("%d: %v is not %v + %v, or with %v not %v", i, got[0][i], got[1][i], got[2][i], got[3][i], y[i])
		}
	}
	got = list[[]float64](t, run(t, "series_decompose", "[1.0,2.0,3.0]", int64(0), "none"))
	if got[0][2] != 0 || got[3][2] != 3 {
		t.Errorf("without season and trend: %v", got)
	}
	got = list[[]float64](t, run(t, "series_decompose", "[1,3,5,1,3,5,2,4,6]", int64(3), "none"))
	if got[1][0] != 1 || got[1][8] != 5 {
		t.Errorf("the season of a given period: %v", got[1])
	}
	if got := run(t, "series_decompose", "[1,2]", int64(0), "none", int64(2)); got != nil {
		t.Errorf("nothing to learn from gives %v", got)
	}
}

// Kusto docs: "series_decompose_forecast()": the last points are not learned from, and foretold.
func TestForecast(t *testing.T) {
	y, _ := weeks(0)
	for i := range 24 * 7 {
		y[len(y)-1-i] = 1000
	}
	got := list[[]float64](t, run(t, "series_decompose_forecast", numbers(y), int64(24*7)))
	for i := range 24 * 7 {
		at := len(y) - 1 - i
		if math.Abs(got[0][at]-y[at-168]) > 9 {
			t.Fatalf("%d: %v is foretold after %v", at, got[0][at], y[at-168])
		}
	}
}

// A constant series has no anomalies, not even those of rounding.
func TestNothingIsNoAnomaly(t *testing.T) {
	y := make([]float64, 50)
	for i := range y {
		y[i] = 0.1
	}
	got := list[[]float64](t, run(t, "series_decompose_anomalies", numbers(y)))
	for i, flag := range got[0] {
		if flag != 0 {
			t.Errorf("%d: %v", i, flag)
		}
	}
}

func TestStatistics(t *testing.T) {
	got := list[float64](t, run(t, "series_stats", "[23,46,23,87,4,8,3,75,2,56,13,75,32,16,29]"))
	for i, want := range []float64{2, 8, 87, 3, 32.8, 28.503633853548269, 812.45714285714291} {
		if math.Abs(got[i]-want) > 1e-9 {
			t.Errorf("element %d is %v, not %v", i, got[i], want)
		}
	}
}
