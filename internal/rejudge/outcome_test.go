package rejudge

import (
	"testing"

	"tocsin/internal/detect"
)

func TestWhatIsDoneAboutDeliveredMail(t *testing.T) {
	act := detect.DefaultPolicy()
	act.Mode = detect.Act
	d := func(change func(*detect.Decision)) detect.Decision {
		out := detect.Decision{Treatment: detect.Deliver}
		change(&out)
		return out
	}
	phish := d(func(d *detect.Decision) { d.Treatment, d.Policy = detect.ToQuarantine, "Antispam phishing" })
	spam := d(func(d *detect.Decision) { d.Treatment, d.Policy = detect.Junk, "Antispam" })
	malware := d(func(d *detect.Decision) { d.Treatment, d.Policy = detect.Reject, "Antimalware" })
	watched := d(func(d *detect.Decision) {
		d.Treatment, d.Policy, d.Watched = detect.ToQuarantine, "Anti-phishing spoof", true
	})
	url := d(func(d *detect.Decision) {
		d.Treatment, d.Policy, d.OrgLevelAction, d.OrgLevelKind = detect.ToQuarantine, "Allow/block list", "Block", "url"
	})
	file := d(func(d *detect.Decision) {
		d.Treatment, d.Policy, d.OrgLevelAction, d.OrgLevelKind = detect.ToQuarantine, "Allow/block list", "Block", "file"
	})
	allowed := d(func(d *detect.Decision) { d.Policy, d.OrgLevelAction = "Allow/block list", "Allow" })
	user := d(func(d *detect.Decision) { d.Treatment, d.UserLevelAction = detect.Junk, "Block" })
	clean := d(func(*detect.Decision) {})
	const inbox, junk, quarantine, outside = "Inbox/folder", "Junk folder", "Quarantine", "On-premises/external"
	for _, c := range []struct {
		name                       string
		d                          detect.Decision
		place                      string
		kind, action, actionResult string
	}{
		{"phish in the inbox", phish, inbox, "Phish ZAP", "Moved to quarantine", "Pending"},
		{"phish in junk", phish, junk, "Phish ZAP", "Moved to quarantine", "Pending"},
		{"phish in quarantine", phish, quarantine, "Verdict changed", "None", "AdminPolicy"},
		{"phish that left", phish, outside, "Verdict changed", "None", "AdminPolicy"},
		{"spam in the inbox", spam, inbox, "Spam ZAP", "Moved to junk folder", "Pending"},
		{"spam in junk", spam, junk, "Verdict changed", "None", "AdminPolicy"},
		{"malware cannot be refused any more", malware, inbox, "Malware ZAP", "Moved to quarantine", "Pending"},
		{"a policy that watches", watched, inbox, "Phish ZAP", "None", "AdminPolicy"},
		{"a blocked link", url, inbox, "Phish ZAP", "Moved to quarantine", "Pending"},
		{"a blocked file", file, inbox, "Malware ZAP", "Moved to quarantine", "Pending"},
		{"a threat that is allowed", allowed, inbox, "Verdict changed", "None", "AdminPolicy"},
		{"blocked by its reader", user, inbox, "Spam ZAP", "Moved to junk folder", "Pending"},
		{"harmless", clean, quarantine, "Verdict changed", "None", ""},
	} {
		kind, action, result := zap(&c.d, c.place)
		if kind != c.kind || action != c.action || result != c.actionResult {
			t.Errorf("%s: %q %q %q", c.name, kind, action, result)
		}
	}
}

func TestChanges(t *testing.T) {
	side := func(threats, confidence, treatment string) Side {
		return Side{Threats: threats, Confidence: confidence, Treatment: treatment}
	}
	for _, c := range []struct {
		a, b  Side
		known bool
		want  Change
	}{
		{side("", "", "deliver"), side("", "", "deliver"), true, ""},
		{side("", "", "deliver"), side("Phish", "Normal", "junk"), true, NowFlagged},
		{side("Spam", "", "junk"), side("", "", "deliver"), true, NoLonger},
		{side("Phish", "Normal", "junk"), side("Phish", "High", "quarantine"), true, VerdictChanged},
		{side("Phish", "Normal", "junk"), side("Phish", "Normal", "quarantine"), true, ActionChanged},
		{side("Phish", "Normal", ""), side("Phish", "Normal", "quarantine"), false, ""},
	} {
		if got := changeOf(&c.a, &c.b, c.known); got != c.want {
			t.Errorf("%+v to %+v: %q, want %q", c.a, c.b, got, c.want)
		}
	}
	spam := Side{Threats: "Spam"}
	if concerns(detect.Phish, &spam, &Side{}) || !concerns(detect.Spam, &Side{}, &spam) || !concerns("", &Side{}, &Side{}) {
		t.Error("the threat does not choose")
	}
}
