"""A compressed block device."""

import base64
import zlib

import lz4
import lzo
from zsmalloc import LinuxPolicy, OwnPolicy, Pool, Refused

PAGE = 4096


def memparse(text):
    """A number with a suffix K, M, G: what follows it does not matter."""
    digits = len(text) - len(text.lstrip("0123456789"))
    shift = {"K": 10, "M": 20, "G": 30}.get(text[digits:digits + 1].upper(), 0)
    return int(text[:digits] or "0") << shift


class Slot:
    """What is stored of a page: its one word, or an object."""

    def __init__(self, word=None, handle=None, length=0):
        self.word, self.handle, self.length = word, handle, length


class Zram:
    """What Linux 6.18 chooses."""

    policy, pool_type = LinuxPolicy, Pool
    codecs = {"lz4": lz4, "lzo": lzo}
    huge_from = 3625  # Bytes of a compressed page that is stored whole.

    def __init__(self):
        self.create()

    def create(self):
        self.algorithm = next(iter(self.codecs))
        self.pages, self.slots, self.pool = 0, {}, None
        self.limit = self.most = self.huge_since = 0
        self.failed_writes = self.discarded = 0
        return {}

    # Attributes

    def set(self, attr, value):
        setter = getattr(self, f"set_{attr}", None)
        if setter is None:
            raise Refused("EACCES" if hasattr(self, f"get_{attr}") else "ENOENT")
        setter(value)
        return {}

    def get(self, attr):
        getter = getattr(self, f"get_{attr}", None)
        if getter is None:
            raise Refused("EACCES" if hasattr(self, f"set_{attr}") else "ENOENT")
        return {"value": getter() + "\n"}

    def set_disksize(self, value):
        size = memparse(value)
        if size == 0:
            raise Refused("EINVAL")
        if self.pages:
            raise Refused("EBUSY")
        self.pages = -(-size // PAGE)
        self.pool = self.pool_type(self.policy)

    def set_comp_algorithm(self, value):
        if value not in self.codecs:
            raise Refused("EINVAL")
        if self.pages:
            raise Refused("EBUSY")
        self.algorithm = value

    def set_reset(self, value):
        if int(value) == 0:
            raise Refused("EINVAL")
        self.create()

    def set_compact(self, _value):
        if not self.pages:
            raise Refused("EINVAL")
        self.pool.compact()

    def set_mem_limit(self, value):
        self.limit = -(-memparse(value) // PAGE)

    def set_mem_used_max(self, value):
        if value != "0":
            raise Refused("EINVAL")
        self.most = self.used()

    def get_disksize(self):
        return str(self.pages * PAGE)

    def get_initstate(self):
        return "1" if self.pages else "0"

    def get_comp_algorithm(self):
        names = (f"[{one}]" if one == self.algorithm else one for one in self.codecs)
        return " ".join(names) + " "

    def get_mm_stat(self):
        return " ".join(f"{number:8}" for number in self.mm_stat())

    def mm_stat(self):
        slots = self.slots.values()
        compressed = sum(slot.length for slot in slots)
        same = sum(slot.word is not None for slot in slots)
        huge = sum(slot.length == PAGE for slot in slots)
        return [
            len(slots) * PAGE,
            compressed,
            self.used() * PAGE,
            self.limit * PAGE,
            self.most * PAGE,
            same,
            self.pool.pages_compacted if self.pool else 0,
            huge,
            self.huge_since,
        ]

    def get_io_stat(self):
        return f"{0:8} {self.failed_writes:8} 0 {self.discarded:8}"

    def get_debug_stat(self):
        return f"version: 1\n0 {0:8}"

    def used(self):
        return self.pool.total_pages if self.pool else 0

    # Pages

    def write(self, page, data):
        data = base64.b64decode(data)
        if page >= self.pages:
            raise Refused("EIO")
        if data == data[:8] * (PAGE // 8):
            self.forget(page)
            self.slots[page] = Slot(word=data[:8])
            return {"stored": 0}
        slot = self.store(data)
        self.forget(page)
        self.slots[page] = slot
        self.huge_since += slot.length == PAGE
        return {"stored": slot.length}

    def store(self, data):
        compressed = self.codecs[self.algorithm].compress(data)
        if len(compressed) >= self.huge_from:
            compressed = data
        handle = self.pool.malloc(len(compressed))
        self.most = max(self.most, self.used())
        if self.limit and self.used() > self.limit:
            self.pool.free(handle)
            self.failed_writes += 1
            raise Refused("EIO")
        self.pool.write(handle, compressed)
        return Slot(handle=handle, length=len(compressed))

    def forget(self, page):
        slot = self.slots.pop(page, None)
        if slot is not None and slot.handle is not None:
            self.pool.free(slot.handle)

    def read(self, page):
        if page >= self.pages:
            raise Refused("EIO")
        data = self.page_of(self.slots.get(page))
        return {"data": base64.b64encode(data).decode()}

    def page_of(self, slot):
        if slot is None:
            return bytes(PAGE)
        if slot.word is not None:
            return slot.word * (PAGE // 8)
        data = self.pool.read(slot.handle, slot.length)
        return data if slot.length == PAGE else self.codecs[self.algorithm].decompress(data)

    def discard(self, page, pages):
        for nth in range(page, page + pages):
            self.forget(nth)
        self.discarded += pages
        return {}


class OwnZram(Zram):
    """Other classes, no compaction, and zlib where nothing else is chosen."""

    policy = OwnPolicy
    codecs = {"zlib": zlib, "lz4": lz4}
