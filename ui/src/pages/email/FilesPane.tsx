import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useCopy } from "../../components/copy";
import { EmptyState } from "../../components/EmptyState";
import { size } from "../../components/grid/columns";
import { ChevronDown12Regular, Copy16Regular, Document16Regular, FolderZip16Regular, Image16Regular, Mail16Regular, Warning16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { number } from "../../time/zone";
import styles from "./Email.module.css";
import { count, flatten, mismatches, type File, type FileRow } from "./files";
import { Part } from "./Part";
import rows from "./Rows.module.css";

const archives = new Set(["zip", "rar", "7z", "gz", "tar", "cab", "iso", "img", "ace", "arj", "lzh", "xz", "bz2", "zst", "vhd", "vhdx", "jar"]);

/** The files of a message and what is inside of them, with what does not fit together about each. */
export function FilesPane({ files }: { files: UseQueryResult<Schemas["EmailAttachments"]> }) {
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>Attachments</h2>
        {files.data && <span className="num">{said(files.data.attachments)}</span>}
      </div>
      <Part answer={files} label="Reading the files">
        {({ attachments }) => (attachments.length === 0 ? <EmptyState small title="No file in this message" why="It has only text, and no picture stands in it." /> : (
          <ul className={rows.list}>{flatten(attachments).map((r) => <FileItem key={r.key} row={r} />)}</ul>
        ))}
      </Part>
    </section>
  );
}

function said(tree: readonly File[]): string {
  const all = count(tree);
  return all === tree.length ? `${number(all)}` : `${number(tree.length)}, with ${number(all - tree.length)} more inside`;
}

function FileItem({ row: { file: f, depth } }: { row: FileRow }) {
  const odd = mismatches(f);
  const Icon = archives.has(f.kind) ? FolderZip16Regular : f.kind === "eml" || f.kind === "msg" ? Mail16Regular : f.type.startsWith("image/") ? Image16Regular : Document16Regular;
  return (
    <li className={rows.file} style={{ paddingInlineStart: Math.min(depth, 8) * 24 }}>
      <span className={rows.icon} aria-hidden><Icon /></span>
      <div className={rows.what}>
        <b>{f.name === "" ? <i>without a name</i> : <Untrusted text={f.name} />}</b>
        <p>
          {f.kind}, <span className="mono">{f.type}</span>{f.inline && ", shown in the text"}
          {odd.length === 0 && f.declared !== "" && f.declared !== f.type && <span className={rows.dim}> · declared as <span className="mono"><Untrusted text={f.declared} /></span></span>}
        </p>
        {odd.map((o) => <p key={o} className={rows.odd}><Warning16Regular aria-hidden /><Untrusted text={o} /></p>)}
        {f.sha256 && <p className={rows.hash}><span className={rows.dim}>SHA-256</span> <Value field="SHA256" value={f.sha256} className="mono" /></p>}
      </div>
      <span className={`${rows.side} num`}>{size(f.size)}</span>
      {f.sha256 && <Hashes file={f} />}
    </li>
  );
}

function Hashes({ file: f }: { file: File }) {
  const copy = useCopy();
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement><Button size="small" appearance="subtle" icon={<Copy16Regular />} className={rows.copy}>Hash<ChevronDown12Regular aria-hidden /></Button></MenuTrigger>
      <MenuPopover>
        <MenuList>
          {([["SHA-256", f.sha256], ["SHA-1", f.sha1], ["MD5", f.md5]] as const).filter(([, v]) => v !== "").map(([name, v]) => (
            <MenuItem key={name} secondaryContent={`${v.slice(0, 8)}…`} onClick={() => copy(v, `${name} copied`)}>{name}</MenuItem>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
