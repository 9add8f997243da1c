import type { Schemas } from "../../api/client";
import { capital } from "../../text/words";

export type File = Schemas["Attachment"];

export interface FileRow {
  file: File;
  /** How many files it lies inside of. */
  depth: number;
  key: string;
}

/** The tree of files as rows, each below the one that holds it. */
export function flatten(tree: readonly File[], depth = 0, above = ""): FileRow[] {
  return tree.flatMap((file, i) => {
    const key = `${above}/${i}`;
    return [{ file, depth, key }, ...flatten(file.children, depth + 1, key)];
  });
}

/** Declared types that promise nothing. */
const vague = new Set(["", "application/octet-stream", "application/binary", "application/x-download", "application/force-download", "application/x-unknown", "application/unknown", "unknown/unknown"]);

/** Names that different programs give to the same type. */
const same: Record<string, string> = {
  "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png", "application/x-pdf": "application/pdf",
  "application/x-zip-compressed": "application/zip", "application/x-zip": "application/zip", "application/x-compressed": "application/zip", "application/x-gzip": "application/gzip",
  "application/x-rar-compressed": "application/vnd.rar", "application/x-rar": "application/vnd.rar", "application/rtf": "text/rtf", "text/xml": "application/xml",
  "application/javascript": "text/javascript", "application/x-javascript": "text/javascript", "application/x-msdownload": "application/vnd.microsoft.portable-executable",
  "application/x-msdos-program": "application/vnd.microsoft.portable-executable", "application/x-cd-image": "application/x-iso9660-image", "application/x-pkcs7-signature": "application/pkcs7-signature",
  "application/x-pkcs7-mime": "application/pkcs7-mime", "application/ics": "text/calendar", "image/x-icon": "image/vnd.microsoft.icon", "text/x-vcard": "text/vcard",
};

function media(type: string): string {
  const base = (type.split(";")[0] ?? "").trim().toLowerCase();
  return same[base] ?? base;
}

/** Extensions that say something different from what they hold when they do; others are free names. */
const telling = new Set([
  "pdf", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "xlsb", "ppt", "pptx", "pptm", "rtf", "one", "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "mp3", "mp4", "wav",
  "zip", "rar", "7z", "gz", "iso", "cab", "exe", "dll", "scr", "msi", "lnk", "js", "jse", "vbs", "vbe", "wsf", "hta", "ps1", "bat", "cmd", "jar", "txt", "csv", "html", "htm", "svg", "eml", "ics",
]);
const sameKind: Record<string, string> = { jpeg: "jpg", tiff: "tif", htm: "html", xhtml: "html", dotx: "docx", dotm: "docm", scr: "exe", dll: "exe", sys: "exe", xll: "exe", cmd: "bat", log: "txt", md: "txt", vbe: "vbs", jse: "js" };
/** Text that may go by many names without a lie. */
const loose = new Set(["txt", "csv", "json", "xml", "ics", "eml", "vcf", "bin", "empty", "html"]);

/** What does not fit together about a file, in words: its content, the type it was declared as, and its name. */
export function mismatches(f: File): string[] {
  const out: string[] = [];
  const is = media(f.type), said = media(f.declared);
  const lies: string[] = [];
  const bothText = is.startsWith("text/") && said.startsWith("text/") && loose.has(f.kind);
  if (!vague.has(said) && said !== is && !vague.has(is) && is !== "application/x-empty" && !bothText) lies.push(`declared as ${said}`);
  const ext = /\.([\p{L}\p{N}]+)\s*$/u.exec(f.name)?.[1]?.toLowerCase() ?? "";
  const kind = sameKind[f.kind] ?? f.kind;
  const named = sameKind[ext] ?? ext;
  const fits = named === kind || f.kind === "empty" || f.kind === "bin" || f.kind === "encrypted-office" || (loose.has(kind) && loose.has(named));
  if (telling.has(ext) && !fits) lies.push(`named .${ext}`);
  if (lies.length > 0) out.push(`${capital(lies.join(" and "))}, is ${f.kind}`);
  if (/\.[\p{L}\p{N}]{2,4}\s*\.(exe|scr|com|pif|js|jse|vbs|vbe|wsf|hta|lnk|bat|cmd|ps1|jar|msi)\s*$/iu.test(f.name)) out.push("Two extensions, the last one runs");
  return out;
}

/** All files, those inside of others too. */
export function count(tree: readonly File[]): number {
  return tree.reduce((n, f) => n + 1 + count(f.children), 0);
}
