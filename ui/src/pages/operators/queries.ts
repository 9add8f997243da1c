import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export function useOperators() {
  return useQuery({ queryKey: ["operators"], queryFn: ({ signal }) => ask<Schemas["Operators"]>(api.GET("/operators", { signal })) });
}

function useDo<I, O>(call: (input: I) => Promise<O>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: call, onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ["operators"] }), client.invalidateQueries({ queryKey: ["account"] })]) });
}

export const useAdd = () => useDo((body: Schemas["NewOperator"]) => ask<Schemas["Invited"]>(api.POST("/operators", { body })));
export const useChange = () => useDo(({ id, body }: { id: string; body: Schemas["OperatorChange"] }) => ask<Schemas["OperatorLine"]>(api.PUT("/operators/{id}", { params: { path: { id } }, body })));
export const useInvite = () => useDo((id: string) => ask<Schemas["Invited"]>(api.POST("/operators/{id}/invitation", { params: { path: { id } } })));
export const useEndAll = () => useDo((id: string) => ask(api.DELETE("/operators/{id}/sessions", { params: { path: { id } } })));
export const useFree = () => useDo((id: string) => ask(api.DELETE("/operators/{id}/factor", { params: { path: { id } } })));
