import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useOperator } from "./queries";

/** What a page keeps of the person's own work. It is kept with what the server answered, so that a sign-out takes it too, and ends it. */
export function useUntilSignOut<T extends { end(): void }>(key: readonly string[], make: (operator: string) => T): T {
  const client = useQueryClient();
  const { operator } = useOperator();
  return useMemo(() => {
    const kept = client.getQueryData<T>(key);
    if (kept) return kept;
    client.setQueryDefaults(key, { gcTime: Infinity, staleTime: Infinity });
    const fresh = make(operator.id);
    client.setQueryData<T>(key, fresh as never);
    const unwatch = client.getQueryCache().subscribe((e) => {
      if (e.type !== "removed" || client.getQueryData(key) === fresh) return;
      unwatch();
      fresh.end();
    });
    return fresh;
  }, [client, key, make, operator.id]);
}
