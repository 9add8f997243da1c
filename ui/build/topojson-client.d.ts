/** The two functions in use; the package ships no types. */
declare module "topojson-client" {
  interface Feature { id?: string | number; properties: { name: string }; geometry: { type: string; coordinates: unknown } }
  export function feature(topology: unknown, object: unknown): { features: Feature[] };
  export function mesh(topology: unknown, object: unknown, filter: (a: unknown, b: unknown) => boolean): { coordinates: [number, number][][] };
}
