import { Input } from "@fluentui/react-components";
import { useId, useState } from "react";
import { Dismiss12Regular } from "../../components/icons";
import styles from "./Incidents.module.css";

/** Tags, typed or chosen: Enter and comma end one. What is typed and not ended counts too, once the field is left. */
export function TagField({ value, known, onChange, id }: { value: readonly string[]; known: readonly string[]; onChange: (v: readonly string[]) => void; id?: string }) {
  const [text, setText] = useState("");
  const list = useId();
  const take = (t: string) => {
    const clean = t.trim().replace(/\s+/g, " ");
    if (clean !== "" && !value.some((v) => v.toLowerCase() === clean.toLowerCase())) onChange([...value, clean]);
    setText("");
  };
  return (
    <div className={styles.tagfield}>
      {value.map((t) => (
        <span key={t} className={styles.tag}>
          <bdi>{t}</bdi>
          <button type="button" aria-label={`Take ${t} away`} onClick={() => onChange(value.filter((v) => v !== t))}><Dismiss12Regular aria-hidden /></button>
        </span>
      ))}
      <Input
        {...(id && { id })}
        size="small"
        aria-label="Tag"
        value={text}
        maxLength={60}
        list={list}
        placeholder={value.length === 0 ? "Type, then Enter" : ""}
        onChange={(_, d) => (d.value.endsWith(",") ? take(d.value.slice(0, -1)) : setText(d.value))}
        onKeyDown={(e) => {
          if (e.key === "Enter" && text.trim() !== "") {
            e.preventDefault();
            take(text);
          } else if (e.key === "Backspace" && text === "") onChange(value.slice(0, -1));
        }}
        onBlur={() => take(text)}
      />
      <datalist id={list}>{known.filter((k) => !value.includes(k)).map((k) => <option key={k} value={k} />)}</datalist>
    </div>
  );
}
