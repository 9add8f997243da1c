import { useEffect, useState } from "react";
import { useSchema } from "../queries";
import { Kusto } from "./kusto";

/** The language service, from when the page is opened until it is left; it learns the schema when that is there. */
export function useKusto(): Kusto | undefined {
  const [kusto, setKusto] = useState<Kusto>();
  const { data: schema } = useSchema();
  useEffect(() => {
    const k = new Kusto();
    setKusto(k);
    return () => k.end();
  }, []);
  useEffect(() => {
    if (!kusto || !schema) return;
    // The first proposal takes most of a second: it is asked for before somebody waits for it.
    void kusto.learn(schema).then(() => kusto.complete("", 0)).catch((e: unknown) => console.warn(e));
  }, [kusto, schema]);
  return kusto;
}
