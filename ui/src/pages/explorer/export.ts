import { prefix } from "../../api/client";

/** Where the server streams the list as a file. */
export function exportLink(scope: { view: string; q: string; from: string; to: string }, format: "csv" | "json", columns: readonly string[]): string {
  return `${prefix}/explorer/export?${new URLSearchParams({ view: scope.view, q: scope.q, from: scope.from, to: scope.to, format, columns: columns.join(",") }).toString()}`;
}
