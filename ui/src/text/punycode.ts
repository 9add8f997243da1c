// Internationalised names, both ways round: the reader sees what the letters look like and what the name server is asked.

/** Decodes one label after "xn--" (RFC 3492); undefined when it is not valid. */
export function decodeLabel(src: string): string | undefined {
  const cut = src.lastIndexOf("-");
  const out: number[] = [];
  for (let i = 0; i < Math.max(cut, 0); i++) {
    const c = src.charCodeAt(i);
    if (c >= 0x80) return undefined;
    out.push(c);
  }
  let n = 128, i = 0, bias = 72;
  for (let at = cut > 0 ? cut + 1 : cut === 0 ? 1 : 0; at < src.length; ) {
    const before = i;
    for (let w = 1, k = 36; ; k += 36) {
      const c = src.charCodeAt(at++);
      const digit = c >= 48 && c <= 57 ? c - 22 : c >= 65 && c <= 90 ? c - 65 : c >= 97 && c <= 122 ? c - 97 : -1;
      if (digit < 0) return undefined;
      i += digit * w;
      if (i > 0x7fffffff) return undefined;
      const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < t) break;
      w *= 36 - t;
    }
    const count = out.length + 1;
    let delta = before === 0 ? Math.floor(i / 700) : (i - before) >> 1;
    delta += Math.floor(delta / count);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor((36 * delta) / (delta + 38));
    n += Math.floor(i / count);
    i %= count;
    if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) return undefined;
    out.splice(i++, 0, n);
  }
  return String.fromCodePoint(...out);
}

/** The other spelling of a domain: Unicode for a name with xn-- labels, ASCII for one with other letters; undefined for plain ones. */
export function otherSpelling(domain: string): string | undefined {
  if (/(^|\.)xn--/i.test(domain)) {
    let changed = false;
    const out = domain.split(".").map((l) => {
      if (!/^xn--/i.test(l)) return l;
      const d = decodeLabel(l.slice(4));
      if (d === undefined) return l;
      changed = true;
      return d;
    }).join(".");
    return changed ? out : undefined;
  }
  // eslint-disable-next-line no-control-regex
  if (/[^\u0000-\u007f]/.test(domain)) {
    try {
      const host = new URL("http://" + domain).hostname;
      return host !== domain ? host : undefined;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** Domain part of an address, URL or domain; "" when there is none. */
export function domainOf(value: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(value);
  if (url) return url[1] ?? "";
  const at = value.lastIndexOf("@");
  if (at >= 0) return value.slice(at + 1);
  return /^[^\s/]+\.[^\s/.]+$/.test(value) ? value : "";
}
