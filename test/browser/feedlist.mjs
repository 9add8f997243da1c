// A list on a loopback port, for tests of feeds.

import { createServer } from "node:http";

/** A list on a loopback port, which a test can take away. */
export async function listServer(text) {
  const list = { text, status: 200 };
  const server = createServer((_, res) => {
    res.writeHead(list.status, { "content-type": "text/plain" });
    res.end(list.text);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
  return { list, url: `http://127.0.0.1:${server.address().port}/list.txt`, close: () => { server.closeAllConnections(); server.close(); } };
}
