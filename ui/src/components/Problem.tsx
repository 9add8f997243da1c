import { Button } from "@fluentui/react-components";
import { Problem } from "../api/client";
import { ErrorCircle20Regular } from "./icons";
import styles from "./Problem.module.css";

/** What the server refused: what was wrong, where, and what to do. */
export function ProblemNote({ error, onRetry, quiet }: { error: unknown; onRetry?: () => void; quiet?: boolean }) {
  const p = error instanceof Problem ? error : undefined;
  const title = p ? p.title : "Something broke in this page";
  const detail = p ? p.detail : error instanceof Error ? error.message : String(error);
  return (
    <div className={`${styles.note} ${quiet ? styles.quiet : ""}`} role="alert">
      <ErrorCircle20Regular aria-hidden />
      <div>
        <b>{p?.status === 403 ? "Not allowed" : title}</b>
        {detail && <p>{detail}</p>}
        {p && p.errors.length > 0 && (
          <ul>{p.errors.map((e, i) => <li key={i}>{e.location && <span className="mono">{e.location}</span>} {e.message}</li>)}</ul>
        )}
        {p?.retryAfter !== undefined && <p>Try again in {p.retryAfter} s.</p>}
        {p?.status === 403 && <p>An administrator can give you the role that has it.</p>}
      </div>
      {onRetry && p?.status !== 403 && <Button size="small" onClick={onRetry}>Try again</Button>}
    </div>
  );
}
