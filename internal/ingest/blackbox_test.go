package ingest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tocsin/internal/detect"
)

const deadlyDir = "TOCSIN_TEST_DEADLY_DIR"

// deadly ends the process at mail that says "deadly".
type deadly struct{}

func (deadly) Judge(ctx context.Context, c *detect.Context) detect.Verdict {
	if strings.Contains(c.Message.Subject, "deadly") {
		os.Exit(3)
	}
	return wordJudge{}.Judge(ctx, c)
}

// TestJudgeDeadly is no test of its own: it is the process that TestDeadly lets die.
func TestJudgeDeadly(t *testing.T) {
	dir := os.Getenv(deadlyDir)
	if dir == "" {
		t.Skip("run by TestDeadly in a process of its own")
	}
	h := build(t, dir, func(c *PipelineConfig, _ *IntakeOptions) { c.Judge, c.Judging = deadly{}, dir+"/judging" })
	h.start(t)
	h.settle(t)
}

// One message ends the process that judges it. It costs as many processes as may be spent on it, and no other message.
func TestDeadly(t *testing.T) {
	dir := t.TempDir()
	h := build(t, dir)
	for i := range 200 {
		raw := letter(i)
		if i == 100 {
			raw = []byte(strings.Replace(string(raw), "Subject: ", "Subject: deadly ", 1))
		}
		if _, err := h.intake.Accept(t.Context(), raw, Envelope{}); err != nil {
			t.Fatal(err)
		}
	}
	h.close(t)

	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for died := 0; ; died++ {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run", "^TestJudgeDeadly$")
		cmd.Env = append(os.Environ(), deadlyDir+"="+dir)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err == nil {
			if died != maxSuspicions {
				t.Errorf("the process died %d times, want %d", died, maxSuspicions)
			}
			if n := strings.Count(string(out), "can't be judged"); n > 1 {
				t.Errorf("%d messages were given up, want one:\n%s", n, out)
			}
			break
		}
		if !errors.As(err, &exit) || exit.ExitCode() != 3 || died > maxSuspicions {
			t.Fatalf("after %d deaths: %v\n%s", died, err, out)
		}
	}
	h = build(t, dir)
	var undone, given int
	err = h.ledger.Reader().QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE done_at = 0), count(*) FILTER (WHERE suspect >= ?) FROM messages`, maxSuspicions).Scan(&undone, &given)
	if err != nil || undone != 0 || given != 1 {
		t.Errorf("%d messages undone, %d given up, want 0 and 1: %v", undone, given, err)
	}
}
