import { describe, expect, it } from "vitest";
import { canDefang, defang, defangField, defangText, disarm, evidence } from "./defang";
import { decodeLabel, domainOf, otherSpelling } from "./punycode";
import { reveal, revealed } from "./reveal";

describe("defang", () => {
  it.each([
    ["https://payroll.harbour-hr.example/f/7Q2?x=a.b", "hxxps://payroll[.]harbour-hr[.]example/f/7Q2?x=a.b"],
    ["HTTP://EVIL.example", "hxxp://EVIL[.]example"],
    ["http://user@evil.example:8080/", "hxxp://user@evil[.]example:8080/"],
    ["payroll@harbour-hr.example", "payroll@harbour-hr[.]example"],
    ["first.last@mail.example", "first.last@mail[.]example"],
    ["harbour-hr.example", "harbour-hr[.]example"],
    ["203.0.113.74", "203[.]0[.]113[.]74"],
    ["2001:db8::1", "2001[:]db8[:][:]1"],
    ["xn--80ak6aa92e.com", "xn--80ak6aa92e[.]com"],
    ["аррӏе.com", "аррӏе[.]com"],
    ["Phish", "Phish"],
    ["URL detonation", "URL detonation"],
    ["", ""],
  ])("%s", (plain, safe) => {
    expect(defang(plain)).toBe(safe);
    expect(canDefang(plain)).toBe(plain !== safe);
  });
  it("leaves file names and subjects alone, whose dots are no hosts", () => {
    expect(evidence("FileName", "invoice.pdf")).toBe("invoice.pdf");
    expect(evidence("Subject", "Re: berth 14. See you")).toBe("Re: berth 14. See you");
    expect(evidence("SenderIPv4", "192.0.2.1")).toBe("192.0.2.1");
    expect(defangField("SenderIPv4", "192.0.2.1")).toBe("192[.]0[.]2[.]1");
    expect(evidence("SenderFromDomain", "evil.example")).toBe("evil[.]example");
    expect(evidence("Subject", "https://evil.example/a")).toBe("hxxps://evil[.]example/a");
  });
});

describe("defangText", () => {
  it.each([
    ["link text says paypal.com, link goes to https://evil.example/a.php?b=c.d", "link text says paypal[.]com, link goes to hxxps://evil[.]example/a.php?b=c.d"],
    ["payroll-form.png → harbour-hr.example", "payroll-form.png → harbour-hr[.]example"],
    ["invoice.pdf.exe from <a.b@evil.example> at 203.0.113.74", "invoice.pdf.exe from <a.b@evil[.]example> at 203[.]0[.]113[.]74"],
    ["Ends here. Next one.", "Ends here. Next one."],
    ["3.14 of 4.5", "3.14 of 4.5"],
    ["spf=pass smtp.mailfrom=evil.example header.d=evil.example", "spf=pass smtp.mailfrom=evil[.]example header.d=evil[.]example"],
  ])("%s", (text, safe) => expect(defangText(text)).toBe(safe));
});

it("disarms the addresses in source and nothing else", () => {
  expect(disarm('<a href="https://evil.example/a.b" class="x.y">HTTP://E ftp://f wss://g http:&#47;/h</a> a.b{c:d}')).toBe('<a href="hxxps://evil.example/a.b" class="x.y">hxxp://E fxp://f wxss://g hxxp:&#47;/h</a> a.b{c:d}');
});

it("leaves own names and IP addresses plain where that is asked for, but never a link", () => {
  const plain = { ips: true, own: ["corp.example"] };
  expect(defangText("a@corp.example mx1.Corp.example 192.0.2.1 notcorp.example a@evil.example", plain)).toBe("a@corp.example mx1.Corp.example 192.0.2.1 notcorp[.]example a@evil[.]example");
  expect(defangText("https://corp.example/x", plain)).toBe("hxxps://corp[.]example/x");
});

describe("reveal", () => {
  it("names what hides or turns text around", () => {
    expect(reveal("invoice\u202Efdp.exe")).toEqual([
      { text: "invoice" }, { text: "RLO", hidden: "right-to-left override (U+202E)" }, { text: "fdp.exe" },
    ]);
    expect(revealed("pay\u200Bpal\u0000")).toBe("pay[ZWSP]pal[NUL]");
    expect(revealed("tag\u{E0041}")).toBe("tag[U+E0041]");
    expect(revealed("lone\uD800")).toBe("lone[U+D800]");
  });
  it("leaves letters and emoji sequences whole", () => {
    for (const s of ["Žluťoučký kůň", "مرحبا", "👩‍🚀 launch", "日本語"]) expect(reveal(s)).toEqual([{ text: s }]);
    expect(reveal("")).toEqual([]);
  });
});

describe("punycode", () => {
  // Samples of RFC 3492, section 7.1, and names seen in the wild.
  it.each([
    ["egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"],
    ["ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"],
    ["Proprostnemluvesky-uyb24dma41a", "Pročprostěnemluvíčesky"],
    ["mnchen-3ya", "münchen"],
    ["80ak6aa92e", "аррӏе"],
  ])("%s", (ascii, letters) => expect(decodeLabel(ascii)).toBe(letters));
  it("refuses what is not punycode", () => {
    for (const bad of ["a b", "ÿ-a", "99999999", "!"]) expect(decodeLabel(bad)).toBeUndefined();
  });
  it("gives the other spelling of a name", () => {
    expect(otherSpelling("xn--80ak6aa92e.com")).toBe("аррӏе.com");
    expect(otherSpelling("mail.xn--mnchen-3ya.de")).toBe("mail.münchen.de");
    expect(otherSpelling("plain.example")).toBeUndefined();
    expect(otherSpelling("xn--!.example")).toBeUndefined();
    expect(otherSpelling("münchen.de")).toBe("xn--mnchen-3ya.de");
  });
  it("finds the domain of an address, URL or name", () => {
    expect(domainOf("a@b@evil.example")).toBe("evil.example");
    expect(domainOf("https://u@evil.example:80/x")).toBe("evil.example");
    expect(domainOf("evil.example")).toBe("evil.example");
    expect(domainOf("no domain here.")).toBe("");
  });
});
