import { expect, test } from "vitest";
import { readCampaigns, readNode, writeCampaigns } from "./campaigns";

test("the list's state survives the address", () => {
  const s = { type: "Phish", only: ["inboxed", "clicked"], text: "parcel", sort: "messages", desc: false, range: { last: "30d" } } as const;
  expect(readCampaigns(writeCampaigns(s))).toEqual(s);
  expect(writeCampaigns(readCampaigns({}))).toEqual({});
  expect(readCampaigns({ type: "Ham", only: "x,still", sort: "-size" })).toMatchObject({ type: "", only: ["still"], sort: "last", desc: true });
});

test("a node has a stage that there is", () => {
  expect(readNode({ node: "payload:parcel-fee.example" })).toBe("payload:parcel-fee.example");
  expect(readNode({ node: "weather:rain" })).toBe("");
});
