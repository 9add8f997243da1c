// Which column of the schema holds the values of a kind: what the value menu filters by.

import type { EntityKind } from "../../address/incidents";

export const entityWords: Record<EntityKind, { name: string; one: string; group: string }> = {
  recipient: { name: "People", one: "Person", group: "Who" }, sender: { name: "Senders", one: "Sender", group: "Who" }, sender_domain: { name: "Sender domains", one: "Domain", group: "Who" }, ip: { name: "IPs", one: "IP address", group: "Who" },
  url: { name: "URLs", one: "URL", group: "What" }, url_host: { name: "URL domains", one: "Domain", group: "What" }, file: { name: "Files", one: "File", group: "What" }, subject: { name: "Subjects", one: "Subject", group: "What" },
  campaign: { name: "Campaigns", one: "Campaign", group: "Why" }, threat: { name: "Threat names", one: "Threat name", group: "Why" }, technology: { name: "Detections", one: "Detection technology", group: "Why" },
};

const fields: Record<EntityKind, string> = {
  recipient: "RecipientEmailAddress", sender: "SenderFromAddress", sender_domain: "SenderFromDomain", ip: "SenderIPv4", url: "Url", url_host: "UrlDomain", file: "SHA256", subject: "Subject", campaign: "CampaignId", threat: "ThreatNames", technology: "LatestDetectionTechnologies",
};

export function fieldOf(kind: EntityKind, value: string): string {
  return kind === "ip" && value.includes(":") ? "SenderIPv6" : fields[kind];
}
