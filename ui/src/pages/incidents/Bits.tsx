import { CheckmarkCircle16Regular, Circle16Regular, Clock16Regular, ErrorCircle16Regular, SubtractCircle16Regular, Timer16Regular, Warning16Regular } from "../../components/icons";
import { useNow } from "../../time/Clock";
import { both } from "../../time/zone";
import styles from "./Incidents.module.css";
import { dueWords, initials, nameOf, type DueTone, type Incident } from "./words";

const dueIcons: Record<DueTone, typeof Clock16Regular> = {
  calm: Clock16Regular, soon: Warning16Regular, late: ErrorCircle16Regular, met: CheckmarkCircle16Regular, missed: Warning16Regular, none: SubtractCircle16Regular,
};

/** How an incident stands against its clocks: in words, with a shape and a colour; it runs while somebody looks. */
export function Due({ of: i }: { of: Incident }) {
  const now = useNow();
  const { tone, text } = dueWords(i, now);
  const Icon = dueIcons[tone];
  const { acknowledge, resolve } = i.due;
  const title = [acknowledge && `Take up by ${both(new Date(acknowledge))}`, resolve && `Resolve by ${both(new Date(resolve))}`].filter(Boolean).join("\n");
  return <span className={`${styles.due} num`} data-tone={tone} {...(title && { title })}><Icon aria-hidden />{text}</span>;
}

/** Where the work stands: a shape and the word. */
export function StatusWord({ value }: { value: Incident["status"] }) {
  const Icon = value === "Resolved" ? CheckmarkCircle16Regular : value === "In progress" ? Timer16Regular : Circle16Regular;
  return <span className={styles.status} data-status={value}><Icon aria-hidden />{value}</span>;
}

/** Somebody's letters in a circle, for eyes that look for a person; the name always stands beside it. */
export function Letters({ name }: { name: string }) {
  return <span className={styles.letters} aria-hidden>{initials(name)}</span>;
}

export function Owner({ of: i }: { of: Pick<Incident, "owner" | "owner_name" | "mine"> }) {
  if (i.owner === "") return <span className={styles.nobody}>Nobody</span>;
  const name = nameOf(i.owner, i.owner_name);
  return <span className={styles.owner} title={i.owner}><Letters name={name} /><span className="clip"><bdi>{name}</bdi>{i.mine && " (you)"}</span></span>;
}

export function Tags({ tags, most = 20 }: { tags: readonly string[]; most?: number }) {
  if (tags.length === 0) return null;
  return (
    <span className={styles.tags}>
      {tags.slice(0, most).map((t) => <span key={t} className={styles.tag}><bdi>{t}</bdi></span>)}
      {tags.length > most && <span className={styles.tag} title={tags.slice(most).join(", ")}>+{tags.length - most}</span>}
    </span>
  );
}
