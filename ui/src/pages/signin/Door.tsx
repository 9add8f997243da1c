import type { ReactNode } from "react";
import { Bell, BellShape } from "../../components/Bell";
import { LockClosed16Regular } from "../../components/icons";
import styles from "./Door.module.css";

/** The house's front: what stands around sign-in and the first administrator's form. */
export function Door({ children, foot = "Every sign-in and every look at mail is recorded.", says = ["See what reached your people.", "Take it out of every mailbox.", "Be able to prove it."] }: { children: ReactNode; foot?: string; says?: readonly string[] }) {
  return (
    <div className={styles.door}>
      <div className={styles.picture} aria-hidden="true">
        <p>{says.map((line) => <span key={line}>{line}<br /></span>)}</p>
        <svg viewBox="0 0 880 900" preserveAspectRatio="xMidYMax slice">
          <g fill="none" stroke="#38918A" strokeWidth="1.2">
            {[70, 144, 218, 292, 366, 440, 514, 588, 662].map((r) => <circle key={r} cx="640" cy="660" r={r} opacity={0.62 - r / 1300} />)}
          </g>
          <g fill="#82C6C0" transform="translate(582 596) scale(4.85)">
            <BellShape />
          </g>
        </svg>
      </div>
      <main className={styles.side}>
        <div className={styles.form}>
          <div className={styles.mark}><Bell size={32} /><b>Tocsin</b></div>
          {children}
        </div>
        <p className={styles.foot}><LockClosed16Regular aria-hidden /> {foot}</p>
      </main>
    </div>
  );
}
