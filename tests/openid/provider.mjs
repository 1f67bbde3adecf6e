// A certified OpenID Connect provider for the tests: node provider.mjs CALLBACK...
//
// Says its issuer as the first line it writes. Whoever it is asked to sign in is whatever name is
// typed; `login` is the subject. Ends when its input does.

import { createServer } from "node:http";
import { once } from "node:events";
import { argv, stdin, stdout } from "node:process";
import Provider from "oidc-provider";

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: ["blog", "other"].map((client_id) => ({
    client_id,
    // What must be escaped for it (RFC 6749, 2.3.1) is in it.
    client_secret: `${client_id}'s secret: 100% +/=`,
    redirect_uris: argv.slice(2),
    response_types: ["code"],
    grant_types: ["authorization_code"],
  })),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  async findAccount(ctx, sub) {
    const claims = { sub, email: `${sub}@login.example`, email_verified: true };
    return { accountId: sub, claims: async () => ({ ...claims, preferred_username: sub }) };
  },
});
server.on("request", provider.callback());
stdout.write(`${issuer}\n`);
stdin.resume();
stdin.on("end", () => server.close(() => process.exit(0)).closeAllConnections());
