// What the accessibility tests share: axe, asked about a page as it stands, in both themes.

import assert from "node:assert/strict";
import { axe as source, eventually } from "./rig.mjs";

const rules = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
// A theme is nothing but colours: the same document needs no second look at the rest.
const colours = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

/** Runs in the page. What is right needs no place in the document worked out for a report. */
async function run({ part, runOnly }) {
  // The document of a preview is the sender's: its colours and headings are evidence. Fluent's focus dummies hand the focus on at once.
  // The tooltip of what has the focus is beside all landmarks, and its words are the name or description of that.
  const context = { exclude: ["iframe", "[data-tabster-dummy]", "[role=tooltip]"], ...(part && { include: part }) };
  const { violations } = await window.axe.run(context, { resultTypes: ["violations"], runOnly, iframes: false });
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target, failureSummary, html }) => ({ target, failureSummary, html })) }));
}

/** Collects what axe finds in each state, so that one run tells all of it. */
export class Findings {
  found = [];

  constructor(page) {
    this.page = page;
  }

  /** Looks at the page as it is, in both themes; with a selector, only at that part, when the rest was looked at before. */
  async look(state, part) {
    await this.page.mouse.move(0, 0); // a tooltip is a state of its own
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme });
      await eventually(async () => assert.equal(await this.page.evaluate(() => document.documentElement.dataset.theme), colorScheme));
      // What moves is between two states; a colour on its way is none of the theme's.
      await this.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => undefined))));
      if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(source); // once a document: reading it takes longer than many a look
      const violations = await this.page.evaluate(run, { part, runOnly: colorScheme === "light" ? rules : colours });
      this.found.push(...violations.flatMap((v) => v.nodes.map((n) => `${state}, ${colorScheme}: ${v.id} (${v.help}) at ${n.target.join(" ")}: ${n.failureSummary?.split("\n").slice(1, 3).join(" ").trim()} ${n.html.slice(0, 160)}`)));
    }
    await this.page.emulateMedia({ colorScheme: "light" });
  }

  none() {
    assert.deepEqual(this.found, []);
  }
}
