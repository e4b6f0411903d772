#!/usr/bin/env python3
"""Verifies exports of an audit (`ereprovd audit export`), with nothing but Python.

    verify_audit.py [--head NUMBER:HASH] FILE...

Several files are taken for one chain, in their order. Exit code 0: every row is as it was sealed.
1: something is not, and is said. See audit.md for the format.
"""

import argparse
import hashlib
import json
import sys

REQUEST = ("seq", "request_id", "at_ms", "operator_id", "method", "contract_ref", "code", "detail",
           "duration_us", "admitted_us", "address")
ACT = ("seq", "id", "at_ms", "actor", "action", "subject", "reason")
SEAL = ("number", "sealed_ms", "previous", "requests", "acts", "requests_to", "acts_to", "row_count",
        "digest", "gaps", "removed_to")


def sha256(what, line, columns):
    """The hash of a line: its values as one text, which no other values have."""
    def field(value):
        if value is None:
            return b"-;"
        if isinstance(value, int):
            return b"%d;" % value
        text = value.encode()
        return b"%d:%s;" % (len(text), text)
    return hashlib.sha256(field(what) + b"".join(field(line[column]) for column in columns))


def numbers(text):
    """The numbers of "1-500,502"."""
    for span in filter(None, text.split(",")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)


class Chain:
    def __init__(self):
        self.rows, self.seals, self.faults = 0, 0, 0
        self.waiting = {"request": {}, "act": {}}   # rows whose seal has not come yet
        self.last = None
        self.without_rows = []
        self.hashes = {}

    def fault(self, said):
        self.faults += 1
        print(said)

    def row(self, kind, line):
        waiting = self.waiting[kind]
        if line["seq"] in waiting:
            self.fault(f"{kind} {line['seq']} is there twice")
        columns = REQUEST if kind == "request" else ACT
        waiting[line["seq"]] = sha256(f"ereprov.{kind}.1", line, columns).digest()

    def seal(self, line):
        number = line["number"]
        if line["version"] != 1:
            self.fault(f"seal {number} is of version {line['version']}, which is not known here")
        if self.last and (number, line["previous"]) != (self.last["number"] + 1, self.last["hash"]):
            self.fault(f"seal {number} does not follow seal {self.last['number']}")
        if number == 1 and line["previous"] != "0" * 64:
            self.fault("seal 1 is not the first")
        if line["hash"] != sha256("ereprov.seal.1", line, SEAL).hexdigest():
            self.fault(f"seal {number} does not have its hash")
        digest, found, missing = hashlib.sha256(), 0, []
        for kind, column in (("request", "requests"), ("act", "acts")):
            for seq in numbers(line[column]):
                row = self.waiting[kind].pop(seq, None)
                if row is None:
                    missing.append(f"{kind} {seq}")
                else:
                    found += 1
                    digest.update(row)
        if missing and not found:
            self.without_rows.append(number)
        elif missing:
            self.fault(f"of seal {number} are missing: {', '.join(missing[:10])}")
        elif digest.hexdigest() != line["digest"] or found != line["row_count"]:
            self.fault(f"a row of seal {number} is not as it was sealed")
        for kind, waiting in self.waiting.items():
            for seq in waiting:
                self.fault(f"{kind} {seq} is before seal {number}, which does not have it")
            waiting.clear()
        self.rows += found
        self.seals += 1
        self.last = line
        self.hashes[number] = line["hash"]

    def end(self, head):
        for kind, waiting in self.waiting.items():
            for seq in waiting:
                self.fault(f"{kind} {seq} comes after the last seal")
        # Rows that were kept long enough are removed: the chain says up to where.
        removed_to = self.last["removed_to"] if self.last else 0
        for number in self.without_rows:
            if number > removed_to:
                self.fault(f"the rows of seal {number} are missing")
        if head:
            number, _, noted = head.partition(":")
            known = self.hashes.get(int(number))
            if known is None:
                self.fault(f"seal {number}, which was noted down, is not among these")
            elif not noted or not known.startswith(noted.lower()):
                self.fault(f"seal {number} has the hash {known}, and not the one noted down")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--head", metavar="NUMBER:HASH", help="a head that was noted down before")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    chain = Chain()
    for name in arguments.files:
        with open(name, encoding="utf-8") as lines:
            ended = None
            for text in lines:
                line = json.loads(text)
                ended = line if line["kind"] == "end" else None
                if line["kind"] in ("request", "act"):
                    chain.row(line["kind"], line)
                elif line["kind"] == "seal":
                    chain.seal(line)
            if ended is None:
                chain.fault(f"{name} is cut off: its last line is missing")
    chain.end(arguments.head)
    print(f"{chain.rows} rows in {chain.seals} seals, of which {len(chain.without_rows)} without their rows")
    if chain.last:
        print(f"up to {chain.last['number']}:{chain.last['hash']}")
    sys.exit(1 if chain.faults else 0)


if __name__ == "__main__":
    main()
