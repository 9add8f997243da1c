import { describe, expect, it } from "vitest";
import { meanings, plain, roles, tones, type Mode } from "./tokens";

// Relative luminance and contrast ratio, WCAG 2.2.
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (hi! + 0.05) / (lo! + 0.05);
}

describe.each<Mode>(["light", "dark"])("%s theme", (mode) => {
  const r = roles[mode];
  const surfaces = { canvas: r.canvas, card: r.card, pop: r.pop, sunken: r.sunken, brandTint: r.brandTint };

  it.each(Object.entries(surfaces))("carries text on %s at 4.5:1", (_, bg) => {
    for (const ink of [r.ink, r.ink2, r.ink3, r.brandText]) expect(contrast(ink, bg)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(meanings)("reads %s on its tint, the card and a selected row at 4.5:1", (m) => {
    const t = tones[mode][m];
    for (const bg of [t.tint, r.card, r.brandTint]) expect(contrast(t.text, bg)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(meanings)("paints %s at 3:1 on the card", (m) => {
    expect(contrast(tones[mode][m].solid, r.card)).toBeGreaterThanOrEqual(3);
  });
  it("paints values without a meaning at 3:1 on the card", () => {
    for (const c of plain[mode]) expect(contrast(c, r.card)).toBeGreaterThanOrEqual(3);
  });
  it("writes white on the primary button", () => {
    for (const c of [r.brandFill, r.brandFillHover]) expect(contrast("#FFFFFF", c)).toBeGreaterThanOrEqual(4.5);
  });
});
