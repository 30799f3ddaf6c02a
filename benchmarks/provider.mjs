// A certified OpenID provider (oidc-provider) on loopback: prints its address, and serves until its input ends.
// `node provider.mjs FOLDER '[client, …]'`; FOLDER has the provider in its node_modules. At the end it prints how many
// grants it refused, and how many it ended.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, clients] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const server = (await import("node:http")).createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: JSON.parse(clients),
    pkce: { required: () => true },
    features: { revocation: { enabled: true } },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ["for this run alone"] },
  });
  provider.on("grant.error", () => { counts.refused += 1; });
  provider.on("grant.revoked", () => { counts.ended += 1; });
  server.on("request", provider.callback());
  console.log(issuer);
});
const counts = { refused: 0, ended: 0 };
process.stdin.on("end", () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
}).resume();
