import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

// What the page of a mailbox asks.

export type Mailbox = Schemas["MailboxView"];
export type Rules = Schemas["MailboxRules"];
export type Rule = Schemas["MailboxRule"];
export type Deed = Schemas["MailboxDeed"];

const path = (address: string) => ({ params: { path: { address } } });

export function useMailbox(address: string) {
  return useQuery({ queryKey: ["mailbox", address], queryFn: ({ signal }) => ask<Mailbox>(api.GET("/mailboxes/{address}", { ...path(address), signal })), staleTime: 0 });
}

/** The rules, from the mail system itself. Each look is on record, so it is taken when somebody opens the page or asks again, and never by itself. */
export function useRules(address: string) {
  return useQuery({ queryKey: ["mailbox rules", address], queryFn: ({ signal }) => ask<Rules>(api.GET("/mailboxes/{address}/rules", { ...path(address), signal })), staleTime: Infinity, retry: false });
}

/** What is done: a rule taken out or put back, or everybody signed out. */
export type What = { kind: "remove"; rule: Rule } | { kind: "back"; deed: Deed } | { kind: "out" };

/** Does it, and reads anew what is there. */
export function useAid(address: string, what: What) {
  const again = useAgain(address);
  return useMutation({
    mutationFn: (reason: string) => {
      switch (what.kind) {
        case "remove":
          return ask<Deed>(api.POST("/mailboxes/{address}/rules/remove", { ...path(address), body: { id: what.rule.id, script: what.rule.script, version: what.rule.version, reason } }));
        case "back":
          return ask<Deed>(api.POST("/mailboxes/{address}/deeds/{id}/put-back", { params: { path: { address, id: what.deed.id } }, body: { reason } }));
        case "out":
          return ask<Deed>(api.POST("/mailboxes/{address}/sign-out", { ...path(address), body: { reason } }));
      }
    },
    onSuccess: again,
  });
}

/** Looks at rules and history again: the rules first, since looking ends what was left open. */
export function useAgain(address: string) {
  const client = useQueryClient();
  return async () => {
    await client.refetchQueries({ queryKey: ["mailbox rules", address] });
    await client.refetchQueries({ queryKey: ["mailbox", address] });
  };
}
