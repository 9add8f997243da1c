import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature, mesh } from "topojson-client";
import type { Plugin } from "vite";

// The map of the world, made ready while building: Natural Earth's countries (public domain) as drawn outlines by ISO 3166-1 code. The
// browser gets 20 KB of paths on the wire and no geography; nothing is asked from any server of maps.

type Point = [number, number];
type Ring = Point[];
interface Shape { type: "Polygon" | "MultiPolygon"; coordinates: Ring[] | Ring[][] }

/** Width of the drawing; whole numbers are fine enough at four times the size it is shown in. */
const width = 2000;
/** Degrees east in the middle: the cut falls into the Bering Strait and goes through no country. */
const middle = 11;
/** What is shown, in degrees of latitude: from Cape Horn to the north of Svalbard. */
const north = 80, south = -56;

/** The Natural Earth projection in its polynomial form (Šavrič, Jenny, Patterson 2011). */
function project([lon, lat]: Point): Point {
  const l = ((lon - middle) * Math.PI) / 180, f = (lat * Math.PI) / 180;
  const f2 = f * f, f4 = f2 * f2, f8 = f4 * f4;
  return [
    l * (0.8707 - 0.131979 * f2 - 0.013791 * f4 + f8 * (0.003971 * f2 - 0.001529 * f4)),
    f * (1.007226 + 0.015085 * f2 - 0.044475 * f4 * f2 + 0.028874 * f8 - 0.005916 * f8 * f2),
  ];
}

const scale = width / (2 * project([180 + middle, 0])[0]);
const top = project([0, north])[1];

/** Where a place stands in the drawing. */
function place(p: Point): Point {
  const [x, y] = project(p);
  return [Math.round(x * scale + width / 2), Math.round((top - y) * scale)];
}

/** The line in one piece: it does not jump where the degrees do, and lies on that side of the cut where most of it is. */
function whole(line: Ring): Ring {
  let round = 0;
  const out = line.map(([lon, lat], i): Point => {
    if (i > 0) round -= 360 * Math.round((lon - line[i - 1]![0]) / 360);
    return [lon + round, lat];
  });
  const mean = out.reduce((n, p) => n + p[0], 0) / out.length;
  const turn = 360 * Math.round((middle - mean) / 360);
  return out.map(([lon, lat]) => [lon + turn, lat]);
}

function draw(line: Ring, closed: boolean): string {
  const points = whole(line).map(place);
  let [x, y] = points[0]!;
  let out = `M${x} ${y}`;
  for (const [nx, ny] of points) {
    if (nx === x && ny === y) continue;
    out += `l${nx - x} ${ny - y}`;
    [x, y] = [nx, ny];
  }
  return closed ? out + "z" : out;
}

const polygons = (s: Shape) => (s.type === "Polygon" ? [s.coordinates as Ring[]] : (s.coordinates as Ring[][]));

/** What has no number of its own and is counted with, or under, another code where addresses are looked up. */
const counted: Record<string, string> = { Kosovo: "XK", "N. Cyprus": "CY", Somaliland: "SO" };

/** The two letters of a country: its number is the same region by another name. */
function code(id: string | number | undefined, name: string): string {
  const region = id === undefined ? undefined : new Intl.Locale(`und-${id}`).region;
  return region?.length === 2 ? region : (counted[name] ?? "");
}

function read(file: string) {
  const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`world-atlas/${file}`), "utf8"));
  return { topology, countries: feature(topology, topology.objects.countries).features };
}

/** A module with the outlines, the borders between them, and the places too small to have an outline. */
function world(): string {
  const { topology, countries } = read("countries-110m.json");
  const land = new Map<string, string>();
  for (const c of countries) {
    const key = code(c.id, c.properties.name);
    if (key === "" || key === "AQ") continue;
    land.set(key, (land.get(key) ?? "") + polygons(c.geometry as Shape).flat().map((r) => draw(r, true)).join(""));
  }
  const borders = mesh(topology, topology.objects.countries, (a, b) => a !== b).coordinates.map((l) => draw(l as Ring, false)).join("");
  const dots: [string, number, number][] = [];
  for (const c of read("countries-50m.json").countries) {
    const key = code(c.id, c.properties.name);
    if (key === "" || land.has(key)) continue;
    const largest = whole(polygons(c.geometry as Shape).map((p) => p[0]!).reduce((a, b) => (b.length > a.length ? b : a)));
    const mean = largest.reduce<Point>((m, p) => [m[0] + p[0] / largest.length, m[1] + p[1] / largest.length], [0, 0]);
    if (mean[1] < south || mean[1] > north) continue;
    dots.push([key, ...place(mean)]);
  }
  const height = Math.round((top - project([0, south])[1]) * scale);
  return `export const width = ${width}, height = ${height}, borders = ${JSON.stringify(borders)};
export const land = ${JSON.stringify([...land])};
export const dots = ${JSON.stringify(dots)};\n`;
}

const name = "virtual:world";

export function worldMap(): Plugin {
  return {
    name: "world-map",
    resolveId: (id) => (id === name ? "\0" + name : undefined),
    load: (id) => (id === "\0" + name ? world() : undefined),
  };
}
