import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas, type Session } from "../../api/client";
import { makeKey } from "../../session/keys";
import { sessionKey } from "../../session/queries";

export type Account = Schemas["Account"];
export type SessionLine = Schemas["SessionLine"];
export type KeyLine = Schemas["KeyLine"];
export type TokenLine = Schemas["TokenLine"];

const key = ["account"] as const;

export function useAccount() {
  return useQuery({ queryKey: [...key, "own"], queryFn: ({ signal }) => ask<Account>(api.GET("/account", { signal })) });
}

export function useSessions(whose: "own" | "all") {
  return useQuery({ queryKey: [...key, "sessions", whose], queryFn: ({ signal }) => ask<SessionLine[]>(api.GET("/sessions", { params: { query: { whose } }, signal })) });
}

export function useTokens() {
  return useQuery({ queryKey: [...key, "tokens"], queryFn: ({ signal }) => ask<TokenLine[]>(api.GET("/tokens", { signal })) });
}

/** Does one thing to the account and reads it anew. */
export function useDo<I, O>(call: (input: I) => Promise<O>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: call, onSettled: () => client.invalidateQueries({ queryKey: key }) });
}

export const useEndSession = () => useDo((id: string) => ask(api.DELETE("/sessions/{id}", { params: { path: { id } } })));
export const useRevoke = () => useDo((id: string) => ask(api.DELETE("/tokens/{id}", { params: { path: { id } } })));
export const useMakeToken = () => useDo((body: Schemas["NewToken"]) => ask<Schemas["TokenMade"]>(api.POST("/tokens", { body })));
export const useBeginTOTP = () => useDo((password: string) => ask<Schemas["TOTPEnrolment"]>(api.POST("/account/totp", { body: { password } })));
export const useConfirmTOTP = () => useDo((code: string) => ask<Schemas["RecoveryCodes"]>(api.POST("/account/totp/confirm", { body: { code } })));
export const useRemoveTOTP = () => useDo((code: string) => ask(api.POST("/account/totp/remove", { body: { code } })));
export const useNewCodes = () => useDo((code: string | undefined) => ask<Schemas["RecoveryCodes"]>(api.POST("/account/recovery-codes", { body: { ...(code && { code }) } })));

/** Adds a key: the password, the key itself, and its name. */
export const useAddKey = () => useDo(async ({ password, name }: { password: string; name: string }) => {
  const q = await ask<Schemas["KeyQuestion"]>(api.POST("/account/keys/begin", { body: { password } }));
  return ask<Schemas["KeyAdded"]>(api.POST("/account/keys", { body: { name, credential: await makeKey(q.options) } }));
});
export const useRenameKey = () => useDo(({ id, name }: { id: string; name: string }) => ask<KeyLine>(api.PUT("/account/keys/{id}", { params: { path: { id } }, body: { name } })));
export const useRemoveKey = () => useDo((id: string) => ask(api.DELETE("/account/keys/{id}", { params: { path: { id } } })));
export const useUnlink = () => useDo(() => ask(api.DELETE("/account/provider")));

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["PasswordChange"]) => ask<Session>(api.POST("/account/password", { body })),
    onSuccess: (s) => {
      client.setQueryData(sessionKey, s);
      return client.invalidateQueries({ queryKey: key });
    },
  });
}
