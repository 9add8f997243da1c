// Query strings as people can read them: plain keys and values, no JSON inside.

export type Search = Record<string, string | undefined>;

export function parseSearch(text: string): Search {
  const out: Search = {};
  for (const [k, v] of new URLSearchParams(text)) out[k] = v;
  return out;
}

/** Keys with undefined or "" are left out; spaces are written as %20, so that a link survives being pasted into mail. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [k, v] of Object.entries(search)) {
    if (v === undefined || v === null || v === "") continue;
    parts.push(encodeURIComponent(k) + "=" + encodeURIComponent(String(v)).replace(/%3A/gi, ":").replace(/%2C/gi, ",").replace(/%40/g, "@"));
  }
  return parts.length ? "?" + parts.join("&") : "";
}
