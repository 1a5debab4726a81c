#!/usr/bin/env python3
"""The implementation of sound.py with one defect planted in it.

    defects.py zsmalloc|zram|zswap --defect NAME
    defects.py --list

Each is a mistake that somebody could make, in few lines.
"""

import base64
import json
import os
import signal
import sys
import time

import lzo
import sound
from zram import PAGE, Zram, memparse
from zsmalloc import Pool, Refused, Zsmalloc
from zswap import Zswap

DEFECTS = {}


def defect(target):
    """Registers a class that is `target` with a defect, by its own name."""

    def register(planted):
        DEFECTS[planted.__name__.replace("_", "-")] = (target, planted)
        return planted

    return register


def with_pool(planted):
    """zsmalloc over a pool with a defect."""

    class Planted(Zsmalloc):
        pool_type = planted

    Planted.__name__ = planted.__name__
    defect("zsmalloc")(Planted)
    return planted


# zsmalloc: objects


@with_pool
class byte_at_page_border(Pool):
    """An object in two pages loses the first byte of the second."""

    def write(self, handle, data):
        zspage, start = self.span(handle)
        super().write(handle, data)
        border = (start // self.page_size + 1) * self.page_size
        if border < start + len(data):
            zspage.bytes[border] ^= 1


@with_pool
class chunk_given_twice(Pool):
    """A freed chunk is put on the free list twice."""

    def take(self, zspage, index):
        super().take(zspage, index)
        if zspage.inuse > 0:
            zspage.free.append(index)


@with_pool
class handle_reused(Pool):
    """Handles come from a counter of few bits."""

    def new_handle(self):
        self.next_handle = 0x1000 + (self.next_handle - 0x1000 + 8) % 64
        return self.next_handle


@with_pool
class zero_handle(Pool):
    """The first handle is 0."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.next_handle = -self.word_bytes


@with_pool
class enomem(Pool):
    """Whoever asks for more than seven eighths of a page is told there is none."""

    def malloc(self, size):
        if self.page_size * 7 // 8 < size <= self.page_size:
            raise Refused("ENOMEM")
        return super().malloc(size)


@with_pool
class empty_object(Pool):
    """An object of no bytes is had."""

    def malloc(self, size):
        return super().malloc(max(size, 1))


@with_pool
class short_write(Pool):
    """The last byte of a long object is not written."""

    def write(self, handle, data):
        super().write(handle, data[:-1] if len(data) > 2000 else data)


# zsmalloc: pages


@with_pool
class free_does_nothing(Pool):
    def free(self, handle):
        pass


@with_pool
class empty_zspage_kept(Pool):
    """The pages of an empty zspage stay in the pool, for ever."""

    def free_zspage(self, zspage):
        if zspage.size_class.pages == 1:
            super().free_zspage(zspage)


@with_pool
class page_counted_twice(Pool):
    """A zspage of several pages counts as one page more."""

    def new_zspage(self, size_class):
        self.total_pages += size_class.pages > 2
        return super().new_zspage(size_class)


@with_pool
class zspage_for_each(Pool):
    """No zspage is ever looked for: each object has its own."""

    def malloc(self, size):
        self.policy.find = lambda size_class: None
        return super().malloc(size)


# zsmalloc: compaction


@with_pool
class compact_loses_object(Pool):
    """The chunk is moved, its bytes are not."""

    def move(self, source, to):
        before = bytes(to.bytes)
        super().move(source, to)
        to.bytes[:] = before


@with_pool
class compact_stale_handle(Pool):
    """The last object that is moved keeps its old place, which others then have."""

    def move(self, source, to):
        places = dict(self.objects)
        super().move(source, to)
        source.bytes[:] = bytes(len(source.bytes))
        moved = [one for one in places if places[one] != self.objects[one]]
        if moved:
            self.objects[moved[-1]] = places[moved[-1]]


@with_pool
class compact_wrong_number(Pool):
    """It answers zspages, not pages."""

    def put_back(self, zspage):
        return min(super().put_back(zspage), 1)


@with_pool
class compacted_not_counted(Pool):
    def compact(self):
        freed = super().compact()
        self.pages_compacted -= freed
        return freed


# Linux's choices: what is sound and not Linux's


@with_pool
class first_zspage(Pool):
    """The oldest zspage with room, not the fullest."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        groups = range(1, 11)
        self.policy.find = lambda one: next(
            (one.groups[group][0] for group in groups if one.groups[group]), None
        )


@with_pool
class never_compacts(Pool):
    """As sound as zspages that are left where they are."""

    def compact(self):
        return 0


@with_pool
class handle_word_forgotten(Pool):
    """The class is that of the size, without the word of the handle."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        right = self.policy.class_for
        self.policy.class_for = lambda size: right(max(size - self.word_bytes, 1))


@with_pool
class least_waste_last(Pool):
    """Of two chains that waste as little, the longer one is made."""

    def __init__(self, policy, page_size, word_bytes, chain):
        class Longest(policy):
            def pages_of(self, size, chain):
                if size & (size - 1) == 0:
                    return 1
                lengths = range(chain, 0, -1)
                return min(lengths, key=lambda one: one * page_size % size)

        super().__init__(Longest, page_size, word_bytes, chain)


# The protocol


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


# zram


@defect("zram")
class limit_ignored(Zram):
    def set_mem_limit(self, value):
        super().set_mem_limit(value)
        self.shown, self.limit = self.limit, 0

    def mm_stat(self):
        numbers = super().mm_stat()
        numbers[3] = self.shown * PAGE
        return numbers

    def create(self):
        self.shown = 0
        return super().create()


@defect("zram")
class stale_after_overwrite(Zram):
    """A page that is as long as the one before it is not written again."""

    def write(self, page, data):
        before = self.slots.get(page)
        answered = super().write(page, data)
        if before is not None and before.length == answered["stored"]:
            if before.handle is None:
                self.slots[page] = before
        return answered


@defect("zram")
class discard_ignored(Zram):
    def discard(self, page, pages):
        return {}


@defect("zram")
class discard_one_too_many(Zram):
    def discard(self, page, pages):
        return super().discard(page, pages + 1)


@defect("zram")
class same_filled_by_half(Zram):
    """Only the first half of a page is looked at."""

    def write(self, page, data):
        found = base64.b64decode(data)
        if found[:PAGE // 2] == found[:8] * (PAGE // 16):
            data = base64.b64encode(found[:8] * (PAGE // 8)).decode()
        return super().write(page, data)


@defect("zram")
class old_page_gone(Zram):
    """The page before is freed first: a write that fails loses it."""

    def store(self, data):
        try:
            return super().store(data)
        except Refused:
            self.slots.clear()
            raise


@defect("zram")
class disksize_twice(Zram):
    def set_disksize(self, value):
        if self.pages and memparse(value):
            self.pages = memparse(value) // PAGE
        else:
            super().set_disksize(value)


@defect("zram")
class maximum_sinks(Zram):
    """mem_used_max follows what is used."""

    def mm_stat(self):
        self.most = self.used()
        return super().mm_stat()


@defect("zram")
class reset_keeps_pages(Zram):
    """What was stored shows through once the device is set up again."""

    def set_reset(self, value):
        slots, pool = self.slots, self.pool
        super().set_reset(value)
        self.kept = (slots, pool)

    def set_disksize(self, value):
        super().set_disksize(value)
        if hasattr(self, "kept"):
            self.slots, self.pool = self.kept


@defect("zram")
class compressed_not_subtracted(Zram):
    """compr_data_size does not forget pages that are written over by words."""

    def __init__(self):
        self.left = 0
        super().__init__()

    def create(self):
        self.left = 0
        return super().create()

    def write(self, page, data):
        before = self.slots.get(page)
        answered = super().write(page, data)
        if before is not None and answered["stored"] == 0:
            self.left += before.length
        return answered

    def mm_stat(self):
        numbers = super().mm_stat()
        numbers[1] += self.left
        return numbers


@defect("zram")
class zeros_outside(Zram):
    """A page that the disk has not got reads as zeros."""

    def read(self, page):
        if page >= self.pages:
            return {"data": base64.b64encode(bytes(PAGE)).decode()}
        return super().read(page)


@defect("zram")
class last_word_unseen(Zram):
    """The last word of a page is not compared with the first."""

    def write(self, page, data):
        found = base64.b64decode(data)
        if found[:-8] == found[:8] * (PAGE // 8 - 1):
            data = base64.b64encode(found[:8] * (PAGE // 8)).decode()
        return super().write(page, data)


@defect("zram")
class limit_survives_reset(Zram):
    def set_reset(self, value):
        limit = self.limit
        super().set_reset(value)
        self.limit = limit


@defect("zram")
class algorithm_not_shown(Zram):
    """Whatever is chosen, the first one is in brackets."""

    def get_comp_algorithm(self):
        chosen, self.algorithm = self.algorithm, next(iter(self.codecs))
        shown = super().get_comp_algorithm()
        self.algorithm = chosen
        return shown


@defect("zram")
class huge_not_counted(Zram):
    """What is written over still counts as huge."""

    def mm_stat(self):
        numbers = super().mm_stat()
        numbers[7] = numbers[8]
        return numbers


@defect("zram")
class decompresses_with_first(Zram):
    """Pages are read back with the algorithm of a fresh device."""

    def page_of(self, slot):
        chosen, self.algorithm = self.algorithm, next(iter(self.codecs))
        try:
            return super().page_of(slot)
        except IndexError:
            return bytes(PAGE)
        finally:
            self.algorithm = chosen


# zram: what is sound and not Linux's


@defect("zram")
class never_whole(Zram):
    """Pages are stored compressed even where that fills a chunk of a page."""

    huge_from = PAGE


@defect("zram")
class old_object_first(Zram):
    """The object of the page before is freed first, where that is no loss."""

    def write(self, page, data):
        if page < self.pages and not self.limit:
            self.forget(page)
        return super().write(page, data)


@defect("zram")
class maximum_of_success(Zram):
    """mem_used_max leaves out what a write that fails takes for a while."""

    def store(self, data):
        most = self.most
        try:
            return super().store(data)
        except Refused:
            self.most = most
            raise


# zswap


@defect("zswap")
class refused_store_keeps_old(Zswap):
    """A page that is refused leaves the older one where it was."""

    def store(self, type, offset, data):
        before = self.entries.pop((type, offset), None)
        answered = super().store(type, offset, data)
        if before is not None:
            if answered["stored"]:
                self.pool.free(before.handle)
            else:
                self.entries[type, offset] = before
        return answered


@defect("zswap")
class invalidate_ignored(Zswap):
    def invalidate(self, type, offset):
        return {}


@defect("zswap")
class writeback_keeps(Zswap):
    """What was written back is still there."""

    def writeback(self, entries):
        kept = dict(self.entries)
        self.forget = lambda key: self.entries.pop(key, None)
        answered = super().writeback(entries)
        del self.forget
        self.entries = kept
        return answered


@defect("zswap")
class writeback_of_another(Zswap):
    """Pages go to the slot before their own."""

    def writeback(self, entries):
        answered = super().writeback(entries)
        for row in answered["written"]:
            row[1] = max(row[1] - 1, 0)
        return answered


@defect("zswap")
class pool_limit_ignored(Zswap):
    def reason_to_refuse(self):
        return None


@defect("zswap")
class type_ignored(Zswap):
    """The entries of all swap devices are in one tree."""

    def store(self, type, offset, data):
        return super().store(0, offset, data)

    def load(self, type, offset):
        return super().load(0, offset)

    def invalidate(self, type, offset):
        return super().invalidate(0, offset)


@defect("zswap")
class written_not_counted(Zswap):
    """Only what the worker writes back is counted."""

    def writeback(self, entries):
        before = self.written
        answered = super().writeback(entries)
        self.written = before
        return answered


@defect("zswap")
class page_lost(Zswap):
    """The sixth page that is stored pushes the first one out, unseen."""

    def load(self, type, offset):
        answered = super().load(type, offset)
        return {"data": None} if len(self.entries) >= 5 else answered


@defect("zswap")
class writeback_of_older(Zswap):
    """A page that was stored anew is written back as it was first."""

    def create(self, **setup):
        self.first = {}
        return super().create(**setup)

    def store(self, type, offset, data):
        self.first.setdefault((type, offset), data)
        return super().store(type, offset, data)

    def write_oldest(self):
        row = super().write_oldest()
        return row and [row[0], row[1], self.first[row[0], row[1]]]


@defect("zswap")
class stored_pages_of_pool(Zswap):
    """storedPages counts the pages of the pool."""

    def stats(self):
        return {**super().stats(), "storedPages": self.pool.total_pages}


@defect("zswap")
class refuses_words(Zswap):
    """A page of one word repeated is left to the swap device."""

    def store(self, type, offset, data):
        page = base64.b64decode(data)
        if page == page[:8] * (PAGE // 8):
            self.forget((type, offset))
            return {"stored": False, "reason": "it is one word"}
        return super().store(type, offset, data)


@defect("zswap")
class reason_forgotten(Zswap):
    """A page that is refused is refused without a reason."""

    def store(self, type, offset, data):
        answered = super().store(type, offset, data)
        answered.pop("reason", None)
        return answered


# zswap: what is sound and not Linux's


@defect("zswap")
class loaded_stays(Zswap):
    """A page that is loaded is kept, as up to 6.4."""

    def load(self, type, offset):
        entry = self.entries.get((type, offset))
        if entry is None:
            return {"data": None}
        return {"data": base64.b64encode(self.page_of((type, offset))).decode()}


@defect("zswap")
class newest_first(Zswap):
    """Writeback begins with the page that was stored last."""

    def write_oldest(self):
        self.entries = dict(reversed(self.entries.items()))
        row = super().write_oldest()
        self.entries = dict(reversed(self.entries.items()))
        return row


@defect("zswap")
class no_second_chance(Zswap):
    """The worker writes back what is new to the list."""

    def shrink(self):
        for entry in self.entries.values():
            entry.is_new = False
        super().shrink()


@defect("zswap")
class incompressible_refused(Zswap):
    """A page that does not become smaller is refused, as up to 6.17."""

    def store(self, type, offset, data):
        if len(lzo.compress(base64.b64decode(data))) >= PAGE:
            self.forget((type, offset))
            return {"stored": False, "reason": "it does not become smaller"}
        return super().store(type, offset, data)


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
