// One re-provisioning from beginning to end, with the package soap: node reprovision.js CONTRACT FLOOR MOTIF
//
// See README.md beside this file for the variables of the environment.
"use strict";

const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const soap = require("soap");

const url = process.env.EREPROV_URL;
const [login, password] = readFileSync(process.env.EREPROV_CREDENTIALS, "utf8").split(/\r?\n/);
/** Milliseconds before each look at a request that was accepted: four calls at the most. */
const schedule = (process.env.EREPROV_SCHEDULE ?? "15 45 180 360").split(" ").map((seconds) => seconds * 1000);
/** Milliseconds before the look after a put without an answer: the service may still be deciding. */
const doubt = (process.env.EREPROV_DOUBT ?? "30") * 1000;

/** With these codes, as without any answer, a put may have been accepted all the same. */
const DOUBTFUL = ["0", "10100", "10101", "10200", "20000", "20003", "20004", "20008", "20010"];

/** The service said no. */
class Refused extends Error {
  constructor({ codeErreur, libelleErreur }) {
    super(`KO ${codeErreur}: ${libelleErreur}`);
    this.code = String(codeErreur);
  }
}

/** Nobody knows whether the put was accepted. */
class InDoubt extends Error {}

/** No answer, half of one, a fault, a gateway's page. */
class Lost extends Error {}

let client;

/** One call. A refusal comes with HTTP 200: statut tells, not the status of HTTP. */
async function call(method, question, headers = {}) {
  let answer;
  try {
    [answer] = await client[`${method}Async`](question, { timeout: 60_000 }, headers);
  } catch (error) {
    throw new Lost(error.message.split("\n")[0]);
  }
  const header = answer?.return?.enteteResponse;
  if (!header) throw new Lost("what came is no answer");
  if (header.statut !== "OK") throw new Refused(header);
  return answer.return;
}

/** node-soap leaves out an empty list. */
const list = (elements) => elements ?? [];

/** getSiteStructure: building, staircase and floor, by the floor's name. */
async function placeOf(contract, floor) {
  const { site } = await call("getSiteStructure", { referenceContrat: contract });
  console.log(`site ${site.attributes.reference}`);
  for (const building of list(site.batiment)) {
    for (const staircase of list(building.escalier)) {
      if (list(staircase.etage).some((one) => one.attributes.reference === floor)) {
        return {
          referenceBatiment: building.attributes.reference,
          referenceEscalier: staircase.attributes.reference,
          referenceEtage: floor,
        };
      }
    }
  }
  throw new Error(`no floor ${floor}`);
}

/** getRoSite: the first free fibre. A technician would choose: by PBO, tube and colour. */
async function freeFibre(contract, place) {
  const { pbo } = await call("getRoSite", { referenceContrat: contract, ...place });
  const fibres = list(pbo).flatMap((one) => list(one.fibre)).map((one) => one.attributes);
  const free = fibres.find((fibre) => fibre.informationUtilisation === "Disponible");
  if (!free) throw new Error("no free fibre");
  console.log(`fibre ${free.reference}: tube ${free.informationTube}, fibre ${free.informationFibre}`);
  return free.reference;
}

/** Sends the request once, under its name. */
function put(key, question) {
  return doubting(call("putReprovisionning", question, { "Idempotency-Key": key }));
}

async function doubting(called) {
  try {
    return await called;
  } catch (error) {
    const isDoubtful = error instanceof Lost || DOUBTFUL.includes(error.code);
    throw isDoubtful ? new InDoubt(error.message) : error;
  }
}

/** Some services leave out the accents. */
const stateOf = (seen) => seen.contrat.reprovisionning.attributes.statut.replace("é", "e");

/** getReprovisionning after a doubt: reads, and sends nothing. */
async function wasAccepted({ referenceContrat, referenceFibre }) {
  await sleep(doubt);
  let seen;
  try {
    seen = await doubting(call("getReprovisionning", { referenceContrat }));
  } catch (error) {
    if (error.code === "20014") return false; // there has never been one
    throw error instanceof Refused ? new InDoubt(error.message) : error;
  }
  const state = stateOf(seen);
  const fibre = seen.contrat.fibre?.attributes?.reference;
  if (fibre === referenceFibre && ["Initie", "En cours", "Termine"].includes(state)) return true;
  if (fibre && fibre !== referenceFibre) return false; // the latest one is another
  throw new InDoubt(`the latest one is ${state}`);
}

/** A put that never doubles: after a doubt it is read about before it is sent again. */
async function reprovision(question) {
  const key = randomUUID(); // a program that goes on writes this down before it sends
  let answer;
  try {
    answer = await put(key, question);
  } catch (error) {
    if (!(error instanceof InDoubt)) throw error;
    console.error(`in doubt (${error.message}): reading before anything is sent again`);
    const accepted = await wasAccepted(question);
    const keepsNames = "idempotency-key-kept" in client.lastResponseHeaders;
    if (accepted && !keepsNames) {
      console.log("accepted: the discharge code was lost, ask the OI for it");
      return;
    }
    // It was not accepted; or this service answers a name that it knows as it did the first time.
    answer = await put(key, question);
  }
  console.log(`accepted: discharge code ${answer.contrat.codeDecharge}`);
}

/** Four looks at the most: 2000 calls a month are for all technicians together. */
async function follow(contract) {
  for (const wait of schedule) {
    await sleep(wait);
    let state;
    try {
      state = stateOf(await call("getReprovisionning", { referenceContrat: contract }));
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      console.error(`no answer: ${error.message}`);
      continue; // the next look will tell
    }
    console.log(`state ${state}`);
    if (state === "Termine") return;
    if (["Annule", "En echec"].includes(state)) throw new Error("it was not done");
  }
  throw new Error("it has not ended yet");
}

async function main([contract, floor, motif]) {
  // The address that we were given, whatever the WSDL says.
  client = await soap.createClientAsync(`${url}?wsdl`, { endpoint: url });
  client.setSecurity(new soap.BasicAuthSecurity(login, password));
  const referenceFibre = await freeFibre(contract, await placeOf(contract, floor));
  await reprovision({ referenceContrat: contract, referenceFibre, conservationPTO: false, motif });
  await follow(contract);
}

main(process.argv.slice(2)).catch((error) => {
  const isUnknown = error instanceof InDoubt;
  const hint = "send nothing, ask getReprovisionning or the OI";
  console.error(isUnknown ? `outcome unknown (${error.message}): ${hint}` : error.message);
  process.exit(isUnknown ? 8 : 1);
});
