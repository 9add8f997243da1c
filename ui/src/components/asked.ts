import { everything, readExplorer, writeExplorer, views, type View } from "../address/explorer";
import { longestQuery, readHunting, writeHunting } from "../address/hunting";
import type { Range } from "../address/range";
import type { Search } from "../address/search";

// Where a question of the server is shown: the same query and the same range of time, so that the count there is the number here.

interface Times { from?: string; to?: string }

function rangeOf({ from, to }: Times): Range {
  return from !== undefined && to !== undefined ? { from, to } : { last: "all" };
}

/** Explorer's address for a filter. */
export function inExplorer(link: { view: string; q: string } & Times): Search {
  const view = views.includes(link.view as View) ? (link.view as View) : "all";
  return writeExplorer({ ...readExplorer({}), view, q: link.q || everything, range: rangeOf(link) });
}

/** Hunting's address for a query, which runs when it opens; undefined when it does not fit into an address. */
export function inHunting(q: string, times: Times): Search | undefined {
  return q.length > longestQuery ? undefined : writeHunting({ ...readHunting({}), q, range: rangeOf(times), run: 1 });
}
