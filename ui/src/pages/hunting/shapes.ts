// What hunting asks and gets, as the page speaks of it.

import type { Schemas } from "../../api/client";

export type HuntColumn = Schemas["HuntColumn"];
export type HuntRender = Schemas["HuntRender"];
export type HuntLine = Schemas["HuntLine"];
export type HuntTableColumn = Schemas["HuntTableColumn"];
export type HuntTable = Schemas["HuntTable"];
export type HuntFunction = Schemas["HuntFunction"];
export type HuntSchema = Schemas["HuntSchema"];
export type HuntLibraryQuery = Schemas["HuntLibraryQuery"];
export type HuntSaved = Schemas["HuntSaved"];
export type HuntPast = Schemas["HuntPast"];

/** What is wrong with a query, and where: line and column from 1 in characters, offset and end in octets of UTF-8. It is the value of a problem's error. */
export interface HuntDefect { line: number; column: number; offset?: number; end?: number; message: string; table?: string }

/** One row of a result. */
export type Cells = readonly unknown[];
