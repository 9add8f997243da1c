import { expect, test } from "vitest";
import { explain, propose } from "./complete";
import type { Language } from "./know";

const none = { doc: "", values: [] };
const language: Language = {
  keys: [{ of: "", name: "threat", type: "", doc: "What", values: ["Malware", "Phish", "Spam"] }, { of: "", name: "when", type: "", ...none }, { of: "samples", name: "match", type: "", doc: "", values: ["true", "false"] }],
  signals: [{ id: "link-shortener", threat: "Phish", claim: "A link goes through a shortener" }],
  names: [{ of: "", name: "msg", type: "message", ...none, doc: "The message." }, { of: "message", name: "links", type: "list of link", ...none }, { of: "link", name: "host", type: "string", ...none, doc: "Its host." }],
  functions: [
    { name: "says", of: ["message", "string"], signatures: ["message.says(list of string) gives bool"], result: "bool", doc: "Phrases." },
    { name: "exists", of: ["list"], signatures: ["list.exists(x, condition) gives bool"], result: "bool", doc: "One." },
    { name: "shortener", of: [], signatures: ["shortener(string) gives bool"], result: "bool", doc: "Shortens." },
  ],
};

/** ¦ is the cursor. */
const at = (text: string, explicit = false) => propose(text.replace("¦", ""), text.indexOf("¦"), language, explicit)?.items.map((i) => i.label);

test("keys, values, names, functions and signals", () => {
  expect(at("th¦")).toEqual(["threat", "when"]);
  expect(at("¦")).toBeUndefined();
  expect(at("threat: ¦")).toEqual(["Malware", "Phish", "Spam"]);
  expect(at("samples:\n  - m¦")).toEqual(["match"]);
  expect(at("when: |\n  m¦")).toEqual(["msg", "shortener"]);
  expect(at("when: |\n  msg.¦")).toEqual(["links", "says"]);
  expect(at("when: |\n  msg.links.¦")).toEqual(["exists"]);
  expect(at("when: |\n  msg.links.exists(l,\n    l.¦")).toEqual(["host"]);
  expect(at("when: |\n  msg.links.exists(l, ¦", true)).toEqual(["l", "msg", "shortener"]);
  expect(at('when: |\n  has_signal("¦')).toEqual(["link-shortener"]);
  expect(at('when: |\n  msg.says(["¦')).toBeUndefined();
  expect(at("samples:\n  - message: |\n      m¦")).toBeUndefined();
});

const means = (text: string) => {
  const pos = text.indexOf("¦"), plain = text.replace("¦", "");
  const from = pos - /\w*$/.exec(plain.slice(0, pos))![0].length;
  return explain(plain, from, pos + /^\w*/.exec(plain.slice(pos))![0].length, language)?.doc;
};

test("what a word means", () => {
  expect(means("th¦reat: Spam")).toBe("What");
  expect(means("when: |\n  m¦sg.links")).toBe("The message.");
  expect(means("when: |\n  msg.links.exists(l, l.ho¦st)")).toBe("Its host.");
  expect(means("when: |\n  msg.sa¦ys([])")).toBe("Phrases.");
  expect(means("when: |\n  shor¦tener(x)")).toBe("Shortens.");
  expect(means('when: |\n  has_signal("link-sho¦rtener")')).toBe("A link goes through a shortener");
  expect(means("when: |\n  nob¦ody")).toBeUndefined();
});
