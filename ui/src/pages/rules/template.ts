/** Where a new rule begins. It compiles and its samples pass, so that what is wrong later is what was changed. */
export const template = `id: my-rule
title: One short sentence that says what is seen
description: |
  What it finds, and why honest mail does not look like this.
author: Security team
threat: Phish
technology: General filter
severity: medium
weight: 25
attack: [T1566.002]
references: []
false_positives:
  - Honest mail that it may hit
when: |
  !auth.aligned
    && msg.mentions(["parcel is waiting", "delivery failed"])
    && msg.foreign_links
evidence: |
  "subject " + msg.subject + ", sent from " + msg.from.address
samples:
  - match: true
    message: |
      From: Parcel desk <desk@parcels.example>
      To: maren@northwind.example
      Subject: Your parcel is waiting
      Message-ID: <1@parcels.example>
      Date: Tue, 10 Nov 2026 09:12:00 +0000
      MIME-Version: 1.0
      Content-Type: text/plain; charset=utf-8

      Pay the fee here: https://fee.elsewhere.example/pay
  - match: false
    why: the carrier itself, proven
    auth: {spf: pass, dkim: pass, dmarc: pass}
    message: |
      From: Parcel desk <desk@parcels.example>
      To: maren@northwind.example
      Subject: Your parcel is waiting
      Message-ID: <2@parcels.example>
      Date: Tue, 10 Nov 2026 09:12:00 +0000
      MIME-Version: 1.0
      Content-Type: text/plain; charset=utf-8

      Fetch it at the counter: https://parcels.example/counter
`;

/** A rule's text as the beginning of another. */
export function likeIt(text: string, id: string): string {
  return text.replace(/^id:.*$/m, `id: ${`${id.slice(0, 55)}-copy`.replace(/-+/g, "-")}`);
}

/** The id that a text says, "" when it says none. */
export function idIn(text: string): string {
  return /^id:\s*["']?([a-z0-9]+(?:-[a-z0-9]+)*)["']?\s*(?:#.*)?$/m.exec(text)?.[1] ?? "";
}

/** Offset of a place that the server names: line and column from 1, in characters. */
export function offsetOf(text: string, line: number, column: number): { from: number; to: number } {
  if (line < 1) return { from: 0, to: 0 };
  const lines = text.split("\n");
  const n = Math.min(line, lines.length) - 1;
  const start = lines.slice(0, n).reduce((sum, l) => sum + l.length + 1, 0);
  const s = lines[n]!;
  if (column < 1) return { from: start + (/^\s*/.exec(s)?.[0].length ?? 0), to: start + s.length };
  const at = Math.min([...s].slice(0, column - 1).join("").length, s.length);
  const rest = /^(?:\w+|[^\w\s]+\w*)/.exec(s.slice(at))?.[0].length ?? 0;
  return { from: start + at, to: Math.min(start + s.length, start + at + Math.max(1, rest)) };
}
