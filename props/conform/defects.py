#!/usr/bin/env python3
"""The implementation of sound.py with one defect planted in it.

    defects.py zsmalloc|zram|zswap --defect NAME
    defects.py --list

Each is a mistake that somebody could make, in few lines.
"""

import argparse
import json
import sys

# Who is imported registers what it plants.
import defects_protocol
import defects_zram
import defects_zsmalloc
import defects_zswap
import sound
from planted import DEFECTS


def serve(target):
    for line in sys.stdin:
        request = json.loads(line)
        identity = request["id"]
        print(json.dumps({"id": identity, **sound.answer(target, request)}), flush=True)
        if hasattr(target, "after"):
            print(target.after, flush=True)
            del target.after
    if hasattr(target, "at_end"):
        target.at_end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target", nargs="?", choices=sound.TARGETS["linux"])
    parser.add_argument("--defect", choices=DEFECTS, metavar="NAME")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    if asked.list:
        print(json.dumps([[name, target] for name, (target, _) in DEFECTS.items()]))
        return
    if asked.defect is None:
        parser.error("no --defect is given: --list names them")
    target, planted = DEFECTS[asked.defect]
    if target != asked.target:
        parser.error(f"{asked.defect} is a defect of {target}, not {asked.target}")
    serve(planted())


if __name__ == "__main__":
    main()
