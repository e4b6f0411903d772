// Every way to log in, with node-soap over TLS: secured.js WSDL_URL CONTRACT FOLDER
//
// FOLDER has the authority of both ends, callers.pem, and the certificate of a caller, own.pem.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const https = require("node:https");
const path = require("node:path");
const soap = require("soap");
const { version } = require("soap/package.json");

const [wsdl, contract, folder] = process.argv.slice(2);
const file = (name) => path.join(folder, name);
const ca = fs.readFileSync(file("callers.pem"));

/** The code of an answer; undefined: OK. */
async function ask(security, { agent = new https.Agent({ ca }), headers = {}, referenceContrat = contract } = {}) {
  const client = await soap.createClientAsync(wsdl, { wsdl_options: { httpsAgent: agent } });
  client.setSecurity(security);
  const [answer] = await client.getSiteStructureAsync({ referenceContrat }, { httpsAgent: agent }, headers);
  return answer.return.enteteResponse.codeErreur;
}

const basic = (login, password = login) => new soap.BasicAuthSecurity(login, password);

/** Without the Timestamp that node-soap adds to a token by itself. */
const token = (passwordType, hasNonce) =>
  new soap.WSSecurity("oc-demo", "oc-demo", { passwordType, hasNonce, hasTimeStamp: false });

async function main() {
  assert.equal(await ask(basic("oc-demo")), undefined, "Basic");
  assert.equal(await ask(token("PasswordText", false)), undefined, "PasswordText");
  assert.equal(await ask(token("PasswordDigest", true)), undefined, "PasswordDigest");
  assert.equal(await ask(basic("oc-demo", "wrong")), "10000", "Basic, wrong");
  const headers = { Authorization: `Basic ${Buffer.from("oc-autre:oc-autre").toString("base64")}` };
  const own = new soap.ClientSSLSecurity(file("own.key"), file("own.pem"), [ca]);
  const other = { headers, referenceContrat: "DEMO-AUTRE-OC" };
  assert.equal(await ask(own, other), undefined, "a certificate");
  assert.equal(await ask(basic("oc-autre"), other), "10000", "no certificate");
  await assert.rejects(ask(basic("oc-demo"), { agent: new https.Agent() }), "a server that nobody vouches for");
  console.log(`OK node-soap ${version}`);
}

main().catch((error) => {
  console.error("FAILED node:", error);
  process.exit(1);
});
