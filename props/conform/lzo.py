"""LZO1X-1 as Linux encodes it, to the byte; for pages of up to 48 KiB."""


def compress(data):
    out, table, limit = bytearray(), [0] * 8192, len(data) - 20
    state, anchor, at = 0, 0, 5
    while at < limit:
        word = data[at:at + 4]
        slot = (int.from_bytes(word, "little") * 0x1824429D & 0xFFFFFFFF) >> 19
        found, table[slot] = table[slot], at
        if data[found:found + 4] != word:
            at += 1 + (at - anchor >> 5)
            continue
        put_literals(out, state, data[anchor:at])
        length = match_length(data, found, at, limit)
        state = put_match(out, at - found, length)
        at += length
        anchor = at
    if not out and len(data) - anchor <= 238:
        out.append(17 + len(data) - anchor)
        out.extend(data[anchor:])
    else:
        put_literals(out, state, data[anchor:])
    out.extend(b"\x11\0\0")
    return bytes(out)


def match_length(data, found, at, limit):
    """Eight bytes are compared at a time, and may then reach past the limit."""
    length = 4
    while data[at + length:at + length + 8] == data[found + length:found + length + 8]:
        length += 8
        if at + length >= limit:
            return length
    while data[at + length] == data[found + length]:
        length += 1
    return length


def put_length(out, rest):
    while rest > 255:
        out.append(0)
        rest -= 255
    out.append(rest)


def put_literals(out, state, literals):
    """Up to three are counted in the instruction before them."""
    count = len(literals)
    if 0 < count <= 3:
        out[state] |= count
    elif count > 18:
        out.append(0)
        put_length(out, count - 18)
    elif count > 3:
        out.append(count - 3)
    out.extend(literals)


def put_match(out, distance, length):
    """Answers where the literals after it are counted."""
    if length <= 8 and distance <= 0x800:
        out.append(length - 1 << 5 | (distance - 1 & 7) << 2)
        out.append(distance - 1 >> 3)
        return len(out) - 2
    if distance <= 0x4000:
        most, mark, back = 33, 32, distance - 1
    else:
        back = distance - 0x4000
        most, mark = 9, 16 | back >> 11 & 8
    out.append(mark | (length - 2 if length <= most else 0))
    if length > most:
        put_length(out, length - most)
    out.append(back << 2 & 255)
    out.append(back >> 6 & 255)
    return len(out) - 2


def decompress(data):
    """Reads what `compress` writes: the shortest matches are not among that."""
    out, at = bytearray(), 0

    def long_length(bits):
        nonlocal at
        length = data[at - 1] & bits
        if length:
            return length
        while not data[at]:
            length, at = length + 255, at + 1
        at += 1
        return length + bits + data[at - 1]

    def literals(count):
        nonlocal at
        out.extend(data[at:at + count])
        at += count

    if data[0] > 17:
        at = 1
        literals(data[0] - 17)
    while True:
        first, at = data[at], at + 1
        if first < 16:
            literals(long_length(15) + 3)
            continue
        if first >= 64:
            length, back = (first >> 5) + 1, (data[at] << 3) + (first >> 2 & 7) + 1
            follow, at = first & 3, at + 1
        else:
            near = first >= 32
            length = long_length(31 if near else 7) + 2
            word, at = data[at] | data[at + 1] << 8, at + 2
            follow, back = word & 3, word >> 2
            if not near and back == 0 and not first & 8:
                return bytes(out)
            back += 1 if near else 0x4000 + ((first & 8) << 11)
        for _ in range(length):
            out.append(out[-back])
        literals(follow)
