import { Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Chip, Operator } from "../api/client";
import { Dismiss12Regular, Megaphone16Regular } from "../components/icons";
import { Untrusted } from "../components/Untrusted";
import { revealed } from "../text/reveal";
import { complete, negative, operatorWords, takes, valueWords, withField, withOperator } from "./chips";
import { FieldPicker } from "./FieldPicker";
import styles from "./Filter.module.css";
import { useFields } from "./useFilter";
import { ValueEditor } from "./ValueEditor";

/** One condition: field, operator, value, remove. A click on any part edits that part. */
export function ChipView({ chip: kept, draft, onChange }: { chip: Chip; draft?: boolean; onChange: (c: Chip | undefined) => void }) {
  const { byName, label } = useFields();
  const [open, setOpen] = useState<"field" | "value" | undefined>(draft ? "value" : undefined);
  // Another field or operator may want other values: then the chip waits here, and changes the filter once it has them.
  const [pending, setPending] = useState<Chip>();
  const chip = pending ?? kept;
  const field = byName.get(chip.field);
  const name = chip.op === "kql" ? "KQL" : label(chip.field);
  const words = revealed(valueWords(chip));
  const said = [name, chip.op === "kql" ? "" : operatorWords[chip.op], words].filter((w) => w !== "").join(" ");
  const shut = (d: { open: boolean }) => {
    if (d.open) return;
    setOpen(undefined);
    setPending(undefined);
    if (draft && !complete(chip)) onChange(undefined);
  };
  const change = (next: Chip) => {
    if (!complete(next)) {
      setPending(next);
      setOpen("value");
      return;
    }
    setOpen(undefined);
    setPending(undefined);
    onChange(next);
  };
  const operators = (field?.operators ?? [chip.op]) as Operator[];
  return (
    <span className={`${styles.chip} ${negative(chip.op) ? styles.negative : ""}`} role="group" aria-label={`Filter: ${said}`}>
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
                if (to) change(withField(chip, field, to));
              }}
            />
          </PopoverSurface>
        </Popover>
      )}
      {chip.op !== "kql" && (
        <Menu checkedValues={{ op: [chip.op] }} onCheckedValueChange={(_, d) => {
          const op = d.checkedItems.at(-1) as Operator | undefined;
          if (op) change(withOperator(chip, op));
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
            <button type="button" className={`${styles.part} ${styles.val}`} aria-label={`Value ${words || "not chosen"}: change`} title={chip.values.map(revealed).join("\n")}>
              {chip.values.length === 0 ? <i>choose</i> : <span className="clip"><Untrusted text={valueWords(chip)} /></span>}
            </button>
          </PopoverTrigger>
          <PopoverSurface className={styles.popup} aria-label={`Value of ${name}`}>
            <ValueEditor
              chip={chip}
              field={field}
              onApply={(values) => change({ field: chip.field, op: chip.op, values })}
            />
          </PopoverSurface>
        </Popover>
      )}
      {chip.field === "CampaignId" && chip.op === "is" && chip.values.length === 1 && <Link to="/campaigns/$id" params={{ id: chip.values[0]! }} className={styles.remove} aria-label="Open the campaign" title="Open the campaign"><Megaphone16Regular aria-hidden /></Link>}
      <button type="button" className={styles.remove} aria-label={`Remove filter ${said}`} onClick={() => onChange(undefined)}>
        <Dismiss12Regular aria-hidden />
      </button>
    </span>
  );
}
