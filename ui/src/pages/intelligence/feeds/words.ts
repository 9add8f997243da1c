import type { Feed, Run, Settings } from "./queries";

export type Kind = Settings["kind"];

/** The kinds of feeds, in the order of the dialog. */
export const kinds: readonly { kind: Kind; name: string; what: string; free: string }[] = [
  { kind: "taxii", name: "TAXII 2.1 collection", what: "A server of a partner, an ISAC or a vendor. Read piece by piece: only what was added since the last time.", free: "ISACs and national CERTs give their members collections; some vendors have one for everybody." },
  { kind: "stix", name: "STIX 2.1 file", what: "A bundle at an address: reports of a CERT, or MITRE ATT&CK.", free: "MITRE publishes ATT&CK as bundles; CERTs attach bundles to their reports." },
  { kind: "misp", name: "MISP instance", what: "Attributes or events of a MISP that you have a key for.", free: "Sharing communities run MISP instances that members sync with." },
  { kind: "misp-feed", name: "MISP feed", what: "A folder with manifest.json and events, as MISP publishes them.", free: "CIRCL and others publish their public events this way." },
  { kind: "csv", name: "CSV list", what: "Lines of cells at an address. You say which column holds what.", free: "abuse.ch publishes malware hashes, hosts and URLs as CSV." },
  { kind: "text", name: "Text list", what: "One value a line; what it is shows by itself.", free: "Phishing and blocklist projects publish plain lists of URLs and domains." },
];

export const kindName = (k: Kind) => kinds.find((x) => x.kind === k)?.name ?? k;

export const fresh = (kind: Kind): Settings => ({
  name: "", kind, url: "", auth: kind === "misp" ? "header" : "none", ...(kind === "misp" && { header: "Authorization" }), every_minutes: 60, enabled: true,
  whole: kind === "csv" || kind === "text", confidence: 60, tlp: "", days: 30, state: "suspicious", tags: [],
  ...((kind === "csv" || kind === "text") && { columns: { separator: ",", head: kind === "csv", value: kind === "csv" ? "url" : "" } }),
});

export const every: readonly [number, string][] = [[15, "Every 15 minutes"], [60, "Every hour"], [360, "Every 6 hours"], [1440, "Every day"], [10_080, "Every week"]];

export function everyWords(minutes: number): string {
  const known = every.find(([m]) => m === minutes)?.[1];
  return known ?? (minutes % 60 === 0 ? `Every ${minutes / 60} hours` : `Every ${minutes} minutes`);
}

/** How it stands with a feed, in a word and a tone. */
export function standing(f: Feed): { word: string; tone: "good" | "bad" | "off" | "wait" } {
  switch (f.status) {
    case "off": return { word: "Off", tone: "off" };
    case "running": return { word: "Being read", tone: "wait" };
    case "waiting": return { word: "Not read yet", tone: "wait" };
    case "failing": return { word: f.failures > 1 ? `Failed ${f.failures} times` : "Failed", tone: "bad" };
    default: return { word: "Good", tone: "good" };
  }
}

const count = (n: number, one: string, many: string) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** What a run came to, in a sentence. */
export function runWords(r: Run): string {
  if (r.unchanged) return "Nothing changed there";
  const parts = [
    r.added > 0 && `${r.added.toLocaleString("en")} added`, r.changed > 0 && `${r.changed.toLocaleString("en")} changed`, r.withdrawn > 0 && `${r.withdrawn.toLocaleString("en")} withdrawn`, r.retired > 0 && `${r.retired.toLocaleString("en")} retired`,
    r.new_objects > 0 && `${count(r.new_objects, "new STIX object", "new STIX objects")}`,
  ].filter(Boolean);
  if (parts.length === 0) return r.same > 0 ? `${count(r.same, "entry", "entries")}, all as before` : "Nothing new";
  return parts.join(", ");
}
