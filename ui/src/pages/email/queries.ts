import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

/** Everything known of one email event without opening its content. */
export function useEmail(id: string, recipient: string) {
  return useQuery({
    queryKey: ["email", id, recipient],
    queryFn: ({ signal }) => ask<Schemas["Email"]>(api.GET("/emails/{nmid}", { params: { path: { nmid: id }, query: recipient ? { recipient } : {} }, signal })),
    placeholderData: keepPreviousData,
  });
}
