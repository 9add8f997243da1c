// A result as a file. Text that a spreadsheet would run as a formula gets an apostrophe in front, as in Explorer's export.

import { saveFile } from "../../api/save";
import type { HuntColumn } from "./shapes";

/** Text for a cell of CSV that no program takes for a formula (OWASP, CSV injection), also after spaces and in full-width forms. */
function safe(s: string): string {
  return /^[\t\r\n]|^[ \u00a0\u3000]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(s) ? "'" + s : s;
}

/** A value as the text of one cell. Numbers stay numbers; dynamic values are JSON. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return safe(value);
  return safe(JSON.stringify(value));
}

function field(s: string): string {
  return /[",\r\n]|^\s|\s$/.test(s) ? `"${s.replace(/"/g, '""')}"` : s;
}

// Numbers that are too large for JavaScript are kept as text; in a column of numbers they are numbers again.
const numeric = new Set(["int", "long", "real", "decimal"]);

/** RFC 4180, with a mark that tells spreadsheets that it is UTF-8. */
export function csv(columns: readonly HuntColumn[], rows: readonly (readonly unknown[])[]): string[] {
  const line = (cells: readonly string[]) => cells.map(field).join(",") + "\r\n";
  const out = ["\ufeff" + line(columns.map((c) => safe(c.name)))];
  for (const r of rows) {
    out.push(line(columns.map((c, i) => {
      const v = r[i];
      return numeric.has(c.type) && typeof v === "string" && /^-?\d+$/.test(v) ? v : cell(v);
    })));
  }
  return out;
}

/** A list of objects, one a row. */
export function json(columns: readonly HuntColumn[], rows: readonly (readonly unknown[])[]): string[] {
  const out = ["["];
  rows.forEach((r, n) => {
    // Not from entries: a column may be named __proto__.
    const parts = columns.map((c, i) => {
      const v = r[i];
      const raw = numeric.has(c.type) && typeof v === "string" && /^-?\d+$/.test(v) ? v : JSON.stringify(v ?? null);
      return `${JSON.stringify(c.name)}:${raw}`;
    });
    out.push(`${n === 0 ? "\n" : ",\n"}{${parts.join(",")}}`);
  });
  out.push("\n]\n");
  return out;
}

/** Hands a file to the browser. */
export function download(parts: readonly string[], name: string, type: string): void {
  saveFile(new Blob(parts as string[], { type }), name);
}

/** A name that a file may have anywhere. */
export function fileName(name: string, at: Date, ending: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "hunting";
  return `${plain}-${at.toISOString().slice(0, 19).replace(/:/g, "")}.${ending}`;
}
