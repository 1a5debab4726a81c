"""Answers that are none."""

import json
import os
import signal
import sys
import time

from planted import defect
from zsmalloc import Refused, Zsmalloc


@defect("zsmalloc")
class hangs(Zsmalloc):
    """It never comes back from a compaction that frees something."""

    def compact(self):
        if self.pool.compact():
            time.sleep(3600)
        return {"pagesFreed": 0}


@defect("zsmalloc")
class dies_at_4096(Zsmalloc):
    def malloc(self, size):
        if size == 4096:
            os._exit(3)
        return super().malloc(size)


@defect("zsmalloc")
class stays(Zsmalloc):
    """It does not end when its input ends."""

    def at_end(self):
        while True:
            signal.pause()


@defect("zsmalloc")
class floods(Zsmalloc):
    """A second compaction writes without an end."""

    compactions = 0

    def compact(self):
        self.compactions += 1
        while self.compactions > 1:
            sys.stdout.write("x" * 65536)
        return super().compact()


@defect("zsmalloc")
class wrong_id(Zsmalloc):
    """A free answers for the request before it."""

    def free(self, handle):
        return {**super().free(handle), "id": 1}


@defect("zsmalloc")
class nonsense(Zsmalloc):
    def free(self, handle):
        print("freed", handle)
        return super().free(handle)


@defect("zsmalloc")
class out_of_turn(Zsmalloc):
    """A compaction that frees something says so in a line of its own."""

    def compact(self):
        answered = super().compact()
        if answered["pagesFreed"]:
            self.after = json.dumps({"note": answered})
        return answered


@defect("zsmalloc")
class number_as_text(Zsmalloc):
    def compact(self):
        return {"pagesFreed": str(self.pool.compact())}


@defect("zsmalloc")
class truncated_base64(Zsmalloc):
    """Bytes lose what fills their base64 up."""

    def read(self, handle, length):
        return {"data": super().read(handle, length)["data"].rstrip("=")[:-1]}


@defect("zsmalloc")
class no_errno(Zsmalloc):
    """An error is told in words."""

    def malloc(self, size):
        try:
            return super().malloc(size)
        except Refused:
            return {"error": "no such size"}


@defect("zsmalloc")
class create_keeps_pages(Zsmalloc):
    """A fresh pool goes on counting where the one before it was."""

    def create(self, **setup):
        before = self.pool.total_pages if self.pool else 0
        super().create(**setup)
        self.pool.total_pages = before
        return {}
