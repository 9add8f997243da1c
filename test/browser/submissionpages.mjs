// An original to report, and how it is reported.

import assert from "node:assert/strict";

export const original = (subject) => `From: Parcel Service <billing@parcel-fee.example>\r\nTo: maren@northwind.example\r\nSubject: ${subject}\r\nMessage-ID: <${subject.length}@parcel-fee.example>\r\nDate: ${new Date().toUTCString().replace("GMT", "+0000")}\r\n\r\nPay the fee: https://parcel-fee.example/pay\r\n`;

export async function post(session, path, data, headers = {}) {
  const r = await session.context.request.post(`/api/v1${path}`, { data, headers });
  assert.equal(r.status(), 200, await r.text());
  return r.json();
}
