// Defanging: a hostile address written so that no program makes a link of it and no person follows it by accident.

const scheme = /^(https?|ftp|wss?)(:\/\/)/i;
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const ipv6 = /^[0-9a-f:]*:[0-9a-f:.]+$/i;

/** Defangs a URL, email address, domain or IP address; other text comes back as it is. */
export function defang(value: string): string {
  if (scheme.test(value)) {
    const m = /^([a-z]+)(:\/\/)([^/?#]*)([\s\S]*)$/i.exec(value);
    if (!m) return value;
    return m[1]!.replace(/^http/i, "hxxp").replace(/^ftp/i, "fxp").replace(/^ws/i, "wxs") + m[2]! + dots(m[3]!) + m[4]!;
  }
  if (ipv4.test(value)) return dots(value);
  if (ipv6.test(value)) return value.replace(/:/g, "[:]");
  const at = value.lastIndexOf("@");
  if (at >= 0 && !/\s/.test(value.slice(at))) return value.slice(0, at + 1) + dots(value.slice(at + 1));
  if (looksLikeHost(value)) return dots(value);
  return value;
}

/** Whether defanging changes it: only then is "copy defanged" worth a line of its own. */
export function canDefang(value: string): boolean {
  return defang(value) !== value;
}

function dots(s: string): string {
  return s.replace(/\./g, "[.]");
}

// A host name, with or without a path after it; file names such as "invoice.pdf" look the same and are left for the
// caller, who knows the field.
function looksLikeHost(s: string): boolean {
  return /^(?=.{3,253}$)[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?(?:\.[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?)*\.[\p{L}][\p{L}\p{N}-]+$/u.test(s);
}

const addressed = /(Address|Domain|IPv4|IPv6|IP|Url|UrlDomain|UrlTarget)$/;

/** The value of a field, defanged when the field holds addresses, domains, URLs or IP addresses; words and file names stay as they are. */
export function defangField(field: string, value: string): string {
  return addressed.test(field) || scheme.test(value) || /^[^\s@]+@[^\s@]+$/.test(value) ? defang(value) : value;
}

/** How the value of a field is shown as evidence. IP addresses are left readable: nothing makes a link of them. */
export function evidence(field: string, value: string): string {
  return ipv4.test(value) || ipv6.test(value) ? value : defangField(field, value);
}

const files = "pdf|docx?|docm|xlsx?|xlsm|xlsb|pptx?|pptm|rtf|txt|csv|html?|shtml|svg|zip|rar|7z|gz|tar|iso|img|exe|dll|scr|js|vbs|wsf|hta|lnk|bat|cmd|ps1|jar|apk|msi|one|eml|msg|ics|png|jpe?g|gif|bmp|webp|tiff?|xml|json|ya?ml|php|asp|aspx|jsp";
const inText = new RegExp(
  [
    "\\b(?:https?|ftp|wss?)://[^\\s\"'<>]+",
    "[^\\s@\"'<>(),;:]+@[\\p{L}\\p{N}-]+(?:\\.[\\p{L}\\p{N}-]+)+",
    "\\b\\d{1,3}(?:\\.\\d{1,3}){3}\\b",
    // Not before "=": there stands a property such as smtp.mailfrom (RFC 8601), no host.
    `(?<![\\p{L}\\p{N}._-])(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]*[\\p{L}\\p{N}])?\\.)+(?!(?:${files})(?![\\p{L}\\p{N}.-]))\\p{L}[\\p{L}\\p{N}-]*\\p{L}(?![\\p{L}\\p{N}-]|\\.[\\p{L}\\p{N}]|=)`,
  ].join("|"),
  "giu",
);

/** What stays as it is in running text: IP addresses, which nothing makes a link of, and names of the organisation's own domains. */
export interface Plain { ips?: boolean; own?: readonly string[] }

/** Defangs every address inside running text, such as the evidence of a signal; names of files stay as they are. */
export function defangText(text: string, plain: Plain = {}): string {
  return text.replace(inText, (m) => {
    if (plain.ips && ipv4.test(m)) return m;
    if (plain.own && !scheme.test(m)) {
      const host = m.slice(m.lastIndexOf("@") + 1).toLowerCase();
      if (plain.own.some((d) => host === d || host.endsWith(`.${d}`))) return m;
    }
    return defang(m);
  });
}

const disarmed: Record<string, string> = { http: "hxxp", ftp: "fxp", ws: "wxs" };

/** Takes the life out of the addresses in source code and leaves the code as it is: dots there are more than parts of hosts. */
export function disarm(source: string): string {
  return source.replace(/\b(http|ftp|ws)(s?:)(?=\/|&#x?0*2f;|&#47;)/gi, (_, scheme: string, rest: string) => disarmed[scheme.toLowerCase()]! + rest);
}
