package detect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"tocsin/internal/detect"
	"tocsin/internal/email"
)

var update = flag.Bool("update", false, "write golden files")

// scanFields are the keys that scripts rely on, in their order (docs of `tocsin scan --json`).
var scanFields = []string{"file", "network_message_id", "internet_message_id", "subject", "sender_from", "threat_types", "phish_confidence", "score",
	"detection_technologies", "signals", "urls", "attachments", "defects", "parse_ms", "judge_ms"}

func TestScanResult(t *testing.T) {
	judge := detect.NewJudge(detect.Options{})
	c := &detect.Context{Message: email.Parse(nil, email.Limits{}), Direction: detect.Inbound}
	b, err := detect.NewScanResult("a.eml", "", c, judge.Judge(context.Background(), c), 1500*time.Microsecond, 0).AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("null")) {
		t.Errorf("a list is null: %s", b)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	var keys []string
	depth := 0
	for expectKey := false; ; {
		tok, err := dec.Token()
		if err != nil {
			break
		}
		if d, ok := tok.(json.Delim); ok {
			if d == '{' || d == '[' {
				depth++
			} else {
				depth--
			}
			expectKey = depth == 1
			continue
		}
		if depth == 1 {
			if expectKey {
				keys = append(keys, tok.(string))
			}
			expectKey = !expectKey
		}
	}
	if strings.Join(keys, " ") != strings.Join(scanFields, " ") {
		t.Errorf("keys %v", keys)
	}
	if !bytes.Contains(b, []byte(`"parse_ms":1.5`)) {
		t.Errorf("milliseconds: %s", b)
	}
}

func TestScanResultEscapes(t *testing.T) {
	subject := "a\u202eb\x1b[31m\u009b\u200b<&>\U000e0041ü\x7f"
	r := detect.ScanResult{Subject: subject}
	b, err := r.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range string(b) {
		if unicode.IsControl(c) || c == 0x202e || c == 0x200b || c == 0xe0041 {
			t.Errorf("%U stands in the output: %s", c, b)
		}
	}
	if !bytes.Contains(b, []byte("<&>")) || !bytes.Contains(b, []byte("ü")) {
		t.Errorf("harmless characters were escaped: %s", b)
	}
	var back detect.ScanResult
	if err := json.Unmarshal(b, &back); err != nil || back.Subject != subject {
		t.Errorf("%q came back as %q (%v)", subject, back.Subject, err)
	}
}

// TestExplain compares explanations with testdata/explain/*.golden (-update writes them).
func TestExplain(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t), Indicators: testIndicators(t)})
	policy := detect.DefaultPolicy()
	policy.Mode = detect.Act
	want := map[string]bool{"brand-name-foreign": true, "wording-alone": true, "authenticated-brand": true, "junk": true, "rtl-name": true}
	for _, vc := range readCases(t) {
		if !want[vc.name] {
			continue
		}
		delete(want, vc.name)
		c := vc.context()
		v := judge.Judge(context.Background(), c)
		var out bytes.Buffer
		if err := detect.Explain(&out, c, v, policy.Decide(v, c)); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && unicode.IsControl(r) || r == 0x202e {
				t.Errorf("%s: %U in the explanation", vc.name, r)
			}
		}
		file := filepath.Join("testdata", "explain", vc.name+".golden")
		if *update {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if out.String() != string(golden) {
			t.Errorf("%s differs from %s (run with -update and look at the change):\n%s", vc.name, file, out.String())
		}
	}
	for name := range want {
		t.Errorf("no case %s", name)
	}
}
