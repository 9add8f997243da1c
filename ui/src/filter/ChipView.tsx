import { Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { useState } from "react";
import type { Chip, Operator } from "../api/client";
import { Dismiss12Regular } from "../components/icons";
import { Untrusted } from "../components/Untrusted";
import { negative, operatorWords, takes, valueWords, withField, withOperator } from "./chips";
import { FieldPicker } from "./FieldPicker";
import styles from "./Filter.module.css";
import { useFields } from "./useFilter";
import { ValueEditor } from "./ValueEditor";

/** One condition: field, operator, value, remove. A click on any part edits that part. */
export function ChipView({ chip, draft, onChange }: { chip: Chip; draft?: boolean; onChange: (c: Chip | undefined) => void }) {
  const { byName, label } = useFields();
  const [open, setOpen] = useState<"field" | "value" | undefined>(draft ? "value" : undefined);
  const field = byName.get(chip.field);
  const name = chip.op === "kql" ? "KQL" : label(chip.field);
  const words = valueWords(chip);
  const shut = (d: { open: boolean }) => {
    if (d.open) return;
    setOpen(undefined);
    if (draft && takes(chip.op) !== "none" && chip.values.length === 0) onChange(undefined);
  };
  const operators = (field?.operators ?? [chip.op]) as Operator[];
  return (
    <span className={`${styles.chip} ${negative(chip.op) ? styles.negative : ""}`} role="group" aria-label={`Filter: ${name} ${operatorWords[chip.op]} ${words}`}>
      {chip.op === "kql" ? (
        <span className={styles.part}>KQL:</span>
      ) : (
        <Popover open={open === "field"} onOpenChange={(_, d) => (d.open ? setOpen("field") : shut(d))} positioning={{ position: "below", align: "start" }} trapFocus>
          <PopoverTrigger disableButtonEnhancement>
            <button type="button" className={styles.part} aria-label={`Field ${name}: change`}>{name}</button>
          </PopoverTrigger>
          <PopoverSurface className={styles.popup} aria-label="Choose a field">
            <FieldPicker
              chosen={chip.field}
              onPick={(n) => {
                const to = byName.get(n);
                if (!to) return;
                const next = withField(chip, field, to);
                setOpen(takes(next.op) !== "none" && next.values.length === 0 ? "value" : undefined);
                if (takes(next.op) === "none" || next.values.length > 0) onChange(next);
                else if (draft) onChange(next);
              }}
            />
          </PopoverSurface>
        </Popover>
      )}
      {chip.op !== "kql" && (
        <Menu checkedValues={{ op: [chip.op] }} onCheckedValueChange={(_, d) => {
          const op = d.checkedItems.at(-1) as Operator | undefined;
          if (op) onChange(withOperator(chip, op));
        }}>
          <MenuTrigger disableButtonEnhancement>
            <button type="button" className={`${styles.part} ${styles.op}`} aria-label={`Operator ${operatorWords[chip.op]}: change`}>{operatorWords[chip.op]}</button>
          </MenuTrigger>
          <MenuPopover>
            <MenuList>{operators.map((op) => <MenuItemRadio key={op} name="op" value={op}>{operatorWords[op]}</MenuItemRadio>)}</MenuList>
          </MenuPopover>
        </Menu>
      )}
      {takes(chip.op) !== "none" && (
        <Popover open={open === "value"} onOpenChange={(_, d) => (d.open ? setOpen("value") : shut(d))} positioning={{ position: "below", align: "start" }} trapFocus>
          <PopoverTrigger disableButtonEnhancement>
            <button type="button" className={`${styles.part} ${styles.val}`} aria-label={`Value ${words || "not chosen"}: change`} title={chip.values.join("\n")}>
              {chip.values.length === 0 ? <i>choose</i> : <span className="clip"><Untrusted text={words} /></span>}
            </button>
          </PopoverTrigger>
          <PopoverSurface className={styles.popup} aria-label={`Value of ${name}`}>
            <ValueEditor
              chip={chip}
              field={field}
              onApply={(values) => {
                setOpen(undefined);
                onChange({ field: chip.field, op: chip.op, values });
              }}
            />
          </PopoverSurface>
        </Popover>
      )}
      <button type="button" className={styles.remove} aria-label={`Remove filter ${name} ${operatorWords[chip.op]} ${words}`} onClick={() => onChange(undefined)}>
        <Dismiss12Regular aria-hidden />
      </button>
    </span>
  );
}
