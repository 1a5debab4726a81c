"""A block device with a defect."""

import base64

from planted import defect
from zram import PAGE, Zram, memparse
from zsmalloc import Refused


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
        if self.kept is not None:
            self.slots, self.pool = self.kept

    def create(self):
        self.kept = None
        return super().create()


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
