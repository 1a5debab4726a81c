"""A slab allocator of compressed pages, as Linux 6.18 has it, and one of its own."""

import base64


class Refused(Exception):
    """An outcome that the interface reports: an errno's name."""


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
    policy, pool_type = LinuxPolicy, Pool

    def __init__(self):
        self.pool = None

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


class OwnZsmalloc(Zsmalloc):
    policy = OwnPolicy
