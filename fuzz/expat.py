"""Reads XML with Expat, a document after the other: its length in four bytes, then the document, in
UTF-8. Answers in the same way: `-` and what is wrong with it, or `+` and what it holds.

What it holds is told in characters that no document has: 1 begins an element, 2 its name's local
part, 3 an attribute, 4 its value, 5 text, 6 ends an element.
"""

import struct
import sys
from xml.parsers import expat


def read(document):
    told = []
    text = []

    def flush():
        if text:
            told.append("\x05" + "".join(text))
            text.clear()

    def name(name):
        namespace, _, local = name.rpartition("\x02")
        return namespace + "\x02" + local

    def start(element, attributes):
        flush()
        told.append("\x01" + name(element))
        for attribute, value in sorted((name(a), v) for a, v in attributes.items()):
            told.append("\x03" + attribute + "\x04" + value)

    def end(_):
        flush()
        told.append("\x06")

    parser = expat.ParserCreate("utf-8", "\x02")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        return "-" + str(error)
    return "+" + "".join(told)


def main():
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(4)) == 4:
        answer = read(questions.read(*struct.unpack("<I", head))).encode("utf-8")
        answers.write(struct.pack("<I", len(answer)) + answer)
        answers.flush()


main()
