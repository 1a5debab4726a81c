"""LZ4 as Linux encodes it, to the byte."""


def compress(data):
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


def decompress(data):
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
