import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { api, ask, Problem, type Schemas } from "../api/client";
import { writeExplorer, readExplorer } from "../address/explorer";
import { Search20Regular } from "../components/icons";
import { number } from "../time/zone";
import { useKeys } from "./keys";
import styles from "./Shell.module.css";

const kinds: Record<string, string> = {
  address: "Address", domain: "Domain", url: "URL", hash: "File hash", message_id: "Message id", ip: "IP address", text: "Words of a subject",
};

/** Finds an address, domain, URL, hash or message id in all mail that is kept, and opens what it found in Explorer. */
export function GlobalSearch() {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const id = useId();
  useKeys({ "/": () => input.current?.focus() });
  useEffect(() => {
    const t = setTimeout(() => setAsked(text.trim()), 250);
    return () => clearTimeout(t);
  }, [text]);

  const hit = useQuery({
    queryKey: ["search", asked],
    enabled: asked !== "" && open,
    queryFn: ({ signal }) => ask<Schemas["SearchHit"]>(api.GET("/search", { params: { query: { q: asked } }, signal })),
  });
  const go = (q: string) => {
    setOpen(false);
    input.current?.blur();
    // The search looked through everything, so Explorer shows everything it found.
    void navigate({ to: "/explorer", search: writeExplorer({ ...readExplorer({}), q, range: { last: "all" } }) });
  };
  const enter = async () => {
    const q = text.trim();
    if (q === "") return;
    try {
      const found = await ask<Schemas["SearchHit"]>(api.GET("/search", { params: { query: { q } } }));
      go(found.q);
    } catch {
      setAsked(q); // the panel shows what is wrong
    }
  };
  return (
    <div
      className={styles.search}
      role="search"
      onBlur={(e) => {
        if (!e.currentTarget.contains(e.relatedTarget)) setOpen(false);
      }}
    >
      <label className={styles.searchbox}>
        <Search20Regular aria-hidden />
        <span className="unseen">Search all mail</span>
        <input
          ref={input}
          value={text}
          placeholder="Address, domain, URL, file hash or message id"
          spellCheck={false}
          autoComplete="off"
          aria-describedby={id}
          onFocus={() => setOpen(true)}
          onChange={(e) => {
            setText(e.target.value);
            setOpen(true);
          }}
          onKeyDown={(e) => {
            if (e.key === "Enter") void enter();
            if (e.key === "Escape") {
              setOpen(false);
              input.current?.blur();
            }
          }}
        />
        <kbd aria-hidden>/</kbd>
      </label>
      <div id={id} aria-live="polite">
        {open && text.trim() !== "" && (
          <div className={styles.found}>
            {hit.error ? (
              <p>{hit.error instanceof Problem ? hit.error.message : "The search failed."}</p>
            ) : !hit.data || asked !== text.trim() ? (
              <p>Looking through all mail</p>
            ) : (
              <button type="button" onClick={() => go(hit.data.q)}>
                <b className="clip">{kinds[hit.data.kind] ?? "Found"}</b>
                <small className="num">{hit.data.matches === 0 ? "in no email event" : `in ${number(hit.data.matches)} email event${hit.data.matches === 1 ? "" : "s"}`}</small>
              </button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
