import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { byDay, happenings } from "../../components/happenings";
import { finder } from "../../text/find";
import { count, flatten, mismatches, type File } from "./files";
import { headerRows, oddFirst, searched } from "./headerrows";
import { linkRows, placeOf } from "./links";
import { authSentence, languageName, policyLines, previewNotes, removedWords, tally } from "./reasons";

const file = (f: Partial<File>): File => ({ name: "", type: "application/octet-stream", kind: "bin", declared: "", size: 1, md5: "", sha1: "", sha256: "", within: "", inline: false, children: [], ...f });

describe("files", () => {
  const tree = [file({ name: "a.zip", kind: "zip", children: [file({ name: "b.zip", children: [file({ name: "c.exe" })] }), file({ name: "d.txt" })] }), file({ name: "e.pdf" })];
  it("become rows, each below the one that holds it", () => {
    expect(flatten(tree).map((r) => [r.file.name, r.depth])).toEqual([["a.zip", 0], ["b.zip", 1], ["c.exe", 2], ["d.txt", 1], ["e.pdf", 0]]);
    expect(new Set(flatten(tree).map((r) => r.key)).size).toBe(5);
    expect(count(tree)).toBe(5);
    expect(flatten([])).toEqual([]);
  });
  it.each([
    ["a PDF that is one", { name: "a.pdf", declared: "application/pdf", type: "application/pdf", kind: "pdf" }, []],
    ["a program in a PDF's clothes", { name: "invoice.pdf", declared: "application/pdf", type: "application/vnd.microsoft.portable-executable", kind: "exe" }, ["Declared as application/pdf and named .pdf, is exe"]],
    ["no promise", { name: "a.docx", declared: "application/octet-stream", type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", kind: "docx" }, []],
    ["another name of the same type", { name: "a.jpeg", declared: "image/jpg; name=a.jpeg", type: "image/jpeg", kind: "jpg" }, []],
    ["text is text", { name: "a.csv", declared: "text/csv", type: "text/plain", kind: "txt" }, []],
    ["a web page as a text file", { name: "a.txt", declared: "text/plain", type: "text/html", kind: "html" }, []],
    ["two extensions", { name: "invoice.pdf.js", declared: "", type: "text/javascript", kind: "js" }, ["Two extensions, the last one runs"]],
    ["a picture that is a page", { name: "scan.png", declared: "image/png", type: "text/html", kind: "html" }, ["Declared as image/png and named .png, is html"]],
    ["without a name", { declared: "image/png", type: "image/png", kind: "png" }, []],
    ["locked", { name: "a.docx", declared: "", type: "application/x-ole-encrypted-package", kind: "encrypted-office" }, []],
  ])("%s", (_, f, odd) => expect(mismatches(file(f))).toEqual(odd));
});

describe("header fields", () => {
  const field = (name: string, value: string, odd = "") => ({ name, value, raw: `${name}: ${value}\r\n`, odd });
  const hop = (trusted: boolean, odd: string[] = []) => ({ from: "", from_name: "", from_ip: "", by: "", with: "", tls: "", time: null, delay_ms: 0, trusted, odd });
  const headers = [field("Received", "by mx1"), field("received", "by evil.example"), field("Subject", "hello"), field("Reply-To", "x@evil.example", "answers go elsewhere; stands 2 times")];
  const rows = headerRows(headers, [hop(false, ["the clock is ahead"]), hop(true)]);
  it("meet the hops from the other end", () => {
    expect(rows.map((r) => r.ours)).toEqual([true, false, false, false]);
    expect(rows.map((r) => r.odd)).toEqual([[], ["The clock is ahead"], [], ["Answers go elsewhere", "Stands 2 times"]]);
  });
  it("are not matched when one is missing", () => expect(headerRows(headers, [hop(true)]).map((r) => r.ours)).toEqual([false, false, false, false]));
  it("start with what is odd and keep their order", () => expect(oddFirst(rows).map((r) => r.at)).toEqual([1, 3, 0, 2]));
  it("are found by name and value, plain and defanged", () => {
    expect(searched(rows, finder("reply")).map((r) => r.at)).toEqual([3]);
    expect(searched(rows, finder("evil[.]example")).map((r) => r.at)).toEqual([1, 3]);
    expect(searched(rows, finder("subject: he")).map((r) => r.at)).toEqual([2]);
    expect(searched(rows, finder(""))).toHaveLength(4);
  });
});

describe("links", () => {
  const link = (u: Partial<Schemas["EmailURL"]>): Schemas["EmailURL"] => ({ url: "https://a.example", defanged: "", target: "", domain: "", text: "", location: "Body", tag: "a", signals: [], ...u });
  const signal = (id: string, weight: number): Schemas["Signal"] => ({ id, weight, claim: id, evidence: "", technology: "", threat: "" });
  it("are counted once, heaviest first", () => {
    const rows = linkRows([link({}), link({ url: "https://b.example", signals: ["x"] }), link({ signals: ["gone"] }), link({ url: "https://c.example", signals: ["y", "x"] })], [signal("x", 10), signal("y", 30), signal("gone", -5)]);
    expect(rows.map((r) => [r.link.url, r.times, r.claims.map((s) => s.id)])).toEqual([["https://c.example", 1, ["y", "x"]], ["https://b.example", 1, ["x"]], ["https://a.example", 2, []]]);
  });
  it("say where they stand", () => {
    expect(placeOf(link({}))).toBe("text, <a>");
    expect(placeOf(link({ location: "QRCode", tag: "img" }))).toBe("QR code");
    expect(placeOf(link({ location: "Attachment", tag: "" }))).toBe("attachment");
    expect(placeOf(link({ location: "Header", tag: "text" }))).toBe("header");
  });
});

describe("what authentication proves", () => {
  const check = (result: string) => ({ result, domain: "", detail: "", origin: "checked" });
  const auth = (spf: string, dkim: string, dmarc: string, more: Partial<Schemas["MailAuth"]> = {}): Schemas["MailAuth"] => ({
    spf: check(spf), dkim: dkim ? [check(dkim)] : [], dmarc: check(dmarc), arc: check("none"), aligned: false, aligned_by: "", policy: "", ...more,
  });
  it.each([
    [auth("pass", "pass", "pass", { aligned: true, policy: "none" }), /passes, and that says only that evil\[\.\]example really sent it/],
    [auth("fail", "", "fail", { policy: "reject" }), /^Nothing proves .* asks to refuse such mail\.$/],
    [auth("pass", "pass", "fail", { policy: "none" }), /^SPF and DKIM pass, but for another domain\..*asks for nothing/],
    [auth("pass", "", "none"), /^SPF passes, but nothing ties that/],
    [auth("pass", "pass", "none", { aligned: true }), /^SPF and DKIM prove that/],
    [auth("none", "", "none"), /^Nothing proves/],
    [auth("none", "", "temperror"), /DNS did not answer/],
  ])("%#", (a, sentence) => expect(authSentence(a, "evil[.]example")).toMatch(sentence));
});

describe("which policy decided", () => {
  const email = (policy: Partial<Schemas["Policy"]>, event: Partial<Schemas["EmailEvent"]> = {}, threat = true) => ({
    policy: { action: "Blocked", email_action: "Send to quarantine", location: "Quarantine", org_override: "", org_policy: "", policy: "Antimalware", policy_id: "", transport_rule: "", user_override: "", user_policy: "", reason: "", watched: false, priority: false, ...policy },
    event: { DeliveryAction: "Blocked", DeliveryLocation: "Quarantine", LatestDeliveryAction: "", LatestDeliveryLocation: "Quarantine", ...event } as Schemas["EmailEvent"],
    verdict: { score: threat ? 82 : 3, threat_types: threat ? ["Malware"] : [], phish_confidence: "", thresholds: { flag: 40, high: 70 } } as Schemas["Verdict"],
  });
  const decided = (e: Parameters<typeof policyLines>[0]) => policyLines(e).filter((l) => l.decided).map((l) => `${l.text}: ${l.result}`);
  it("is one of the lines, always", () => {
    expect(decided(email({}))).toEqual(["Antimalware: Blocked, to Quarantine"]);
    expect(decided(email({ org_override: "Allow", org_policy: "Allow/block list (sender)", action: "Delivered", location: "Inbox/folder" }))).toEqual(["Allow/block list (sender): Allow: Delivered, to Inbox"]);
    expect(decided(email({ user_override: "Block", user_policy: "Safe senders" }))).toHaveLength(1);
    expect(decided(email({ transport_rule: "Keep out" }))).toHaveLength(1);
    expect(decided(email({ policy: "", action: "Delivered", location: "Inbox/folder", email_action: "No action taken" }, {}, false))).toEqual(["No policy had to act: Delivered, to Inbox"]);
  });
  it("says why, that it was stricter for a priority account, and that it only watches", () => {
    expect(policyLines(email({ reason: "Malware, score 82" })).find((l) => l.decided)?.why).toBe("Malware, score 82");
    const lines = policyLines(email({ priority: true, watched: true, action: "Delivered", location: "Inbox/folder" })).map((l) => l.text);
    expect(lines).toContain("The recipient is a priority account");
    expect(lines.at(-1)).toBe("The policy only watches");
  });
  it("is followed by what was done later", () => {
    expect(policyLines(email({}, { LatestDeliveryAction: "Quarantine release", LatestDeliveryLocation: "Inbox/folder" })).at(-1)).toMatchObject({ kind: "after", result: "Quarantine release, now in Inbox" });
    expect(policyLines(email({}, { LatestDeliveryAction: "Blocked" })).some((l) => l.kind === "after")).toBe(false);
  });
});

it("says what a preview left out, and nothing when nothing was", () => {
  const nothing = { scripts: 0, events: 0, forms: 0, fields: 0, frames: 0, objects: 0, redirects: 0, remote_images: 0, trackers: 0, inline_images: 0, remote_styles: 0, styles: 0, controls: 0 };
  expect(removedWords(nothing)).toBe("");
  expect(removedWords({ ...nothing, scripts: 1, events: 2, forms: 1, remote_images: 5, trackers: 1 })).toBe("1 script, 2 script handlers, 1 form, 5 remote images (1 tracker)");
  expect(previewNotes({ from_text: false, truncated: false, removed: nothing })).toBe("");
  expect(previewNotes({ from_text: true, truncated: true, removed: { ...nothing, controls: 2 } })).toMatch(/plain text only\. 2 characters .* its end is missing\.$/);
});

it("counts recipients by what became of the message; the numbers add up", () => {
  const r = (outcome: Schemas["Recipient"]["outcome"]) => ({ outcome, RecipientEmailAddress: "", DeliveryAction: "", LatestDeliveryLocation: "" });
  const t = tally([r("junked"), r("delivered_threat"), r("junked")]);
  expect(t).toEqual([{ outcome: "delivered_threat", n: 1 }, { outcome: "junked", n: 2 }]);
});

it("names languages, and keeps codes it does not know", () => {
  expect(languageName("de")).toBe("German");
  expect(languageName("")).toBe("");
  expect(languageName("not a code")).toBe("not a code");
});

describe("what happened", () => {
  const at = (kind: Schemas["TimelineEvent"]["kind"], time = "2026-01-01T00:00:00Z"): Schemas["TimelineEvent"] => ({ kind, time, title: "", detail: "", source: "", tone: "neutral" });
  const all = [at("sent"), at("judged"), at("delivered"), at("click"), at("download"), at("rejudged"), at("post_delivery")];
  it("is shown in parts", () => {
    expect(happenings(all, "everything")).toHaveLength(7);
    expect(happenings(all, "verdicts").map((e) => e.kind)).toEqual(["judged", "rejudged"]);
    expect(happenings(all, "people").map((e) => e.kind)).toEqual(["click", "download"]);
    expect(happenings(all, "actions").map((e) => e.kind)).toEqual(["delivered", "rejudged", "post_delivery"]);
  });
  it("stands under its day, in order", () => expect(byDay(["a1", "a2", "b1", "a3"], (s) => s[0]!)).toEqual([{ day: "a", events: ["a1", "a2"] }, { day: "b", events: ["b1"] }, { day: "a", events: ["a3"] }]));
});
