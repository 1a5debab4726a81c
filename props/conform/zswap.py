"""A compressed swap cache: Linux 6.18's, and one with choices of its own."""

import base64
import zlib

import lzo
from zsmalloc import LinuxPolicy, OwnPolicy, Pool, Refused

PAGE = 4096


class Entry:
    """A page that is stored; one that is new to the list has a second chance."""

    def __init__(self, handle, length):
        self.handle, self.length, self.is_new = handle, length, True


class Zswap:
    """What Linux 6.18 chooses."""

    policy, pool_type = LinuxPolicy, Pool
    compress = staticmethod(lzo.compress)
    decompress = staticmethod(lzo.decompress)

    def __init__(self):
        self.pool = None

    def create(self, totalPages, maxPoolPercent, acceptThresholdPercent, allocator):
        if allocator != "zsmalloc":
            raise Refused("ENOENT")
        self.pool = self.pool_type(self.policy)
        self.most = totalPages * maxPoolPercent // 100
        self.threshold = self.most * acceptThresholdPercent // 100
        self.was_full, self.written = False, 0
        self.entries = {}  # (type, offset) -> Entry, the oldest first
        self.is_round_over = True
        return {}

    def store(self, type, offset, data):
        key, reason = (type, offset), self.reason_to_refuse()
        if reason is not None:
            self.forget(key)
            self.shrink()
            return {"stored": False, "reason": reason}
        entry = self.entry_of(base64.b64decode(data))
        self.forget(key)
        self.entries[key] = entry
        return {"stored": True}

    def entry_of(self, page):
        """What does not become smaller is stored as it is."""
        compressed = min(self.compress(page), page, key=len)
        handle = self.pool.malloc(len(compressed))
        self.pool.write(handle, compressed)
        return Entry(handle, len(compressed))

    def reason_to_refuse(self):
        pages = self.pool.total_pages
        self.was_full = pages >= self.most or (self.was_full and pages > self.threshold)
        return "the pool is full" if self.was_full else None

    def forget(self, key):
        entry = self.entries.pop(key, None)
        if entry is not None:
            self.pool.free(entry.handle)

    def page_of(self, key):
        entry = self.entries[key]
        data = self.pool.read(entry.handle, entry.length)
        return data if entry.length == PAGE else self.decompress(data)

    def load(self, type, offset):
        """A page that is loaded is in memory, and so goes from here."""
        if (type, offset) not in self.entries:
            return {"data": None}
        data = base64.b64encode(self.page_of((type, offset))).decode()
        self.forget((type, offset))
        return {"data": data}

    def invalidate(self, type, offset):
        self.forget((type, offset))
        return {}

    def write_oldest(self):
        """The oldest page: written back, or left once more, then None."""
        key, entry = next(iter(self.entries.items()))
        if entry.is_new:
            entry.is_new = False
            self.entries[key] = self.entries.pop(key)
            return None
        data = base64.b64encode(self.page_of(key)).decode()
        self.forget(key)
        self.written += 1
        return [*key, data]

    def shrink(self):
        """What the worker does: down to the threshold, or sixteen failures."""
        failures = attempts = 0
        while True:
            self.is_round_over = not self.is_round_over
            if self.is_round_over:
                failures += attempts == 0
                attempts = 0
            elif self.entries:
                attempts += 1
                failures += self.write_oldest() is None
            if failures == 16 or self.pool.total_pages <= self.threshold:
                return

    def writeback(self, entries):
        written = []
        for _ in range(2 * len(self.entries)):
            if len(written) == entries or not self.entries:
                break
            row = self.write_oldest()
            if row is not None:
                written.append(row)
        return {"written": written}

    def stats(self):
        return {
            "storedPages": len(self.entries),
            "poolTotalSize": self.pool.total_pages * PAGE,
            "writtenBackPages": self.written,
        }


class OwnZswap(Zswap):
    """zlib, no worker, no second chance; a page that is loaded stays."""

    policy = OwnPolicy
    compress = staticmethod(zlib.compress)
    decompress = staticmethod(zlib.decompress)

    def load(self, type, offset):
        if (type, offset) not in self.entries:
            return {"data": None}
        return {"data": base64.b64encode(self.page_of((type, offset))).decode()}

    def entry_of(self, page):
        entry = super().entry_of(page)
        entry.is_new = False
        return entry

    def shrink(self):
        """The pool is full until pages are invalidated or written back."""
