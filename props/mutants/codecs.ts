/** Planted defects of codecs. */
import { type Mutant, mutantsOf } from "./mutant.ts";

/** Why a codec's choice among forms that all decode is left to tests. */
const LENGTH_ALONE =
  "It decodes as well: that the length is not the kernel's, tests of lengths and recordings tell.";

/** Why a decoder's answer to what no encoder makes is left to tests. */
const NOT_MADE =
  "Linux's encoder never makes this: the decoder's own tests write it by hand.";

/** Why what a codec makes of its dictionary is left to tests. */
const SAME_CODEC =
  "Whoever judges the device asks the same codec how long pages become: tests of dictionaries tell.";

const ANY = ["codec", "zram"];

const WORKSPACE = mutantsOf("codec/workspace", ANY, [
  {
    what: "a match that overlaps what it makes is moved at once",
    from: "if (distance < 8) copyNear(distance, count, to);",
    to: "if (distance < 8) pageBytes.copyWithin(to, from, from + count);",
  },
  {
    what: "a match from less than eight bytes back loses its place",
    from: "copyFar(distance * Math.ceil(8 / distance), single, to + count);",
    to: "copyFar(8, single, to + count);",
  },
  {
    what: "a match of more than sixteen bytes loses eight",
    from: "copyFar(distance, to + COPIED_AT_ONCE, to + count);",
    to: "copyFar(distance, to + COPIED_AT_ONCE + 8, to + count);",
  },
  {
    what: "sixteen literals are all",
    from: "if (count > COPIED_AT_ONCE) takeManyLiterals(from, count, to);",
    to: "",
  },
  {
    what: "the last literals that fill no eight bytes are not encoded",
    from:
      "for (let nth = COPIED_AT_ONCE; nth < count; nth += 8) {\n    const bytes = pageWords",
    to:
      "for (let nth = COPIED_AT_ONCE; nth + 8 <= count; nth += 8) {\n    const bytes = pageWords",
  },
]);

const LZO = [
  ...mutantsOf("codec/lzo1x_compress", ANY, [
    {
      what: "a match 16 KiB back is put as one farther back",
      from: "const near = distance <= M3_MAX_OFFSET;",
      to: "const near = distance < M3_MAX_OFFSET;",
    },
    {
      what: "a match 2 KiB back is not put in the shortest form",
      from: "length <= M2_MAX_LENGTH && distance <= M2_MAX_OFFSET",
      to: "length <= M2_MAX_LENGTH && distance < M2_MAX_OFFSET",
      reason: LENGTH_ALONE,
    },
    {
      what: "a length of 255 above what fits goes on",
      from: "for (; beyond > 255; beyond -= 255) codeBytes[at++] = 0;",
      to: "for (; beyond >= 255; beyond -= 255) codeBytes[at++] = 0;",
    },
    {
      what: "a run of zeros is as long as the page",
      from: "const end = Math.min(limit, position + MAX_ZERO_RUN);",
      to: "const end = limit;",
    },
    {
      what: "a match that looks like a run of zeros stays",
      from: "length >= 261 && length <= 264",
      to: "length > 264",
    },
    {
      what: "18 literals take a long length",
      from: "} else if (count <= MAX_SHORT_LITERALS) {",
      to: "} else if (count < MAX_SHORT_LITERALS) {",
    },
    {
      what: "the dictionary keeps what the page before left",
      from: "dictionary.fill(start);",
      to: "",
    },
    {
      what: "a run of zeros has its bits where a match has them",
      from: "stateAt = at - ZERO_RUN_STATE;",
      to: "stateAt = at - MATCH_STATE;",
    },
  ]),
  ...mutantsOf("codec/lzo1x_decompress", ANY, [
    {
      what: "a far match loses the upper bit of its distance",
      from: "const back = ((instruction & 8) << 11) |",
      to: "const back = ((instruction & 8) << 10) |",
    },
    {
      what: "a match of 3 bytes goes back one too few",
      from: "if (isFar) back += M2_MAX_OFFSET;",
      to: "if (isFar) back += M2_MAX_OFFSET - 1;",
      reason: NOT_MADE,
    },
    {
      what: "a length that goes on ends a byte late",
      from: "return MORE * (stop - 1 - at) + codeBytes[stop - 1];",
      to: "return MORE * (stop - at) + codeBytes[stop - 1];",
    },
  ]),
];

