import { createDarkTheme, createLightTheme, type BrandVariants, type Theme } from "@fluentui/react-components";
import { meanings, ramp, roles, tones, type Mode } from "./tokens";

const brand: BrandVariants = ramp;

const shape = {
  fontFamilyBase: "'Inter Variable', system-ui, sans-serif",
  fontFamilyNumeric: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizeBase100: "11px", lineHeightBase100: "16px",
  fontSizeBase200: "12px", lineHeightBase200: "16px",
  fontSizeBase300: "13px", lineHeightBase300: "20px",
  fontSizeBase400: "15px", lineHeightBase400: "22px",
  fontSizeBase500: "17px", lineHeightBase500: "24px",
  fontSizeBase600: "20px", lineHeightBase600: "28px",
  fontWeightRegular: 400, fontWeightMedium: 500, fontWeightSemibold: 580, fontWeightBold: 640,
  borderRadiusSmall: "4px", borderRadiusMedium: "6px", borderRadiusLarge: "8px", borderRadiusXLarge: "12px",
  durationUltraFast: "50ms", durationFaster: "100ms", durationNormal: "160ms",
};

/** Fluent's theme with Tocsin's tokens; keys it does not know become custom properties of the same name. */
export function themeFor(mode: Mode): Theme {
  const r = roles[mode];
  const base = mode === "light" ? createLightTheme(brand) : createDarkTheme(brand);
  const hover = mode === "light" ? "#F2F4F4" : "#262C2E";
  const theme = {
    ...base,
    ...shape,
    colorNeutralForeground1: r.ink, colorNeutralForeground1Hover: r.ink, colorNeutralForeground1Pressed: r.ink, colorNeutralForeground1Selected: r.ink,
    colorNeutralForeground2: r.ink2, colorNeutralForeground2Hover: r.ink, colorNeutralForeground2Pressed: r.ink, colorNeutralForeground2Selected: r.ink,
    colorNeutralForeground2BrandHover: r.brandText, colorNeutralForeground2BrandPressed: r.brandText, colorNeutralForeground2BrandSelected: r.brandText,
    colorNeutralForeground3: r.ink3, colorNeutralForeground3Hover: r.ink2, colorNeutralForeground4: r.ink3,
    colorNeutralBackground1: r.card, colorNeutralBackground1Hover: hover, colorNeutralBackground1Pressed: r.sunken, colorNeutralBackground1Selected: r.sunken,
    colorNeutralBackground2: r.canvas, colorNeutralBackground3: r.sunken,
    colorSubtleBackgroundHover: hover, colorSubtleBackgroundPressed: r.sunken, colorSubtleBackgroundSelected: r.brandTint,
    colorNeutralStroke1: r.stroke, colorNeutralStroke1Hover: r.ink3, colorNeutralStroke1Pressed: r.ink3, colorNeutralStroke1Selected: r.stroke,
    colorNeutralStroke2: r.line, colorNeutralStroke3: r.line2, colorNeutralStrokeAccessible: r.ink3,
    colorNeutralForegroundDisabled: r.ink3,
    colorBrandBackground: r.brandFill, colorBrandBackgroundHover: r.brandFillHover, colorBrandBackgroundPressed: r.brandFillHover, colorBrandBackgroundSelected: r.brandFill,
    colorBrandForeground1: r.brandText, colorBrandForeground2: r.brandText, colorBrandForegroundLink: r.brandText, colorBrandForegroundLinkHover: r.brand,
    colorBrandStroke1: r.brand, colorBrandStroke2: r.brandLine,
    colorCompoundBrandStroke: r.brand, colorCompoundBrandStrokeHover: r.brand, colorCompoundBrandStrokePressed: r.brand,
    colorCompoundBrandForeground1: r.brandText, colorCompoundBrandForeground1Hover: r.brandText, colorCompoundBrandForeground1Pressed: r.brandText,
    colorCompoundBrandBackground: r.brand, colorCompoundBrandBackgroundHover: r.brand, colorCompoundBrandBackgroundPressed: r.brand,
    colorStrokeFocus2: r.brand, colorStrokeFocus1: r.card,
    shadow16: mode === "light" ? "0 8px 24px rgb(0 0 0 / .16)" : "0 8px 24px rgb(0 0 0 / .5)",
    shadow64: "0 24px 64px rgb(0 0 0 / .30)",
  };
  // Menus and popups stand on a surface of their own in the dark theme; see theme.css.
  return { ...theme, ...properties(mode) } as Theme;
}

/** The custom properties that our own style sheets read. */
export function properties(mode: Mode): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [k, v] of Object.entries(roles[mode])) out[k.replace(/[A-Z]/g, (c) => "-" + c.toLowerCase())] = v;
  for (const m of meanings) {
    const t = tones[mode][m];
    out[`${m}-solid`] = t.solid;
    out[`${m}-text`] = t.text;
    out[`${m}-tint`] = t.tint;
    out[`${m}-line`] = t.line;
  }
  out["hover"] = mode === "light" ? "#F2F4F4" : "#262C2E";
  out["shadow-flyout"] = mode === "light" ? "-8px 0 24px rgb(0 0 0 / .08)" : "-8px 0 24px rgb(0 0 0 / .4)";
  out["shadow-menu"] = mode === "light" ? "0 8px 24px rgb(0 0 0 / .16)" : "0 8px 24px rgb(0 0 0 / .5)";
  return out;
}
