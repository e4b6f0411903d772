// The whole e-Reprov scenario with node-soap.
//
// scenario.js WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
//
// Everything about the service comes from its WSDL, the address too. A SOAP fault rejects and so ends the
// run. CommonJS, because only that looks for packages in NODE_PATH.
"use strict";

const assert = require("node:assert/strict");
const { setTimeout: sleep } = require("node:timers/promises");
const soap = require("soap");
const { version } = require("soap/package.json");

const [wsdl, contract, currentFibre, newFibre] = process.argv.slice(2);
const LOGIN = "oc-demo";
const PASSWORD = "oc-demo";
const SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12 = "http://www.w3.org/2003/05/soap-envelope";
const UTILISATIONS = ["Disponible", "Occupé", "Réservé"];
const CONSTRUCTIONS = ["A construire", "En construction", "Construite"];

async function connect(url, { password = PASSWORD, ...options } = {}) {
  const client = await soap.createClientAsync(url, options);
  client.setSecurity(new soap.BasicAuthSecurity(LOGIN, password));
  return client;
}

/** The `return` of one call. */
async function call(client, method, question) {
  const [answer] = await client[`${method}Async`](question);
  return answer.return;
}

function expectOk(what, answer) {
  assert.deepEqual({ ...answer.enteteResponse }, { statut: "OK" }, what);
}

/** node-soap sends SOAP 1.1 whatever the WSDL says, unless it is told otherwise. */
function expectEnvelopes(what, client, namespace) {
  for (const message of [client.lastRequest, client.lastResponse]) {
    assert.ok(message.includes(`"${namespace}"`), `${what}: the envelope's namespace in ${message}`);
  }
}

/** node-soap leaves out an empty list. */
const list = (elements) => elements ?? [];

/** The sockets of the contract's site by reference, each with its place. */
async function structure(client) {
  const answer = await call(client, "getSiteStructure", { referenceContrat: contract });
  expectOk("getSiteStructure", answer);
  assert.ok(answer.site.attributes?.reference, "getSiteStructure: the site has no reference");
  const sockets = new Map();
  for (const building of list(answer.site.batiment)) {
    for (const staircase of list(building.escalier)) {
      for (const floor of list(staircase.etage)) {
        for (const { attributes: socket } of list(floor.pto)) {
          const place = [building, staircase, floor].map((level) => level.attributes.reference);
          sockets.set(socket.reference, { socket, place });
          assert.ok(UTILISATIONS.includes(socket.informationUtilisation), JSON.stringify(socket));
          assert.ok(CONSTRUCTIONS.includes(socket.informationConstruction), JSON.stringify(socket));
        }
      }
    }
  }
  for (const fibre of [currentFibre, newFibre]) {
    assert.ok(sockets.has(fibre), `getSiteStructure: no PTO ${fibre}`);
  }
  return sockets;
}

/** Steps 1 and 2: the site's structure, and the routes of the new fibre's floor. */
async function read(client) {
  const sockets = await structure(client);
  const current = sockets.get(currentFibre).socket;
  assert.equal(current.informationUtilisation, "Occupé", "the current fibre's PTO");
  const { socket, place } = sockets.get(newFibre);
  assert.equal(socket.informationUtilisation, "Disponible", "the new fibre's PTO");

  const [referenceBatiment, referenceEscalier, referenceEtage] = place;
  const answer = await call(client, "getRoSite", {
    referenceContrat: contract,
    referenceBatiment,
    referenceEscalier,
    referenceEtage,
  });
  expectOk("getRoSite", answer);
  const routes = answer.pbo.flatMap((pbo) => list(pbo.fibre)).map((fibre) => fibre.attributes);
  const route = routes.find((fibre) => fibre.reference === newFibre);
  assert.ok(route, `getRoSite: no fibre ${newFibre}`);
  for (const name of ["informationCable", "informationTube", "informationFibre"]) {
    assert.ok(route[name], `getRoSite: ${name} is empty`);
  }
  assert.equal(route.informationUtilisation, "Disponible", "getRoSite: informationUtilisation");
}

function put(client, referenceFibre) {
  return call(client, "putReprovisionning", {
    referenceContrat: contract,
    referenceFibre,
    conservationPTO: false,
    motif: "Fibre cassée",
  });
}

async function refusedPut(client) {
  const { statut, codeErreur, libelleErreur } = (await put(client, currentFibre)).enteteResponse;
  assert.deepEqual([statut, codeErreur], ["KO", "20015"], "refused put");
  assert.ok(libelleErreur.startsWith("Opération non autorisée"), `refused put: ${libelleErreur}`);
}

async function acceptedPut(client) {
  const answer = await put(client, newFibre);
  expectOk("accepted put", answer);
  const { attributes, codeDecharge, pm, fibre } = answer.contrat;
  assert.equal(attributes.reference, contract, "accepted put: contract");
  assert.ok(codeDecharge?.length >= 8, `accepted put: codeDecharge ${codeDecharge}`);
  assert.ok(pm, "accepted put: no pm");
  assert.ok(fibre, "accepted put: no fibre");
}

async function follow(client) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await call(client, "getReprovisionning", { referenceContrat: contract });
    expectOk("getReprovisionning", answer);
    const { reprovisionning, fibre, pm } = answer.contrat;
    const state = reprovisionning.attributes.statut;
    if (state === "Terminé") {
      assert.equal(fibre.attributes.reference, newFibre, "follow: fibre");
      assert.ok(pm?.attributes?.reference, "follow: the pm has no reference");
      assert.ok(pm?.attributes?.position, "follow: the pm has no position");
      return;
    }
    assert.ok(["Initié", "En cours"].includes(state), `getReprovisionning: ${state}`);
    assert.ok(performance.now() < deadline, `getReprovisionning: still ${state} after 30 s`);
    await sleep(100);
  }
}

/** The broken fibre is out of service, which the wire shows as occupied. */
async function readAgain(client) {
  const sockets = await structure(client);
  for (const fibre of [newFibre, currentFibre]) {
    const { informationUtilisation } = sockets.get(fibre).socket;
    assert.equal(informationUtilisation, "Occupé", `afterwards: PTO ${fibre}`);
  }
}

async function wrongPassword(client) {
  const answer = await call(client, "getSiteStructure", { referenceContrat: contract });
  assert.deepEqual(
    { ...answer.enteteResponse },
    { statut: "KO", codeErreur: "10000", libelleErreur: "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI" },
    "wrong password",
  );
}

async function main() {
  // SOAP 1.2 only reads, so it comes while the new fibre is still free.
  const soap12 = await connect(`${wsdl}&soap=1.2`, { forceSoap12Headers: true });
  await read(soap12);
  expectEnvelopes("SOAP 1.2", soap12, SOAP_12);

  const client = await connect(wsdl);
  await read(client);
  expectEnvelopes("SOAP 1.1", client, SOAP_11);
  await refusedPut(client);
  await acceptedPut(client);
  await follow(client);
  await readAgain(client);
  await wrongPassword(await connect(wsdl, { password: "wrong" }));
  console.log(`OK node-soap ${version}`);
}

main().catch((error) => {
  console.error("FAILED node:", error);
  process.exit(1);
});
