/// <reference types="vite/client" />

/** The outlines of the world's countries; see build/world.ts. */
declare module "virtual:world" {
  export const width: number, height: number;
  /** Two letters of a country and its outline, as the path of an SVG. */
  export const land: readonly (readonly [code: string, path: string])[];
  /** The borders between countries, without coasts. */
  export const borders: string;
  /** Places too small for an outline. */
  export const dots: readonly (readonly [code: string, x: number, y: number])[];
}
