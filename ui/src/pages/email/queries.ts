import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { saveFile } from "../../api/save";

type Part = "headers" | "timeline" | "urls" | "attachments" | "similar";

/** Everything known of one email event without opening its content. */
export function useEmail(id: string, recipient: string) {
  return useQuery({
    queryKey: ["email", id, recipient],
    queryFn: ({ signal }) => ask<Schemas["Email"]>(api.GET("/emails/{nmid}", { params: params(id, recipient), signal })),
    placeholderData: keepPreviousData,
  });
}

function params(id: string, recipient: string) {
  return { path: { nmid: id }, query: recipient ? { recipient } : {} };
}

const keyOf = (part: Part, id: string, recipient: string) => ["email", id, recipient, part] as const;

// Parts of a message are asked for when a tab shows them. What was shown of the message before never stands in for them.

export function useHeaders(id: string, recipient: string, enabled = true) {
  return useQuery({
    queryKey: keyOf("headers", id, recipient),
    enabled,
    queryFn: ({ signal }) => ask<Schemas["EmailHeaders"]>(api.GET("/emails/{nmid}/headers", { params: params(id, recipient), signal })),
  });
}

export function useTimeline(id: string, recipient: string, enabled = true) {
  return useQuery({
    queryKey: keyOf("timeline", id, recipient),
    enabled,
    queryFn: ({ signal }) => ask<Schemas["Timeline"]>(api.GET("/emails/{nmid}/timeline", { params: params(id, recipient), signal })),
  });
}

export function useLinks(id: string, recipient: string, enabled = true) {
  return useQuery({
    queryKey: keyOf("urls", id, recipient),
    enabled,
    queryFn: ({ signal }) => ask<Schemas["EmailURLs"]>(api.GET("/emails/{nmid}/urls", { params: params(id, recipient), signal })),
  });
}

export function useFiles(id: string, recipient: string, enabled = true) {
  return useQuery({
    queryKey: keyOf("attachments", id, recipient),
    enabled,
    queryFn: ({ signal }) => ask<Schemas["EmailAttachments"]>(api.GET("/emails/{nmid}/attachments", { params: params(id, recipient), signal })),
  });
}

export function useSimilar(id: string, recipient: string, enabled = true) {
  return useQuery({
    queryKey: keyOf("similar", id, recipient),
    enabled,
    queryFn: ({ signal }) => ask<Schemas["Similar"]>(api.GET("/emails/{nmid}/similar", { params: params(id, recipient), signal })),
  });
}

/** The content of a message that the operator was let into, and until when the server shows its document. */
export interface Look { content: Schemas["Content"]; until: number }

/** A little less than the ten minutes of the server, so that a document asked for in time comes in time. */
const lookLife = 9.5 * 60_000;

/** Looks into a message. Every look is written down by the server, so it is kept for as long as it is good instead of being asked again. */
export function useLook(id: string, recipient: string) {
  const client = useQueryClient();
  const key = ["look", id, recipient] as const;
  const { data: look } = useQuery<Look>({ queryKey: key, enabled: false, staleTime: Infinity, gcTime: lookLife, queryFn: () => Promise.reject(new Error("a look is asked for with a reason")) });
  const open = useMutation({
    mutationFn: (reason: string) => ask<Schemas["Content"]>(api.POST("/emails/{nmid}/content", { params: params(id, recipient), body: { reason } })),
    onSuccess: (content) => {
      client.setQueryData<Look>(key, { content, until: Date.now() + lookLife });
      void client.invalidateQueries({ queryKey: keyOf("timeline", id, recipient) });
    },
  });
  return { look, open };
}

/** Fetches the message in its protected archive and hands it to the browser. */
export function useDownload(id: string, recipient: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (reason: string) => {
      const zip = await ask<unknown>(api.POST("/emails/{nmid}/download", { params: params(id, recipient), body: { reason }, parseAs: "blob" }));
      const name = `${id}.zip`;
      saveFile(zip as Blob, name);
      return name;
    },
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf("timeline", id, recipient) }),
  });
}

/** What the page of a link looked like. Every look is written down by the server, so it is kept for as long as other looks are. */
export function usePagePicture(id: string, recipient: string, target: string) {
  const client = useQueryClient();
  const key = ["look", id, recipient, "picture", target] as const;
  const { data: picture } = useQuery<Schemas["PagePicture"]>({ queryKey: key, enabled: false, staleTime: Infinity, gcTime: lookLife, queryFn: () => Promise.reject(new Error("a look is asked for with a reason")) });
  const open = useMutation({
    mutationFn: (reason: string) => ask<Schemas["PagePicture"]>(api.POST("/emails/{nmid}/picture", { params: params(id, recipient), body: { reason, target } })),
    onSuccess: (seen) => {
      client.setQueryData(key, seen);
      void client.invalidateQueries({ queryKey: keyOf("timeline", id, recipient) });
    },
  });
  return { picture, open };
}
