import { Button, Dialog, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { Dismiss20Regular } from "../components/icons";
import { keyHelp } from "./keys";
import { usePages } from "./nav";
import styles from "./Shell.module.css";

/** The keys, on "?". */
export function Help({ open, onClose, version }: { open: boolean; onClose: () => void; version: string }) {
  const pages = usePages();
  return (
    <Dialog open={open} onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle action={<Button appearance="subtle" icon={<Dismiss20Regular />} aria-label="Close" onClick={onClose} />}>Keyboard</DialogTitle>
          <DialogContent tabIndex={0}>
            <div className={styles.keys}>
              {keyHelp(pages).map((g) => (
                <section key={g.group}>
                  <h3>{g.group}</h3>
                  <dl>
                    {g.keys.map(([keys, does]) => (
                      <div key={keys} style={{ display: "contents" }}>
                        <dt>{keys.split(" ").map((k) => <kbd key={k}>{k}</kbd>)}</dt>
                        <dd>{does}</dd>
                      </div>
                    ))}
                  </dl>
                </section>
              ))}
              <section>
                <h3>With the mouse</h3>
                <p>Click any value for its menu; the middle button opens it in a new tab. In a legend, click shows one series alone and Shift click hides it. Drag over the chart to choose a time.</p>
                <p className="num" style={{ color: "var(--ink3)", marginTop: 12 }}>Tocsin {version}</p>
              </section>
            </div>
          </DialogContent>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
