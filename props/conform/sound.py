#!/usr/bin/env python3
"""Compressed memory in Python, written from zspec's oracle protocol.

    sound.py zsmalloc|zram|zswap [--policy linux|own]

Reads one request a line and answers one a line, until its input ends. With
`--policy linux` (the default) it makes the choices that Linux 6.18 makes; with
`--policy own` it makes others, just as sound: classes of powers of two, the
emptiest zspage first, no compaction at all, zlib for compression, and a swap
cache that keeps what is loaded.
"""

import json
import sys

from zram import OwnZram, Zram
from zsmalloc import OwnZsmalloc, Refused, Zsmalloc
from zswap import OwnZswap, Zswap

TARGETS = {
    "linux": {"zsmalloc": Zsmalloc, "zram": Zram, "zswap": Zswap},
    "own": {"zsmalloc": OwnZsmalloc, "zram": OwnZram, "zswap": OwnZswap},
}


def answer(target, request):
    identity, op = request.pop("id"), request.pop("op")
    try:
        return {"id": identity, **getattr(target, op)(**request)}
    except Refused as refused:
        return {"id": identity, "error": str(refused)}


def serve(target):
    for line in sys.stdin:
        print(json.dumps(answer(target, json.loads(line))), flush=True)


def main():
    name, policy = sys.argv[1], "linux"
    if "--policy" in sys.argv:
        policy = sys.argv[sys.argv.index("--policy") + 1]
    serve(TARGETS[policy][name]())


if __name__ == "__main__":
    main()
