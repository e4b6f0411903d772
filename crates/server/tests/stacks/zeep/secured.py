"""Every way to log in, with zeep over TLS.

secured.py WSDL_URL CONTRACT FOLDER

FOLDER has the authority of both ends, callers.pem, and certificates of callers: own.pem, other.pem.
"""

import datetime
import os
import sys

import requests
import zeep
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken
from zeep.wsse.utils import WSU

WSDL, CONTRACT, FOLDER = sys.argv[1:]
WRONG = "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI"


def file(name):
    return os.path.join(FOLDER, name)


def ask(token=None, basic=None, certificate=None, contract=CONTRACT, times=1):
    """The code of the last of so many answers (None: OK), and its label."""
    session = requests.Session()
    # The machine may name authorities of its own, which would come before ours.
    session.trust_env = False
    session.verify = file("callers.pem")
    session.auth = basic
    if certificate:
        session.cert = (file(certificate + ".pem"), file(certificate + ".key"))
    client = zeep.Client(WSDL, wsse=token, transport=Transport(session=session))
    for _ in range(times):
        header = client.service.getSiteStructure(referenceContrat=contract).enteteResponse
    return header.codeErreur, header.libelleErreur


def expect(what, got, code, label=None):
    if got[0] != code or (label and not (got[1] or "").startswith(label)):
        sys.exit(f"FAILED zeep: {what}: expected {code} {label}, got {got}")


def digest(password="oc-demo", **more):
    return UsernameToken("oc-demo", password, use_digest=True, **more)


def timestamp(seconds):
    now = datetime.datetime.now(datetime.timezone.utc)
    token = WSU.Timestamp()
    token.append(WSU.Created(now.strftime("%Y-%m-%dT%H:%M:%SZ")))
    expires = now + datetime.timedelta(seconds=seconds)
    token.append(WSU.Expires(expires.strftime("%Y-%m-%dT%H:%M:%SZ")))
    return token


def main():
    demo = ("oc-demo", "oc-demo")
    hour_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    expect("Basic", ask(basic=demo), None)
    expect("Basic, wrong", ask(basic=("oc-demo", "wrong")), "10000", WRONG)
    expect("PasswordText", ask(UsernameToken(*demo)), None)
    expect("PasswordText, wrong", ask(UsernameToken("oc-demo", "wrong")), "10000", WRONG)
    expect("PasswordDigest", ask(digest(timestamp_token=timestamp(300)), times=1), None)
    expect("PasswordDigest, wrong", ask(digest("wrong")), "10000", WRONG)
    old = digest(created=hour_ago)
    expect("PasswordDigest, an hour old", ask(old), "10000", "Login/Password incorrect : PasswordDigest hors délai")
    same = digest(nonce="the same nonce", created=datetime.datetime.now(datetime.timezone.utc))
    expect("PasswordDigest, sent again", ask(same, times=2), "10000", "Login/Password incorrect : PasswordDigest déjà")
    autre = {"basic": ("oc-autre", "oc-autre"), "contract": "DEMO-AUTRE-OC"}
    expect("the operator's certificate", ask(certificate="own", **autre), None)
    expect("another certificate", ask(certificate="other", **autre), "10000", WRONG)
    expect("no certificate", ask(**autre), "10000", WRONG)
    print(f"OK zeep {zeep.__version__}")


main()
