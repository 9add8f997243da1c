// The colours of Tocsin, by role and by meaning, for both themes. Everything that paints (Fluent's theme, our own style
// sheets through custom properties, the chart's canvas) takes them from here. Brand means "you can act here" or
// "chosen"; the six meanings say what happened to mail, and never stand without a word or an icon.

export type Mode = "light" | "dark";

/** Verdigris, 10 to 160: the ramp that Fluent's themes are made from. */
export const ramp = {
  10: "#021312", 20: "#06211F", 30: "#082E2B", 40: "#0A3B37", 50: "#0B4843", 60: "#0B5650", 70: "#0B625B", 80: "#0B6F67",
  90: "#23807A", 100: "#38918A", 110: "#4FA39C", 120: "#67B5AE", 130: "#82C6C0", 140: "#9FD6D1", 150: "#BDE5E1", 160: "#DFF3F1",
} as const;

export interface Roles {
  canvas: string; card: string; pop: string; sunken: string;
  ink: string; ink2: string; ink3: string;
  line: string; line2: string; stroke: string;
  brand: string; brandText: string; brandTint: string; brandLine: string;
  /** Fill of a primary button; text on it is white in both themes. */
  brandFill: string; brandFillHover: string;
}

export const roles: Record<Mode, Roles> = {
  light: {
    canvas: "#F5F6F6", card: "#FFFFFF", pop: "#FFFFFF", sunken: "#EEF0F0",
    ink: "#16191A", ink2: "#3A4143", ink3: "#596164",
    line: "#E0E3E4", line2: "#ECEEEE", stroke: "#C9CECF",
    brand: "#0B6F67", brandText: "#0B625B", brandTint: "#DFF3F1", brandLine: "#A9D9D4",
    brandFill: "#0B6F67", brandFillHover: "#0B625B",
  },
  dark: {
    canvas: "#121516", card: "#1A1E1F", pop: "#232A2C", sunken: "#22282A",
    ink: "#EDF0F0", ink2: "#C8CECF", ink3: "#A3ABAD",
    line: "#2D3436", line2: "#252B2D", stroke: "#454D50",
    brand: "#4FA39C", brandText: "#82C6C0", brandTint: "#0E2B29", brandLine: "#1F5A54",
    brandFill: "#0B6F67", brandFillHover: "#23807A",
  },
};

/** What happened to mail. */
export const meanings = ["threat", "junked", "blocked", "removed", "clean", "replaced"] as const;
export type Meaning = (typeof meanings)[number];

/** Solid is for bars, text for words and icons, tint with a line for badges. */
export interface Tone { solid: string; text: string; tint: string; line: string }

export const tones: Record<Mode, Record<Meaning, Tone>> = {
  light: {
    threat: { solid: "#CF3A36", text: "#A8211F", tint: "#FDECEA", line: "#F0B9B6" },
    junked: { solid: "#C98508", text: "#774C00", tint: "#FFF3DA", line: "#EBCF94" },
    blocked: { solid: "#3F7AD6", text: "#1E4E9C", tint: "#EAF1FC", line: "#B7CFF2" },
    removed: { solid: "#8B5CD0", text: "#5C34A3", tint: "#F3EDFC", line: "#D3C0EF" },
    clean: { solid: "#4F9A43", text: "#2A6A1F", tint: "#ECF6E9", line: "#BBDDB3" },
    replaced: { solid: "#7A9099", text: "#42555D", tint: "#EDF1F2", line: "#C6D1D5" },
  },
  dark: {
    threat: { solid: "#EC6B65", text: "#FF9F99", tint: "#3A1C1B", line: "#6B2F2C" },
    junked: { solid: "#DFA63F", text: "#F2C670", tint: "#34280F", line: "#62491A" },
    blocked: { solid: "#5E95E8", text: "#9FC2FA", tint: "#17263D", line: "#2B4771" },
    removed: { solid: "#A384E4", text: "#CBB6F6", tint: "#291F3F", line: "#4B3976" },
    clean: { solid: "#6FB663", text: "#9CD591", tint: "#1B2D18", line: "#34552E" },
    replaced: { solid: "#8BA2AB", text: "#B9C8CE", tint: "#22292C", line: "#3F4B50" },
  },
};

/** Colours for values without a meaning of their own, in order of size; the last is for "Other". */
export const plain: Record<Mode, readonly string[]> = {
  light: ["#3C7A89", "#7B6FA0", "#96703F", "#55794A", "#A0607C", "#4C6579", "#857F37", "#5C86A8", "#8A6A5B", "#607D73", "#879194"],
  dark: ["#6BAAB9", "#A79CCB", "#C39F70", "#86AD7A", "#CC8FA9", "#8299AD", "#B3AC64", "#8DB4D3", "#BA9888", "#8FAEA3", "#7C8689"],
};
