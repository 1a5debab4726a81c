"""An allocator with a defect."""

from planted import defect
from zsmalloc import Pool, Refused, Zsmalloc


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
