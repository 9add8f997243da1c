import { useCallback } from "react";
import { useOperator } from "../session/queries";
import { defangText, evidence } from "./defang";
import { domainOf } from "./punycode";

/** Makes running text safe to show: addresses of others are defanged; own domains and IP addresses stay readable. */
export function useEvidence(): (text: string) => string {
  const own = useOperator().organisation.domains;
  return useCallback((text) => defangText(text, { ips: true, own }), [own]);
}

/** The same for the value of a field. */
export function useValueEvidence(): (field: string, value: string) => string {
  const own = useOperator().organisation.domains;
  return useCallback((field, value) => (!value.includes("://") && own.includes(domainOf(value).replace(/>$/, "").toLowerCase()) ? value : evidence(field, value)), [own]);
}
