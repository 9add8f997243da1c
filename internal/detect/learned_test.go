package detect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/detect/model"
	"tocsin/internal/email"
)

// taughtModel is trained on the cases of testdata/verdicts themselves: what is flagged is bad, and so is what says "learned: bad". Each
// counts many times, from as many senders.
func taughtModel(t testing.TB) *model.Model {
	t.Helper()
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t), Indicators: testIndicators(t), Features: true})
	var all []model.Example
	for _, vc := range readCases(t) {
		v := judge.Judge(context.Background(), vc.context())
		if v.Features == nil {
			t.Fatalf("%s has no features", vc.name)
		}
		bad := v.Is(detect.Phish) || vc.keys["learned"] == "bad"
		for i := range 12 {
			all = append(all, model.Example{Key: fmt.Sprint(vc.name, i), Group: fmt.Sprint(vc.name, i), Vector: v.Features, Bad: bad, Weight: 1})
		}
	}
	m, err := model.Train(all, model.Options{Threat: "Phish", Trained: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func findSignal(v detect.Verdict, id string) *detect.Signal {
	for i := range v.Signals {
		if v.Signals[i].ID == id {
			return &v.Signals[i]
		}
	}
	return nil
}

// TestLearnedStaysInBounds judges every case with a model: it never speaks of malware, never flags alone, and never takes back strong
// evidence; without it everything is as before.
func TestLearnedStaysInBounds(t *testing.T) {
	with := detect.NewJudge(detect.Options{Rules: shippedRules(t), Indicators: testIndicators(t)})
	without := detect.NewJudge(detect.Options{Rules: shippedRules(t), Indicators: testIndicators(t)})
	m := taughtModel(t)
	with.SetModel(detect.Phish, m)
	with.SetModel(detect.Malware, m) // not a threat that can be learned
	if with.Model(detect.Phish) != m || with.Model(detect.Malware) != nil || with.Model(detect.Spam) != nil {
		t.Fatal("models are kept for Phish and Spam")
	}
	for _, vc := range readCases(t) {
		before, after := without.Judge(context.Background(), vc.context()), with.Judge(context.Background(), vc.context())
		checkSums(t, after)
		if before.Scores[detect.Malware] != after.Scores[detect.Malware] {
			t.Errorf("%s: malware went from %d to %d", vc.name, before.Scores[detect.Malware], after.Scores[detect.Malware])
		}
		if s := findSignal(after, "learned"); s != nil {
			if s.Weight >= detect.FlagScore || s.Weight <= 0 || s.Threat != detect.Phish {
				t.Errorf("%s: %+v", vc.name, s)
			}
			if !strings.Contains(s.Evidence, "mostly by: ") || strings.HasSuffix(s.Evidence, "by: ") {
				t.Errorf("%s: no reasons in %q", vc.name, s.Evidence)
			}
		}
		if s := findSignal(after, "learned-ordinary"); s != nil {
			if s.Weight < -8 || before.Scores[detect.Phish] >= 60 {
				t.Errorf("%s: %d points against a score of %d", vc.name, s.Weight, before.Scores[detect.Phish])
			}
		}
	}
	with.SetModel(detect.Phish, nil)
	for _, vc := range readCases(t) {
		if a, b := ids(with.Judge(context.Background(), vc.context())), ids(without.Judge(context.Background(), vc.context())); a != b {
			t.Errorf("%s: after the model was taken away %s, want %s", vc.name, a, b)
		}
	}
}

// TestFeaturesOfManyLinks: how a link is made counts when most are made so, and what detectors find in many of them counts once.
func TestFeaturesOfManyLinks(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t), Features: true})
	features := func(links ...string) model.Vector {
		raw := "From: News <news@paper.example>\r\nTo: you@org.example\r\nSubject: This week\r\nMessage-ID: <a1@paper.example>\r\n" +
			"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nHello,\r\n" + strings.Join(links, "\r\n") + "\r\n"
		return judge.Judge(context.Background(), &detect.Context{Message: email.Parse([]byte(raw), email.Limits{})}).Features
	}
	long := "https://www.shop.example/" + strings.Repeat("offer/", 20)
	short := func(i int) string { return fmt.Sprintf("https://www.site%c.example/news", 'a'+i) }
	x := model.NewFeature(model.Links, model.Raises, "long links", "")
	if !features(long).Has(x) || !features(long, short(0)).Has(x) {
		t.Error("half of the links are long")
	}
	if features(long, short(0), short(1)).Has(x) {
		t.Error("one link of three is long")
	}
	var nested []string
	for i := range 8 {
		nested = append(nested, fmt.Sprintf("https://www.site%c.example/go?url=https://www.there%c.example/", 'a'+i, 'a'+i))
	}
	if features(nested...).Has(model.NewFeature(model.Signals, model.Proves, "points for phishing", "40 or more")) {
		t.Error("one kind of finding was counted for each link")
	}
}

// BenchmarkLearned measures what a model costs on top of judging, a message.
func BenchmarkLearned(b *testing.B) {
	cases := readCases(b)
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("model=%v", with), func(b *testing.B) {
			judge := detect.NewJudge(detect.Options{})
			if with {
				judge.SetModel(detect.Phish, taughtModel(b))
			}
			contexts := make([]*detect.Context, len(cases))
			for i := range cases {
				contexts[i] = cases[i].context()
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				judge.Judge(context.Background(), contexts[i%len(contexts)])
			}
		})
	}
}