const LZ4 = [
  ...mutantsOf("codec/lz4", ANY, [
    {
      what: "lz4 takes a dictionary while it is in use",
      from: "retold: ({ level }) => lz4WithParams({ level }),",
      to: "retold: lz4WithParams,",
    },
    {
      what: "lz4 has no acceleration with a dictionary",
      from: ": lz4WithDictionary(acceleration, dict);",
      to: ": lz4WithDictionary(ACCELERATION_DEFAULT, dict);",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/lz4_compress", ANY, [
    {
      what: "a match takes of the last literals",
      from: "return a > limit ? limit : a;",
      to: "return a;",
      reason: LENGTH_ALONE,
    },
    {
      what: "a length of 255 above what fits ends early",
      from: "for (; beyond >= 255; beyond -= 255) codeBytes[at++] = 255;",
      to: "for (; beyond > 255; beyond -= 255) codeBytes[at++] = 255;",
    },
    {
      what: "15 literals fit into the token",
      from: "if (count < LENGTH_MASK) codeBytes[at++] = count << 4;",
      to: "if (count <= LENGTH_MASK) codeBytes[at++] = count << 4;",
    },
    {
      what: "a match of 19 bytes fits into the token",
      from: "if (length < LENGTH_MASK) {",
      to: "if (length <= LENGTH_MASK) {",
    },
    {
      what: "the table keeps what the page before left",
      from: "table.fill(0);",
      to: "",
    },
    {
      what: "a match begins before the one before it ends",
      from: "position > anchor && match > 0 &&",
      to: "match > 0 &&",
    },
    {
      what: "a token without literals keeps what was there",
      from: "codeBytes[at++] = 0;",
      to: "at++;",
    },
    {
      what: "the search takes steps of one for twice as long",
      from: "const end = Math.min(last, limit - step);",
      to: "const end = Math.min(last + SEARCHES_OF_STEP, limit - step);",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/lz4_decompress", ANY, [
    {
      what: "a length that goes on ends a byte late",
      from: "return MORE * (stop - 1 - at) + codeBytes[stop - 1];",
      to: "return MORE * (stop - at) + codeBytes[stop - 1];",
    },
    {
      what: "a match of itself makes what was there",
      from: "pageBytes.fill(0, to, to + count);",
      to: "",
      reason: NOT_MADE,
    },
  ]),
];

const LZ4_DICTIONARY = [
  ...mutantsOf("codec/lz4_dictionary", ANY, [
    {
      what: "the table keeps what the page before left",
      from: "table.set(loaded);",
      to: "",
    },
    {
      what: "the table keeps what the dictionary before left",
      from: "table.fill(NOWHERE);",
      to: "",
    },
    {
      what: "a match goes back farther than its bytes can say",
      from: "return candidate >= 0 && candidate + MAX_DISTANCE >= place &&",
      to: "return candidate >= 0 &&",
    },
    {
      what: "a match begins before the one before it ends",
      from: "const most = Math.max(anchor, lowest + found.offset);",
      to: "const most = lowest + found.offset;",
    },
    {
      what: "a match that begins in the dictionary does not begin earlier",
      from: "const lowest = candidate >= start ? start : 0;",
      to: "const lowest = start;",
      reason: LENGTH_ALONE,
    },
    {
      what: "a dictionary of more than 64 KiB is taken by its first",
      from: "const kept = dictionary.slice();",
      to: "const kept = dictionary.slice(0, MOST_DICTIONARY);",
    },
    {
      what: "the dictionary enters the table by every place",
      from: "place += DICTIONARY_STEP",
      to: "place++",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/lz4_dictionary_decompress", ANY, [
    {
      what: "no match begins in the dictionary",
      from: "offsetFrom(walk, made + dictionary.length)",
      to: "offsetFrom(walk, made)",
    },
    {
      what: "the dictionary's last byte is passed over",
      from: "page[to++] = dictionary[dictionary.length + from++];",
      to: "page[to++] = dictionary[dictionary.length + from++ - 1];",
    },
    {
      what: "a match does not go on from the dictionary in the page",
      from: "while (to < end) page[to++] = page[from++];",
      to:
        "if (offset <= walk.made) while (to < end) page[to++] = page[from++];",
      reason:
        "No page of the search begins as its dictionary would go on: the decoder's own tests write one by hand.",
    },
    {
      what: "a match before the last five bytes is refused",
      from: "length > page.length - LAST_LITERALS - made",
      to: "length >= page.length - LAST_LITERALS - made",
    },
    {
      what: "a match before the last twelve bytes is refused",
      from: "made > page.length - MATCH_START_MARGIN ||",
      to: "made >= page.length - MATCH_START_MARGIN ||",
    },
    {
      what: "a match of itself makes what was there",
      from: "if (offset === 0) page.fill(0, to, end);",
      to: "",
      reason: NOT_MADE,
    },
  ]),
  ...mutantsOf("codec/lz4_sequences", ANY, [
    {
      what: "a length of 255 above what fits ends early",
      from: "for (; rest >= 255; rest -= 255)",
      to: "for (; rest > 255; rest -= 255)",
    },
    {
      what:
        "a length that just fills its half of the token has nothing behind it",
      from: "if (rest < 0) return;",
      to: "if (rest <= 0) return;",
    },
  ]),
  ...mutantsOf("codec/lz4_window", ANY, [
    {
      what: "a match takes of the last literals",
      from: "return Math.min(a, limit) - start;",
      to: "return a - start;",
    },
    {
      what: "the page begins with the dictionary's last byte",
      from:
        "return { start: dictionary.length, end: dictionary.length + page.length };",
      to:
        "return { start: dictionary.length - 1, end: dictionary.length + page.length };",
    },
  ]),
];

const LZ4HC = [
  ...mutantsOf("codec/lz4hc", ANY, [
    {
      what: "lz4hc takes a dictionary while it is in use",
      from: "lz4hcWith(dict === undefined ? { level: params.level } : params),",
      to: "lz4hcWith(params),",
    },
    {
      what: "lz4hc looks at its level when it is set up alone",
      from: "lz4hcWith(dict === undefined ? { level: params.level } : params),",
      to: "lz4hcWith(dict === undefined ? { level } : params),",
    },
    {
      what: "levels above 16 are the default",
      from: "level < 1 ? DEFAULT_LEVEL : Math.min(level, MAX_LEVEL)",
      to: "level < 1 || level > MAX_LEVEL ? DEFAULT_LEVEL : level",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/lz4hc_matches", ANY, [
    {
      what: "the tables keep what the page before left",
      from: "heads.set(tables.heads);",
      to: "",
    },
    {
      what: "a match begins before the one before it ends",
      from: "const most = Math.min(at - low, place - lowest);",
      to: "const most = place - lowest;",
    },
    {
      what: "a match goes back farther than its bytes can say",
      from: `  const lowest = Math.max(0, at - MAX_DISTANCE);
  const word = read32(at);
  let longest`,
      to: `  const lowest = 0;
  const word = read32(at);
  let longest`,
    },
  ]),
  ...mutantsOf("codec/lz4hc_compress", ANY, [
    {
      what: "the first of two matches is not shortened for the second",
      from:
        "first.length = Math.min(first.length, second.start - first.start);",
      to: "",
    },
    {
      what:
        "a first match that is long enough holds the second's bytes as well",
      from: "first.length = distance;",
      to: "",
    },
    {
      what: "the second match does not give way to the first",
      from: "if (correction > 0) dropFront(second, correction);",
      to: "",
    },
  ]),
];

const DEFLATE = [
  ...mutantsOf("codec/deflate", ANY, [
    {
      what: "deflate decodes with the window that it has by default",
      from: "inflatePage(compressed, page, winbits);",
      to: "inflatePage(compressed, page, DEFAULT_WINBITS);",
    },
    {
      what: "deflate has a window of 15 bits by default",
      from: "const DEFAULT_WINBITS = -11;",
      to: "const DEFAULT_WINBITS = -15;",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/deflate_bits", ANY, [
    {
      what: "what fills a byte up stays for the next",
      from: `written++] = held;
  held = 0;
  heldBits = 0;
}

/** Writes whole`,
      to: `written++] = held;
  heldBits = 0;
}

/** Writes whole`,
    },
  ]),
  ...mutantsOf("codec/deflate_block", ANY, [
    {
      what: "a distance of 257 has the code of one nearer",
      from: "return before < 256 ? nearCodes[before] : farCodes[before >>> 7];",
      to:
        "return before <= 256 ? nearCodes[before & 255] : farCodes[before >>> 7];",
    },
    {
      what: "a block holds more than it has room for",
      from: "if (symbols === BLOCK_SYMBOLS - 1) return true;",
      to: "if (symbols > BLOCK_SYMBOLS) return true;",
    },
    {
      what: "a block's literals and matches count in the next",
      from: `  count = 0;
  matches = 0;
}`,
      to: `  matches = 0;
}`,
    },
    {
      what: "only a stored block is the last",
      from: "const last = isLast ? 1 : 0;",
      to: "const last = 0;",
    },
  ]),
  ...mutantsOf("codec/deflate_encode", ANY, [
    {
      what: "the last stored block is like the others",
      from: "put(pageSize, true);",
      to: "put(pageSize, false);",
    },
    {
      what: "what fills a window of level 0 is not copied",
      from: "if (position - blockStart >= farthest()) put(position, false);",
      to: "if (position - blockStart >= farthest()) blockStart = position;",
    },
    {
      what: "the last literal is not added where a match was looked for",
      from: "if (isWaiting) addLiteral(pageBytes[pageSize - 1]);",
      to: "",
    },
    {
      what: "a match is taken a byte late",
      from: "const symbols = addMatch(position - 1 - startBefore, before);",
      to: "const symbols = addMatch(position - startBefore, before);",
    },
    {
      what: "a block's end forgets where the next begins",
      from: "blockStart = position;\n}",
      to: "}",
    },
    {
      what: "the sum at the end has no second half",
      from: "putShort(sum & 0xffff);",
      to: "",
    },
    {
      what: "the header tells the window of 15 bits, whatever it is",
      from: "(windowBits - 8) << 4",
      to: "7 << 4",
    },
    {
      what: "level 0 is zlib's own choice",
      from: "LEVELS[level === -1 ? DEFAULT_LEVEL : level]",
      to: "LEVELS[level < 1 ? DEFAULT_LEVEL : level]",
      reason: LENGTH_ALONE,
    },
    {
      what: "matches of three bytes are taken from anywhere",
      from: "if (length === MIN_MATCH && position - start > TOO_FAR) length--;",
      to: "",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/deflate_window", ANY, [
    {
      what: "the tables keep what the page before left",
      from: "heads.fill(0);",
      to: "",
    },
    {
      what: "a match goes back farther than the window",
      from: "return head > base && position - head <= maxDistance;",
      to: "return head > base;",
      reason:
        "The decoder has the whole page at hand, as in the kernel: tests of lengths tell.",
    },
    {
      what: "the longest match goes beyond the page's end",
      from: "const lookahead = Math.min(pageSize - position, MAX_MATCH);",
      to: "const lookahead = MAX_MATCH;",
    },
    {
      what: "a chain is as long after a good match",
      from: "before >= goodLength ? maxChain >>> 2 : maxChain",
      to: "maxChain",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/deflate_tree", ANY, [
    {
      what: "codes that are too long leave the others as they are",
      from: "if (tooFar > 0) makeRoom(tree, tooFar);",
      to: "",
    },
    {
      what: "one symbol is a code",
      from: "while (heapLength < 2) addToHeap",
      to: "while (heapLength < 1) addToHeap",
    },
    {
      what: "the tree's depth does not count among equals",
      from: "return (frequency << DEPTH_BITS) | depth;",
      to: "return frequency << DEPTH_BITS;",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/deflate_lengths", ANY, [
    {
      what: "ten zeros are a long run",
      from: "else if (run <= 10) add(REPEAT_ZERO, run - 3);",
      to: "else if (run < 10) add(REPEAT_ZERO, run - 3);",
    },
    {
      what: "a run of zeros has no end",
      from: "const run = Math.min(left, 138);",
      to: "const run = left;",
    },
    {
      what: "seven lengths repeat the one before",
      from: "const run = Math.min(left, 6);",
      to: "const run = Math.min(left, 7);",
    },
  ]),
  ...mutantsOf("codec/deflate_decode", ANY, [
    {
      what: "a match that overlaps what it makes is moved at once",
      from: `for (const end = made + length; made < end; made++) {
    page[made] = page[made - distance];
  }`,
      to: `page.copyWithin(made, made - distance, made - distance + length);
  made += length;`,
    },
    {
      what: "a code of more than nine bits ends a bit early",
      from: "first = (first + count) << 1;",
      to: "first = first + count;",
    },
    {
      what: "lengths that repeat are two fewer",
      from: "? 3 + takeBits(2)",
      to: "? 1 + takeBits(2)",
    },
    {
      what: "a window as large as what is told is refused",
      from: "if ((method >>> 4) + 8 > windowBits) {",
      to: "if ((method >>> 4) + 8 >= windowBits) {",
    },
    {
      what: "the sum is not looked at",
      from: "if (winbits > 0) checkSum();",
      to: "",
      reason: NOT_MADE,
    },
  ]),
];

const SW842 = [
  ...mutantsOf("codec/sw842_bits", ANY, [
    {
      what: "bits that were written come again where none wait",
      from: "held = rest === 0 ? 0 : bits;",
      to: "held = bits;",
    },
    {
      what: "bits that cross four bytes are lost",
      from:
        "const bits = (word << skipped) | (stream[byte + 4] >>> (8 - skipped));",
      to: "const bits = word << skipped;",
    },
  ]),
  ...mutantsOf("codec/sw842_compress", ANY, [
    {
      what: "a unit of two bytes that has left its ring is found",
      from: "unit < (block >>> 1) - UNITS_2 ?",
      to: "unit < (block >>> 1) - UNITS_2 - 1 ?",
    },
    {
      what: "a unit of four bytes that has left its ring is found",
      from: "const oldest = (block >>> 2) - UNITS_4;",
      to: "const oldest = (block >>> 2) - UNITS_4 - 1;",
    },
    {
      what: "a block that has left its ring is found",
      from: "const oldest = (block >>> 3) - UNITS_8;",
      to: "const oldest = (block >>> 3) - UNITS_8 - 1;",
    },
    {
      what: "a repeat has one more than its bits hold",
      from: "if (repeats === MAX_REPEAT) {",
      to: "if (repeats > MAX_REPEAT) {",
    },
    {
      what: "the page's last repeats are lost",
      from: "  putRepeat(repeats);\n}",
      to: "}",
    },
    {
      what: "what is repeated does not enter the rings",
      from: `      putRepeat(repeats);
      repeats = 0;
    }
    enterUnits(block);`,
      to: `      putRepeat(repeats);
      repeats = 0;
    }
    if (repeats === 0) enterUnits(block);`,
      reason: LENGTH_ALONE,
    },
    {
      what: "of equally short templates the lower code is taken",
      from: "argumentBits(one) - argumentBits(other) || other - one",
      to: "argumentBits(one) - argumentBits(other) || one - other",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/sw842_decompress", ANY, [
    {
      what: "the ring's oldest unit is taken for its newest",
      from: "(offset >= place ? ringBytes : 0)",
      to: "(offset > place ? ringBytes : 0)",
    },
    {
      what: "a ring begins anew when it is full",
      from: "return made - place + offset - (offset >= place ? ringBytes : 0);",
      to: "return made - place + offset;",
    },
    {
      what: "a repeat makes one block fewer",
      from: `take(decoding, REPEAT_BITS, "a repeat") + 1;`,
      to: `take(decoding, REPEAT_BITS, "a repeat");`,
    },
    {
      what: "the checksum is not looked at",
      from: "if (told !== real) {",
      to: "if (false) {",
      reason: NOT_MADE,
    },
  ]),
];

const ZSTD = [
  ...mutantsOf("codec/zstd", ANY, [
    {
      what: "zstd decodes without its dictionary",
      from: "decompress: decoderWithDict(dict),",
      to: "decompress: decoder(MAX_PAGE_WINDOW_LOG),",
    },
    {
      what: "zstd decodes no frame with the largest page's window",
      from: "const MAX_PAGE_WINDOW_LOG = 16;",
      to: "const MAX_PAGE_WINDOW_LOG = 15;",
      reason:
        "Frames tell how long their page is, and are made at once: the window of those alone is looked at that do not, which tests have.",
    },
    {
      what: "zstd has level 1 by default",
      from: "const DEFAULT_LEVEL = 3;",
      to: "const DEFAULT_LEVEL = 1;",
      reason: LENGTH_ALONE,
    },
  ]),
  ...mutantsOf("codec/zstd_wasm", ANY, [
    {
      what: "another dictionary is not loaded where there was one",
      from: "if (dict === loaded) return at;",
      to: "if (loaded !== undefined) return at;",
      reason: SAME_CODEC,
    },
  ]),
  ...mutantsOf("codec/codecs", ["zram", "zswap"], [
    {
      what: "every kernel has the newest zstd",
      from: "codec === zstd ? zstdOf(encoder) : codec",
      to: "codec",
      reason: LENGTH_ALONE,
    },
  ]),
];

/** Planted defects of codecs. */
export const CODEC_MUTANTS: readonly Mutant[] = [
  ...WORKSPACE,
  ...LZO,
  ...LZ4,
  ...LZ4_DICTIONARY,
  ...LZ4HC,
  ...DEFLATE,
  ...SW842,
  ...ZSTD,
];
