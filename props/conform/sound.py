#!/usr/bin/env python3
"""Compressed memory in Python, written from zspec's oracle protocol.

    sound.py zsmalloc|zram|zswap [--policy linux|own]

Reads one request a line and answers one a line, until its input ends. With
`--policy linux` (the default) it makes the choices that Linux 6.18 makes; with
`--policy own` it makes others, just as sound: classes of powers of two, the
emptiest zspage first, no compaction at all, zlib for compression.
"""

import base64
import json
import sys
import zlib


class Refused(Exception):
    """An outcome that the interface reports: an errno's name."""


# zsmalloc


class Zspage:
    def __init__(self, size_class, page_size):
        self.size_class = size_class
        self.chunks = [None] * size_class.objects
        self.free = list(range(size_class.objects - 1, -1, -1))
        self.inuse = 0
        self.bytes = bytearray(size_class.pages * page_size)


class SizeClass:
    def __init__(self, size, pages, objects):
        self.size, self.pages, self.objects = size, pages, objects
        self.groups = [[] for _ in range(12)]  # The head is the last one.
        self.used = self.allocated = 0


class LinuxPolicy:
    """What Linux 6.18 chooses."""

    compacts = True

    def __init__(self, page_size, word_bytes, chain):
        self.page_size, self.word_bytes = page_size, word_bytes
        step = page_size // 256
        self.step, self.classes = step, [None] * ((page_size - 32 + step - 1) // step + 1)
        before = None
        for index in reversed(range(len(self.classes))):
            size = min(32 + index * step, page_size)
            pages = self.pages_of(size, chain)
            objects = pages * page_size // size
            if before is None or (before.pages, before.objects) != (pages, objects):
                before = SizeClass(size, pages, objects)
            self.classes[index] = before

    def pages_of(self, size, chain):
        if size & (size - 1) == 0:
            return 1
        return min(range(1, chain + 1), key=lambda k: k * self.page_size % size)

    def class_for(self, size):
        over = max(size + self.word_bytes - 32, 0)
        return self.classes[min(-(-over // self.step), len(self.classes) - 1)]

    def all_classes(self):
        seen = []
        for one in reversed(self.classes):
            if not seen or seen[-1] is not one:
                seen.append(one)
        return seen

    def group_of(self, zspage):
        inuse, objects = zspage.inuse, zspage.size_class.objects
        if inuse == 0:
            return 0
        return 11 if inuse == objects else 100 * inuse // objects // 10 + 1

    def find(self, size_class):
        for group in range(10, 0, -1):
            if size_class.groups[group]:
                return size_class.groups[group][-1]
        return None


class OwnPolicy(LinuxPolicy):
    """Choices of its own."""

    compacts = False

    def __init__(self, page_size, word_bytes, chain):
        super().__init__(page_size, word_bytes, chain)
        self.powers = []
        while not self.powers or self.powers[-1].size < page_size:
            size = 32 << len(self.powers)
            self.powers.append(SizeClass(size, 1, page_size // size))

    def class_for(self, size):
        return next(one for one in self.powers if one.size >= size)

    def all_classes(self):
        return self.powers

    def find(self, size_class):
        for group in range(1, 11):
            if size_class.groups[group]:
                return size_class.groups[group][0]
        return None


class Pool:
    def __init__(self, policy, page_size=4096, word_bytes=8, chain=8):
        self.policy = policy(page_size, word_bytes, chain)
        self.page_size, self.word_bytes = page_size, word_bytes
        self.objects = {}  # handle -> (zspage, index)
        self.next_handle = 0x1000
        self.total_pages = self.pages_compacted = 0

    def malloc(self, size):
        if size == 0:
            raise Refused("EINVAL")
        if size > self.page_size:
            raise Refused("ENOSPC")
        size_class = self.policy.class_for(size)
        zspage = self.policy.find(size_class)
        if zspage is None:
            zspage = self.new_zspage(size_class)
        handle = self.new_handle()
        self.put(zspage, handle)
        return handle

    def new_handle(self):
        self.next_handle += self.word_bytes
        return self.next_handle

    def new_zspage(self, size_class):
        zspage = Zspage(size_class, self.page_size)
        self.total_pages += size_class.pages
        size_class.allocated += size_class.objects
        return zspage

    def put(self, zspage, handle):
        index = zspage.free.pop()
        zspage.chunks[index] = handle
        self.objects[handle] = (zspage, index)
        zspage.size_class.used += 1
        self.change(zspage, +1)

    def take(self, zspage, index):
        zspage.chunks[index] = None
        zspage.free.append(index)
        zspage.size_class.used -= 1
        self.change(zspage, -1)

    def change(self, zspage, by):
        """Counts an object and moves the zspage to the group it now belongs to."""
        groups = zspage.size_class.groups
        before = self.policy.group_of(zspage)
        zspage.inuse += by
        after = self.policy.group_of(zspage)
        if before == after:
            return
        if before != 0:
            groups[before].remove(zspage)
        if after != 0:
            groups[after].append(zspage)
        else:
            self.free_zspage(zspage)

    def free_zspage(self, zspage):
        self.total_pages -= zspage.size_class.pages
        zspage.size_class.allocated -= zspage.size_class.objects

    def free(self, handle):
        self.take(*self.objects.pop(handle))

    def span(self, handle):
        """The chunk's bytes; a huge object's handle is kept elsewhere."""
        zspage, index = self.objects[handle]
        return zspage, index * zspage.size_class.size

    def write(self, handle, data):
        zspage, start = self.span(handle)
        zspage.bytes[start:start + len(data)] = data

    def read(self, handle, length):
        zspage, start = self.span(handle)
        return bytes(zspage.bytes[start:start + length])

    def compact(self):
        if not self.policy.compacts:
            return 0
        freed = sum(self.compact_class(one) for one in self.policy.all_classes())
        self.pages_compacted += freed
        return freed

    def compact_class(self, size_class):
        """Fills one destination after another from the emptiest zspages."""
        groups, freed, to = size_class.groups, 0, None
        while size_class.allocated - size_class.used >= size_class.objects:
            if to is None:
                to = self.policy.find(size_class)
                if to is None:
                    break
                self.isolate(to)
            source = next((g[-1] for g in groups[1:11] if g), None)
            if source is None:
                break
            self.isolate(source)
            self.move(source, to)
            freed += self.put_back(source)
            if to.inuse == size_class.objects:
                self.put_back(to)
                to = None
        if to is not None:
            self.put_back(to)
        return freed

    def isolate(self, zspage):
        zspage.size_class.groups[self.policy.group_of(zspage)].remove(zspage)

    def put_back(self, zspage):
        """Answers the pages that went with it, if it is empty."""
        group = self.policy.group_of(zspage)
        if group == 0:
            self.free_zspage(zspage)
            return zspage.size_class.pages
        zspage.size_class.groups[group].append(zspage)
        return 0

    def move(self, source, to):
        size = source.size_class.size
        for index, handle in enumerate(source.chunks):
            if handle is None:
                continue
            if not to.free:
                return
            target = to.free.pop()
            start, at = index * size, target * size
            to.bytes[at:at + size] = source.bytes[start:start + size]
            to.chunks[target] = handle
            self.objects[handle] = (to, target)
            to.inuse += 1
            source.chunks[index] = None
            source.free.append(index)
            source.inuse -= 1


class Zsmalloc:
    pool_type = Pool

    def __init__(self, policy):
        self.policy, self.pool = policy, None

    def create(self, pageSize, wordBits, chainSize):
        self.pool = self.pool_type(self.policy, pageSize, wordBits // 8, chainSize)
        return {}

    def malloc(self, size):
        return {"handle": hex(self.pool.malloc(size))}

    def free(self, handle):
        self.pool.free(int(handle, 16))
        return {}

    def write(self, handle, data):
        self.pool.write(int(handle, 16), base64.b64decode(data))
        return {}

    def read(self, handle, length):
        data = self.pool.read(int(handle, 16), length)
        return {"data": base64.b64encode(data).decode()}

    def compact(self):
        return {"pagesFreed": self.pool.compact()}

    def stats(self):
        pool = self.pool
        return {"totalPages": pool.total_pages, "pagesCompacted": pool.pages_compacted}


# Compression


def lz4_compress(data):
    """LZ4 as Linux encodes it: greedy, 4,096 positions of four bytes' hashes."""
    out, table, end = bytearray(), [0] * 8192, len(data)
    anchor = at = 0
    match_limit, search_limit = end - 5, end - 12

    def word(where):
        return int.from_bytes(data[where:where + 4], "little")

    def hash_of(where):
        return (word(where) * 2654435761 & 0xFFFFFFFF) >> 19

    def lengths(count):
        while count >= 255:
            out.append(255)
            count -= 255
        out.append(count)

    def sequence(literals, match_length, offset):
        token = min(len(literals), 15) << 4
        out.append(token | (0 if offset is None else min(match_length - 4, 15)))
        if len(literals) >= 15:
            lengths(len(literals) - 15)
        out.extend(literals)
        if offset is not None:
            out.extend(offset.to_bytes(2, "little"))
            if match_length - 4 >= 15:
                lengths(match_length - 4 - 15)

    if end >= 13:
        table[hash_of(0)] = 0
        forward = 1
        while True:
            attempts, step, where, found = 1 << 6, 1, forward, None
            while True:
                at, forward = where, where + step
                if forward > search_limit:
                    break
                step, attempts = attempts >> 6, attempts + 1
                slot = hash_of(at)
                candidate, table[slot] = table[slot], at
                if word(candidate) == word(at):
                    found = candidate
                    break
                where = forward
            if found is None:
                break
            while at > anchor and found > 0 and data[at - 1] == data[found - 1]:
                at, found = at - 1, found - 1
            literals = data[anchor:at]
            while True:
                length = 4
                while at + length < match_limit and data[at + length] == data[found + length]:
                    length += 1
                sequence(literals, length, at - found)
                at += length
                anchor = at
                if at > search_limit:
                    break
                table[hash_of(at - 2)] = at - 2
                slot = hash_of(at)
                found, table[slot] = table[slot], at
                if word(found) != word(at):
                    break
                literals = b""
            if at > search_limit:
                break
            forward = at + 1
    sequence(data[anchor:], 0, None)
    return bytes(out)


def lz4_decompress(data):
    out, at = bytearray(), 0

    def length_from(count):
        nonlocal at
        if count == 15:
            while True:
                count += data[at]
                at += 1
                if data[at - 1] != 255:
                    break
        return count

    while at < len(data):
        token = data[at]
        at += 1
        literals = length_from(token >> 4)
        out.extend(data[at:at + literals])
        at += literals
        if at == len(data):
            break
        offset = int.from_bytes(data[at:at + 2], "little")
        at += 2
        count = length_from(token & 15) + 4
        if offset >= count:
            out.extend(out[-offset:len(out) - offset + count])
        else:
            for _ in range(count):
                out.append(out[-offset])
    return bytes(out)


class Lz4:
    name = "lz4"
    compress = staticmethod(lz4_compress)
    decompress = staticmethod(lz4_decompress)


class Zlib:
    name = "zlib"
    compress = staticmethod(lambda data: zlib.compress(data, 1))
    decompress = staticmethod(zlib.decompress)


def memparse(text):
    """A number with a suffix K, M, G: what follows it does not matter."""
    digits = len(text) - len(text.lstrip("0123456789"))
    shift = {"K": 10, "M": 20, "G": 30}.get(text[digits:digits + 1].upper(), 0)
    return int(text[:digits] or "0") << shift


# zram


PAGE = 4096


class Slot:
    """What is stored of a page: its one word, or an object."""

    def __init__(self, word=None, handle=None, length=0):
        self.word, self.handle, self.length = word, handle, length


class Zram:
    pool_type = Pool

    def __init__(self, policy):
        self.policy = policy
        self.codec = Lz4 if policy is LinuxPolicy else Zlib
        self.create()

    def create(self):
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
        if value != self.codec.name:
            raise Refused("EINVAL")
        if self.pages:
            raise Refused("EBUSY")

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
        return f"[{self.codec.name}] "

    def get_mm_stat(self):
        slots = self.slots.values()
        compressed = sum(slot.length for slot in slots)
        same = sum(slot.word is not None for slot in slots)
        huge = sum(slot.length == PAGE for slot in slots)
        numbers = [
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
        return " ".join(f"{number:8}" for number in numbers)

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
        compressed = self.codec.compress(data)
        if len(compressed) >= 3625:
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
        return data if slot.length == PAGE else self.codec.decompress(data)

    def discard(self, page, pages):
        for nth in range(page, page + pages):
            self.forget(nth)
        self.discarded += pages
        return {}


# zswap


class Zswap:
    pool_type = Pool

    def __init__(self, policy):
        self.policy = policy

    def create(self, totalPages, maxPoolPercent, acceptThresholdPercent, allocator):
        if allocator != "zsmalloc":
            raise Refused("ENOENT")
        self.pool = self.pool_type(self.policy)
        self.most = totalPages * maxPoolPercent // 100
        self.threshold = self.most * acceptThresholdPercent // 100
        self.was_full, self.written = False, 0
        self.entries = {}  # (type, offset) -> (handle, length), the oldest first
        return {}

    def store(self, type, offset, data):
        self.forget((type, offset))
        reason = self.reason_to_refuse()
        if reason is not None:
            return {"stored": False, "reason": reason}
        page = base64.b64decode(data)
        compressed = zlib.compress(page, 1)
        if len(compressed) >= PAGE:
            return {"stored": False, "reason": "it does not compress"}
        handle = self.pool.malloc(len(compressed))
        self.pool.write(handle, compressed)
        self.entries[type, offset] = (handle, len(compressed))
        return {"stored": True}

    def reason_to_refuse(self):
        pages = self.pool.total_pages
        self.was_full = pages >= self.most or (self.was_full and pages > self.threshold)
        return "the pool is full" if self.was_full else None

    def forget(self, key):
        handle, _ = self.entries.pop(key, (None, 0))
        if handle is not None:
            self.pool.free(handle)

    def page_of(self, key):
        return zlib.decompress(self.pool.read(*self.entries[key]))

    def load(self, type, offset):
        if (type, offset) not in self.entries:
            return {"data": None}
        return {"data": base64.b64encode(self.page_of((type, offset))).decode()}

    def invalidate(self, type, offset):
        self.forget((type, offset))
        return {}

    def writeback(self, entries):
        written = []
        for key in list(self.entries)[:entries]:
            data = base64.b64encode(self.page_of(key)).decode()
            written.append([*key, data])
            self.forget(key)
        self.written += len(written)
        return {"written": written}

    def stats(self):
        return {
            "storedPages": len(self.entries),
            "poolTotalSize": self.pool.total_pages * PAGE,
            "writtenBackPages": self.written,
        }


TARGETS = {"zsmalloc": Zsmalloc, "zram": Zram, "zswap": Zswap}
POLICIES = {"linux": LinuxPolicy, "own": OwnPolicy}


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
    serve(TARGETS[name](POLICIES[policy]))


if __name__ == "__main__":
    main()
