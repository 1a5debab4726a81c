"""A swap cache with a defect."""

import base64

import lzo
from planted import defect
from zswap import PAGE, Zswap


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
