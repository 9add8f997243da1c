import { createDOMRenderer, FluentProvider, RendererProvider } from "@fluentui/react-components";
import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { themeFor } from "./theme";
import type { Mode } from "./tokens";

export type Choice = "auto" | Mode;

const ModeContext = createContext<Mode>("light");
const ChoiceContext = createContext<(c: Choice) => void>(() => undefined);

/** The theme in force, for what paints by itself, such as a chart's canvas. */
export const useMode = () => useContext(ModeContext);
/** Chooses the theme on this screen; the shell hands down what the operator's preferences say. */
export const useChooseTheme = () => useContext(ChoiceContext);

// The server's policy allows styles that carry this answer's nonce. Fluent's renderer writes style elements of its own.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

const remembered = "tocsin.theme"; // so that the sign-in page does not flash in the other theme

function readChoice(): Choice {
  const v = localStorage.getItem(remembered);
  return v === "light" || v === "dark" ? v : "auto";
}

/** Whether the page is on its way to paper: from just before it is laid out for it until just after. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    // At once: the browser takes the page as it is when the event is over.
    const turn = (on: boolean) => () => flushSync(() => setPrinting(on));
    const before = turn(true), after = turn(false);
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  useLayoutEffect(() => {
    document.documentElement.toggleAttribute("data-printing", printing);
  }, [printing]);
  return printing;
}

export function AppTheme({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<Choice>(readChoice);
  const [system, setSystem] = useState<Mode>(() => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  useEffect(() => {
    const m = matchMedia("(prefers-color-scheme: dark)");
    const on = () => setSystem(m.matches ? "dark" : "light");
    m.addEventListener("change", on);
    return () => m.removeEventListener("change", on);
  }, []);
  const printing = usePrinting();
  // Paper is white.
  const mode = printing ? "light" : choice === "auto" ? system : choice;
  useEffect(() => {
    localStorage.setItem(remembered, choice);
    document.documentElement.dataset["theme"] = mode;
  }, [choice, mode]);
  const theme = useMemo(() => themeFor(mode), [mode]);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={theme}>
        <ModeContext.Provider value={mode}>
          <ChoiceContext.Provider value={setChoice}>
            {/* Not a class of the provider: it would be copied to every popup. */}
            <div className="app">{children}</div>
          </ChoiceContext.Provider>
        </ModeContext.Provider>
      </FluentProvider>
    </RendererProvider>
  );
}
