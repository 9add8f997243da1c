import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../../api/client";

// What the page of feeds asks.

export type Feed = Schemas["Feed"];
export type Settings = Omit<Schemas["FeedAsk"], "secret">;
export type Run = Schemas["FeedRun"];
export type Trial = Schemas["FeedTrial"];
export type Hits = Schemas["FeedHits"];

/** What is running changes by itself. */
const soon = (busy: boolean) => (busy ? 1500 : 30_000);

export function useFeeds() {
  return useQuery({
    queryKey: ["feeds", "list"],
    queryFn: ({ signal }) => ask<Feed[]>(api.GET("/feeds", { signal })),
    refetchInterval: (q) => soon(q.state.data?.some((f) => f.status === "running" || f.status === "waiting") ?? false),
  });
}

export function useFeed(id: string) {
  return useQuery({
    queryKey: ["feeds", "one", id],
    enabled: id !== "",
    queryFn: ({ signal }) => ask<Schemas["FeedDetail"]>(api.GET("/feeds/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (q) => soon(q.state.data?.status === "running" || q.state.data?.status === "waiting"),
  });
}

function useDo<I, O>(call: (input: I) => Promise<O>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: call, onSettled: () => client.invalidateQueries({ queryKey: ["feeds"] }) });
}

/** The question of a trial. A secret that is not given is that of the feed with the id. */
export interface Asked { settings: Settings; secret: string | undefined; id: string }

const trial = ({ settings, secret, id }: Asked) => ({ ...settings, ...(secret !== undefined && { secret }), ...(id !== "" && { id }) });

export const useTry = () => useMutation({ mutationFn: (a: Asked) => ask<Trial>(api.POST("/feeds/try", { body: trial(a) })) });
export const useHits = () => useMutation({ mutationFn: (a: Asked) => ask<Hits>(api.POST("/feeds/hits", { body: trial(a) })) });
export const useAdd = () => useDo(({ settings, secret }: Asked) => ask<Feed>(api.POST("/feeds", { body: { ...settings, ...(secret !== undefined && { secret }) } })));
export const useChange = () => useDo(({ settings, secret, id, version }: Asked & { version: number }) => ask<Feed>(api.PUT("/feeds/{id}", { params: { path: { id } }, body: { ...settings, version, ...(secret !== undefined && { secret }) } })));
export const useRemove = () => useDo((id: string) => ask(api.DELETE("/feeds/{id}", { params: { path: { id } } })));
/** Has a feed read. It waits for its turn, and may be over before anybody looks: so it is looked at again a few times. */
export function useRun() {
  const client = useQueryClient();
  const look = () => client.invalidateQueries({ queryKey: ["feeds"] });
  return useMutation({
    mutationFn: (id: string) => ask<Feed>(api.POST("/feeds/{id}/run", { params: { path: { id } } })),
    onSettled: () => {
      for (const ms of [500, 1500, 4000, 10_000]) window.setTimeout(() => void look(), ms);
      return look();
    },
  });
}

/** The settings of a feed without how it stands. */
export function settingsOf(f: Feed): Settings {
  const { name, kind, url, collection, root, auth, user, header, private: inside, every_minutes, enabled, whole, confidence, tlp, days, state, tags, threat, columns, events, filter } = f;
  const all = { name, kind, url, collection, root, auth, user, header, private: inside, every_minutes, enabled, whole, confidence, tlp, days, state, tags, threat, columns, events, filter };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as unknown as Settings;
}
