"""The whole e-Reprov scenario with zeep.

scenario.py WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR

Everything about the service comes from its WSDL, the address too. A SOAP fault, or an answer that the
WSDL does not describe, raises and so ends the run.
"""

import sys
import time

import requests
import zeep
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

WSDL, CONTRACT, CURRENT_FIBRE, NEW_FIBRE, _WORK_DIR = sys.argv[1:]
LOGIN = PASSWORD = "oc-demo"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
UTILISATIONS = {"Disponible", "Occupé", "Réservé"}
CONSTRUCTIONS = {"A construire", "En construction", "Construite"}


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED zeep: {message}")


def expect(what, got, wanted):
    check(got == wanted, f"{what}: expected {wanted!r}, got {got!r}")


def client(wsdl=WSDL, password=PASSWORD):
    session = requests.Session()
    session.auth = (LOGIN, password)
    return zeep.Client(wsdl, transport=Transport(session=session), plugins=[HistoryPlugin()])


def client_with_username_token():
    return zeep.Client(WSDL, wsse=UsernameToken(LOGIN, PASSWORD), plugins=[HistoryPlugin()])


def expect_ok(what, answer):
    header = answer.enteteResponse
    expect(what, (header.statut, header.codeErreur, header.libelleErreur), ("OK", None, None))


def expect_envelopes(what, caller, namespace):
    """zeep alone decides what it sends: a silent fall-back to SOAP 1.1 must not pass for SOAP 1.2."""
    history = caller.plugins[0]
    for message in (history.last_sent, history.last_received):
        expect(f"{what}: envelope", message["envelope"].tag, f"{{{namespace}}}Envelope")


def structure(caller):
    """The sockets of the contract's site by reference, each with its place."""
    answer = caller.service.getSiteStructure(referenceContrat=CONTRACT)
    expect_ok("getSiteStructure", answer)
    check(answer.site.reference, "getSiteStructure: the site has no reference")
    sockets = {
        pto.reference: (pto, (building.reference, staircase.reference, floor.reference))
        for building in answer.site.batiment
        for staircase in building.escalier
        for floor in staircase.etage
        for pto in floor.pto
    }
    for reference, (pto, _) in sockets.items():
        check(pto.informationUtilisation in UTILISATIONS, f"{reference}: {pto.informationUtilisation!r}")
        check(pto.informationConstruction in CONSTRUCTIONS, f"{reference}: {pto.informationConstruction!r}")
    for fibre in (CURRENT_FIBRE, NEW_FIBRE):
        check(fibre in sockets, f"getSiteStructure: no PTO {fibre}")
    return sockets


def read(caller):
    """Steps 1 and 2: the site's structure, and the routes of the new fibre's floor."""
    sockets = structure(caller)
    expect("the current fibre's PTO", sockets[CURRENT_FIBRE][0].informationUtilisation, "Occupé")
    new_socket, (building, staircase, floor) = sockets[NEW_FIBRE]
    expect("the new fibre's PTO", new_socket.informationUtilisation, "Disponible")

    answer = caller.service.getRoSite(
        referenceContrat=CONTRACT,
        referenceBatiment=building,
        referenceEscalier=staircase,
        referenceEtage=floor,
    )
    expect_ok("getRoSite", answer)
    routes = {fibre.reference: fibre for pbo in answer.pbo for fibre in pbo.fibre}
    check(NEW_FIBRE in routes, f"getRoSite: no fibre {NEW_FIBRE}")
    route = routes[NEW_FIBRE]
    for name in ("informationCable", "informationTube", "informationFibre"):
        check(getattr(route, name), f"getRoSite: {name} is empty")
    expect("getRoSite: informationUtilisation", route.informationUtilisation, "Disponible")


def put(caller, fibre):
    return caller.service.putReprovisionning(
        referenceContrat=CONTRACT, referenceFibre=fibre, conservationPTO=False, motif="Fibre cassée"
    )


def refused_put(caller):
    header = put(caller, CURRENT_FIBRE).enteteResponse
    expect("refused put", (header.statut, header.codeErreur), ("KO", "20015"))
    check(header.libelleErreur.startswith("Opération non autorisée"), f"refused put: {header.libelleErreur!r}")


def accepted_put(caller):
    answer = put(caller, NEW_FIBRE)
    expect_ok("accepted put", answer)
    contract = answer.contrat
    expect("accepted put: contract", contract.reference, CONTRACT)
    check(len(contract.codeDecharge or "") >= 8, f"accepted put: codeDecharge {contract.codeDecharge!r}")
    check(contract.pm is not None, "accepted put: no pm")
    check(contract.fibre is not None, "accepted put: no fibre")


def follow(caller):
    deadline = time.monotonic() + 30
    while True:
        answer = caller.service.getReprovisionning(referenceContrat=CONTRACT)
        expect_ok("getReprovisionning", answer)
        state = answer.contrat.reprovisionning.statut
        if state == "Terminé":
            break
        check(state in ("Initié", "En cours"), f"getReprovisionning: {state!r}")
        check(time.monotonic() < deadline, f"getReprovisionning: still {state!r} after 30 s")
        time.sleep(0.1)
    expect("follow: fibre", answer.contrat.fibre.reference, NEW_FIBRE)
    check(answer.contrat.pm.reference, "follow: the pm has no reference")
    check(answer.contrat.pm.position, "follow: the pm has no position")


def read_again(caller):
    """The broken fibre is out of service, which the wire shows as occupied."""
    sockets = structure(caller)
    for fibre in (NEW_FIBRE, CURRENT_FIBRE):
        expect(f"afterwards: PTO {fibre}", sockets[fibre][0].informationUtilisation, "Occupé")


def wrong_password(caller):
    header = caller.service.getSiteStructure(referenceContrat=CONTRACT).enteteResponse
    expect(
        "wrong password",
        (header.statut, header.codeErreur, header.libelleErreur),
        ("KO", "10000", "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI"),
    )


def main():
    soap_12, token, basic = client(WSDL + "&soap=1.2"), client_with_username_token(), client()
    # The other ways in only read, so they come while the new fibre is still free.
    for name, caller, namespace in (
        ("SOAP 1.2", soap_12, SOAP_12),
        ("UsernameToken", token, SOAP_11),
        ("SOAP 1.1", basic, SOAP_11),
    ):
        read(caller)
        expect_envelopes(name, caller, namespace)
    refused_put(basic)
    accepted_put(basic)
    follow(basic)
    read_again(basic)
    wrong_password(client(password="wrong"))
    print(f"OK zeep {zeep.__version__}")


main()
