// Links of digests, made beside the product as internal/quarantine/token.go says.

import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The token of the link to one message of one recipient. */
export function token(server, message, recipient, seconds = 3600) {
  const installation = Buffer.from(readFileSync(join(server.data, "secret.key"), "utf8").trim(), "hex");
  const key = Buffer.from(hkdfSync("sha256", installation, Buffer.alloc(0), "tocsin quarantine release link", 32));
  const head = Buffer.alloc(10);
  head[0] = 1;
  head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000) + seconds), 1);
  head[9] = message.length;
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([nonce, cipher.update(Buffer.concat([head, Buffer.from(message + recipient)])), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}
