import type { ReactNode } from "react";
import { EmptyState, type Way } from "../../components/EmptyState";
import { Beaker20Regular, FolderOpen20Regular, Server20Regular } from "../../components/icons";
import { useOperator } from "../../session/queries";

/** Nothing is connected yet: the ways that mail gets in, best first. why says what the page at hand would show. */
export function FirstMail({ why }: { why?: (organisation: string) => ReactNode }) {
  const { organisation } = useOperator();
  const ways: Way[] = [
    {
      icon: <FolderOpen20Regular aria-hidden />, title: "Read a folder of mail", text: "To try Tocsin with what you have.", time: "2 minutes", best: true,
      points: [".eml, .mbox or Maildir", "Into this server, while it runs", "Nothing is changed, nothing is sent"],
      command: "tocsin import --data DIR PATH",
    },
    {
      icon: <Server20Regular aria-hidden />, title: "Take copies from your mail server", text: "Judges every message as it comes.", time: "30 minutes",
      points: ["Journal rule of Exchange, Microsoft 365 or Google Workspace", "always_bcc or a transport of Postfix", "Only watches: your mail flows as before"],
      command: "tocsin serve --data DIR --smtp 127.0.0.1:2525",
    },
    {
      icon: <Beaker20Regular aria-hidden />, title: "Look around first", text: "An invented organisation with its mail.", time: "1 minute",
      points: ["Its mail takes the same road as yours would", "In a data folder of its own", "Leaves when you stop it"],
      command: "tocsin demo",
    },
  ];
  return (
    <EmptyState
      title="No mail has come in yet"
      why={why?.(organisation.name) ?? <>Explorer lists every message for each person{organisation.name ? ` of ${organisation.name}` : ""} who got it, with its verdict and why. Choose how mail gets here; you can add the others later.</>}
      ways={ways}
    />
  );
}
