#!/usr/bin/env python3
"""The implementation of sound.py with one defect planted in it.

    defects.py zsmalloc|zram|zswap --defect NAME
    defects.py --list

Each is a mistake that somebody could make, in few lines.
"""

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
    if sys.argv[1] == "--list":
        print(json.dumps([[name, target] for name, (target, _) in DEFECTS.items()]))
        return
    target, planted = DEFECTS[sys.argv[sys.argv.index("--defect") + 1]]
    if target != sys.argv[1]:
        sys.exit(f"Cannot plant it: it is a defect of {target}, not {sys.argv[1]}")
    serve(planted())


if __name__ == "__main__":
    main()
