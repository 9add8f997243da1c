import { expect, test } from "vitest";
import { RuleDrafts } from "./drafts";
import { idIn, likeIt, offsetOf, template } from "./template";

function shelf() {
  const kept = new Map<string, string>();
  return { kept, getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
}

test("unsaved work outlives the page, and is none when it is as it was", () => {
  const s = shelf();
  const d = new RuleDrafts("ada", s);
  d.put("a", "new", "old");
  expect(new RuleDrafts("ada", s).get("a")).toEqual({ text: "new", of: "old" });
  expect(new RuleDrafts("bob", s).get("a")).toBeUndefined();
  d.put("a", "old", "old");
  expect(s.kept.size).toBe(0);
  d.put("b", "x", "");
  d.end();
  expect(d.ids()).toEqual([]);
  s.kept.set("tocsin.rules.ada", "{broken");
  expect(new RuleDrafts("ada", s).ids()).toEqual([]);
});

test("ids in texts", () => {
  expect(idIn(template)).toBe("my-rule");
  expect(idIn("id: Not One")).toBe("");
  expect(idIn(likeIt(template, "lamp-shop"))).toBe("lamp-shop-copy");
  expect(idIn(likeIt(template, "a".repeat(60)))).toHaveLength(60);
});

test("places that the server names", () => {
  const text = "id: x\nwhen: |\n  msg.colour == 1\n";
  const cut = (line: number, column: number) => {
    const { from, to } = offsetOf(text, line, column);
    return text.slice(from, to);
  };
  expect(cut(3, 6)).toBe(".colour");
  expect(cut(3, 0)).toBe("msg.colour == 1");
  expect(cut(0, 0)).toBe("");
  expect(offsetOf(text, 99, 1).from).toBeLessThanOrEqual(text.length);
});
