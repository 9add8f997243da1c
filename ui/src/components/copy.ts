import { Toast, ToastTitle, useToastController } from "@fluentui/react-components";
import { createContext, createElement, useContext } from "react";

export const ToasterContext = createContext("");

/** Puts text on the clipboard and says so. */
export function useCopy(): (text: string, what?: string) => void {
  const toaster = useContext(ToasterContext);
  const { dispatchToast } = useToastController(toaster);
  return (text, what = "Copied") => {
    const say = (title: string, intent: "success" | "error") => dispatchToast(createElement(Toast, null, createElement(ToastTitle, null, title)), { intent, timeout: 2000 });
    navigator.clipboard.writeText(text).then(() => say(what, "success"), () => say("The browser did not allow copying; select the text instead", "error"));
  };
}
