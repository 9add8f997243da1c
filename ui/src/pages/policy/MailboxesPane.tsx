import { Button } from "@fluentui/react-components";
import { usePolicyAddress } from "../../address/usePolicyAddress";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ListGrid, type ListColumn } from "../../components/grid/ListGrid";
import { Add16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { When } from "../../time/When";
import { number } from "../../time/zone";
import { SearchBox } from "./EntriesPane";
import { MailboxDialog } from "./MailboxDialog";
import styles from "./Policy.module.css";
import { useMailboxes } from "./queries";
import { ReadOnly } from "./ReadOnly";

type Mailbox = Schemas["Mailbox"];

/** What the address says while settings for a new mailbox are typed. */
const anew = "new";

/** Mailboxes with safe and blocked senders of their own. */
export function MailboxesPane() {
  const [{ search, box }, change] = usePolicyAddress();
  const mailboxes = useMailboxes(search);
  const edit = useMay("policy.edit");
  const columns = useColumns();
  const rows = mailboxes.data?.pages.flatMap((p) => p.mailboxes) ?? [];
  const add = <Button appearance="primary" icon={<Add16Regular />} disabledFocusable={!edit} title={edit ? undefined : "Needs the permission policy.edit, which your roles do not give"} onClick={() => edit && change({ box: anew })}>Add mailbox</Button>;
  return (
    <>
      {!edit && <ReadOnly what="the settings" need="policy.edit" />}
      <p className={styles.lead}>What single people trust or do not want. It counts for their mailbox alone and below the organisation’s list: a safe sender lets no malware, no phish of high confidence and nothing from the block list in.</p>
      <section className={`card ${styles.listcard}`} aria-label="Mailboxes with settings">
        <div className={styles.tools}>
          <SearchBox label="Search mailboxes" value={search} placeholder="Part of the address" onChange={(s) => change({ search: s }, { replace: true })} />
          <span className={styles.push} />
          {add}
        </div>
        {mailboxes.error ? <ProblemNote error={mailboxes.error} onRetry={() => void mailboxes.refetch()} /> : (
          <ListGrid
            label="Mailboxes"
            rows={rows}
            keyOf={(m) => m.address}
            columns={columns}
            total={mailboxes.hasNextPage ? -1 : rows.length}
            more={mailboxes.hasNextPage}
            loading={mailboxes.isLoading || mailboxes.isFetchingNextPage}
            onMore={() => void mailboxes.fetchNextPage()}
            onOpen={(m) => change({ box: m.address })}
            empty={search ? <EmptyState small title="No such mailbox has settings" why="No address with settings holds that."><Button onClick={() => change({ search: "" }, { replace: true })}>Show all mailboxes</Button></EmptyState> : (
              <EmptyState small title="No mailbox has settings of its own" why="When somebody keeps missing a newsletter that they asked for, give their mailbox a safe sender instead of allowing it for everybody." />
            )}
            foot={(first, last) => <span className="num">{number(first)}–{number(last)}{mailboxes.hasNextPage ? "" : <> of <b>{number(rows.length)}</b></>}, by address</span>}
          />
        )}
      </section>
      {box !== "" && <MailboxDialog address={box === anew ? "" : box} onClose={() => change({ box: "" }, { replace: true })} />}
    </>
  );
}

function useColumns(): ListColumn<Mailbox>[] {
  const few = (senders: readonly string[], domains: readonly string[]) => {
    const n = senders.length + domains.length;
    return n === 0 ? <span className={styles.faded}>none</span> : <span className="clip"><Untrusted text={[...senders, ...domains].slice(0, 2).join(", ")} />{n > 2 && <span className="num"> and {number(n - 2)} more</span>}</span>;
  };
  return [
    { key: "address", label: "Mailbox", min: 170, grow: 1.4, value: (m) => ({ field: "RecipientEmailAddress", value: m.address }), cell: (m) => <b className="clip"><Untrusted text={m.address} /></b> },
    { key: "safe", label: "Trusts", min: 150, grow: 2, cell: (m) => few(m.safe_senders, m.safe_domains) },
    { key: "blocked", label: "Blocks", min: 150, grow: 2, from: 560, cell: (m) => few(m.blocked_senders, m.blocked_domains) },
    { key: "junk", label: "Junk folder", min: 92, grow: 0, from: 640, cell: (m) => (m.junk_off ? <span className={styles.over}>off</span> : "in use") },
    { key: "by", label: "Changed by", min: 140, grow: 1, from: 900, cell: (m) => <span className="clip"><Untrusted text={m.by} /></span> },
    { key: "at", label: "Changed", min: 92, grow: 0, from: 760, cell: (m) => <When at={m.updated} to="day" /> },
  ];
}
