import { Button } from "@fluentui/react-components";
import { notLetIn, Problem } from "../api/client";
import { KeyTrouble } from "../session/keys";
import { ErrorCircle20Regular } from "./icons";
import styles from "./Problem.module.css";

const titles: Record<number, string> = {
  401: "Not signed in", 403: "Not allowed", 404: "Not found", 409: "Something else came first", 413: "Too large", 422: "The server cannot use this", 429: "Too many tries",
  500: "The server failed", 503: "The server is busy", 504: "The server took too long",
};

/** What the server refused: what was wrong, where, and what to do. */
export function ProblemNote({ error, onRetry, quiet }: { error: unknown; onRetry?: () => void; quiet?: boolean }) {
  const p = error instanceof Problem ? error : undefined;
  const title = error instanceof KeyTrouble ? "The key" : p?.type === notLetIn ? "Not let in" : p ? (titles[p.status] ?? p.title) : "Something broke in this page";
  const detail = p ? p.detail : error instanceof Error ? error.message : String(error);
  return (
    <div className={`${styles.note} ${quiet ? styles.quiet : ""}`} role="alert">
      <ErrorCircle20Regular aria-hidden />
      <div>
        <b>{title}</b>
        {detail && <p>{detail}</p>}
        {p && p.errors.length > 0 && (
          <ul>{p.errors.map((e, i) => <li key={i}>{e.location && <span className="mono">{e.location}</span>} {e.message}</li>)}</ul>
        )}
        {p?.retryAfter !== undefined && <p>Try again in {p.retryAfter} s.</p>}
        {p?.status === 403 && !p.type.startsWith("urn:") && <p>An administrator can give you the role that has it.</p>}
      </div>
      {onRetry && p?.status !== 403 && <Button size="small" onClick={onRetry}>Try again</Button>}
    </div>
  );
}
