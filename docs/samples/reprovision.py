"""One re-provisioning from beginning to end, with zeep: reprovision.py CONTRACT FLOOR MOTIF

See README.md beside this file for the variables of the environment.
"""

import os
import sys
import time
import uuid

import requests
import zeep
from zeep.transports import Transport

URL = os.environ["EREPROV_URL"]
with open(os.environ["EREPROV_CREDENTIALS"], encoding="utf-8") as file:
    LOGIN, PASSWORD = file.read().splitlines()[:2]
# Seconds before each look at a request that was accepted: four calls at the most.
SCHEDULE = [float(wait) for wait in os.environ.get("EREPROV_SCHEDULE", "15 45 180 360").split()]
# Seconds before the look after a put without an answer: the service may still be deciding.
DOUBT = float(os.environ.get("EREPROV_DOUBT", "30"))

# With these codes, as without any answer, a put may have been accepted all the same.
DOUBTFUL = {"0", "10100", "10101", "10200", "20000", "20003", "20004", "20008", "20010"}


class Refused(Exception):
    """The service said no: codeErreur and libelleErreur."""


class InDoubt(Exception):
    """Nobody knows whether the put was accepted."""


def keep_headers(response, *_, **__):
    headers.clear()
    headers.update(response.headers)


headers = requests.structures.CaseInsensitiveDict()  # of the last answer
session = requests.Session()
session.auth = (LOGIN, PASSWORD)
session.hooks["response"].append(keep_headers)
client = zeep.Client(f"{URL}?wsdl", transport=Transport(session=session, timeout=10, operation_timeout=60))
# The address that we were given, whatever the WSDL says.
service = client.create_service("{http://sfr.fr/hermes/eReprov/}eReprovBinding", URL)


def call(method, **question):
    """One call. A refusal comes with HTTP 200: statut tells, not the status of HTTP."""
    answer = service[method](**question)
    header = answer.enteteResponse
    if header.statut != "OK":
        raise Refused(header.codeErreur, header.libelleErreur)
    return answer


def place_of(contract, floor):
    """getSiteStructure: building, staircase and floor, by the floor's name."""
    site = call("getSiteStructure", referenceContrat=contract).site
    print(f"site {site.reference}")
    for building in site.batiment:
        for staircase in building.escalier:
            if any(one.reference == floor for one in staircase.etage):
                return building.reference, staircase.reference, floor
    sys.exit(f"no floor {floor}")


def free_fibre(contract, place):
    """getRoSite: the first free fibre. A technician would choose: by PBO, tube and colour."""
    building, staircase, floor = place
    routes = call(
        "getRoSite",
        referenceContrat=contract,
        referenceBatiment=building,
        referenceEscalier=staircase,
        referenceEtage=floor,
    )
    for pbo in routes.pbo:
        for fibre in pbo.fibre:
            if fibre.informationUtilisation == "Disponible":
                print(f"fibre {fibre.reference}: tube {fibre.informationTube}, fibre {fibre.informationFibre}")
                return fibre.reference
    sys.exit(f"no free fibre on {floor}")


def put(key, question):
    """Sends the request once, under its name."""
    try:
        with client.settings(extra_http_headers={"Idempotency-Key": key}):
            return call("putReprovisionning", **question)
    except Refused as no:
        if no.args[0] not in DOUBTFUL:
            raise
        raise InDoubt(f"KO {no.args[0]}") from no
    # No answer, half of one, a fault, a gateway's page.
    except (requests.RequestException, zeep.exceptions.Error) as lost:
        raise InDoubt(f"no answer: {type(lost).__name__}") from lost


def state_of(seen):
    """Some services leave out the accents."""
    return seen.contrat.reprovisionning.statut.replace("é", "e")


def was_accepted(question):
    """getReprovisionning after a doubt: reads, and sends nothing."""
    time.sleep(DOUBT)
    try:
        seen = call("getReprovisionning", referenceContrat=question["referenceContrat"])
    except Refused as no:
        if no.args[0] == "20014":  # there has never been one
            return False
        raise InDoubt(f"KO {no.args[0]}") from no
    except (requests.RequestException, zeep.exceptions.Error) as lost:
        raise InDoubt(f"no answer: {type(lost).__name__}") from lost
    fibre = seen.contrat.fibre.reference if seen.contrat.fibre else None
    if fibre == question["referenceFibre"] and state_of(seen) in ("Initie", "En cours", "Termine"):
        return True
    if fibre and fibre != question["referenceFibre"]:  # the latest one is another
        return False
    raise InDoubt(f"the latest one is {state_of(seen)}")


def reprovision(question):
    """A put that never doubles: after a doubt it is read about before it is sent again."""
    key = str(uuid.uuid4())  # a program that goes on writes this down before it sends
    try:
        answer = put(key, question)
    except InDoubt as doubt:
        print(f"in doubt ({doubt}): reading before anything is sent again", file=sys.stderr)
        if was_accepted(question) and "Idempotency-Key-Kept" not in headers:
            print("accepted: the discharge code was lost, ask the OI for it")
            return
        # It was not accepted; or this service answers a name that it knows as it did the first time.
        answer = put(key, question)
    print(f"accepted: discharge code {answer.contrat.codeDecharge}")


def follow(contract):
    """Four looks at the most: 2000 calls a month are for all technicians together."""
    for wait in SCHEDULE:
        time.sleep(wait)
        try:
            state = state_of(call("getReprovisionning", referenceContrat=contract))
        except (requests.RequestException, zeep.exceptions.Error) as lost:
            print(f"no answer: {type(lost).__name__}", file=sys.stderr)
            continue  # the next look will tell
        print(f"state {state}")
        if state == "Termine":
            return
        if state in ("Annule", "En echec"):
            sys.exit(1)
    sys.exit("it has not ended yet")


def main(contract, floor, motif):
    fibre = free_fibre(contract, place_of(contract, floor))
    reprovision(
        {"referenceContrat": contract, "referenceFibre": fibre, "conservationPTO": False, "motif": motif}
    )
    follow(contract)


try:
    main(*sys.argv[1:])
except Refused as no:
    sys.exit("KO {}: {}".format(*no.args))
except InDoubt as doubt:
    print(f"outcome unknown ({doubt}): send nothing, ask getReprovisionning or the OI", file=sys.stderr)
    sys.exit(8)
