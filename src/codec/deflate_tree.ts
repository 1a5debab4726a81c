/**
 * Huffman codes as zlib makes them. Which of the best codes is taken depends on
 * how equal frequencies are ordered, and a block's length on that: the code's
 * own description becomes longer or shorter.
 *
 * Source: `lib/zlib_deflate/deftree.c`, the same in 5.10 to 7.3.
 */
import { MAX_BITS } from "./deflate_format.ts";

/** A code that is made of how often its symbols occur (`tree_desc`). */
export interface Tree {
  /** How often each symbol occurs. */
  readonly frequencies: Uint16Array;
  /** How many bits each symbol's code has: none where it has no code. */
  readonly bits: Uint8Array;
  /** The codes, their first bit the lowest. */
  readonly codes: Uint16Array;
  /** Bits that follow each symbol's code. */
  readonly extra: Uint8Array;
  /** The longest code. */
  readonly maxBits: number;
  /** The last symbol that has a code. */
  maxSymbol: number;
}

/** A tree of as many symbols as there are `extra` bits. */
export function newTree(extra: Uint8Array, maxBits: number): Tree {
  const symbols = extra.length;
  return {
    frequencies: new Uint16Array(symbols),
    bits: new Uint8Array(symbols),
    codes: new Uint16Array(symbols),
    extra,
    maxBits,
    maxSymbol: 0,
  };
}

/** More nodes than any tree has. */
const MAX_NODES = 1024;
/** Bits of the depth in a node's rank. */
const DEPTH_BITS = 8;
const DEPTH_MASK = (1 << DEPTH_BITS) - 1;

/** The nodes that have no father yet, from 1 on, those at the top the smallest. */
const heap = new Uint16Array(MAX_NODES);
let heapLength = 0;
/** Nodes in the order in which they got a father. */
const sorted = new Uint16Array(MAX_NODES);
let sortedLength = 0;
/** The father of each node (`Dad`). */
const fathers = new Uint16Array(MAX_NODES);
/**
 * By what nodes are ordered: how often each occurs, and among equals how deep
 * the tree below it is, in the low {@linkcode DEPTH_BITS} bits (`depth`).
 */
const ranks = new Int32Array(MAX_NODES);
/** How far each node is from the root. */
const distances = new Uint8Array(MAX_NODES);
/** How many codes of each length there are (`bl_count`). */
const lengthCounts = new Uint16Array(MAX_BITS + 1);

/** Moves a node of the heap down to where none below it is smaller (`pqdownheap`). */
function siftDown(from: number): void {
  const node = heap[from];
  const rank = ranks[node];
  let at = from;
  for (let below = 2 * at; below <= heapLength; below = 2 * at) {
    const isRight = below < heapLength &&
      ranks[heap[below + 1]] <= ranks[heap[below]];
    if (isRight) below++;
    if (rank <= ranks[heap[below]]) break;
    heap[at] = heap[below];
    at = below;
  }
  heap[at] = node;
}

function addToHeap(symbol: number, frequency: number): void {
  heap[++heapLength] = symbol;
  ranks[symbol] = frequency << DEPTH_BITS;
}

/** Puts every symbol that occurs into the heap; returns the last of them. */
function fillHeap({ frequencies, bits }: Tree): number {
  let maxSymbol = -1;
  heapLength = 0;
  bits.fill(0);
  for (let symbol = 0; symbol < bits.length; symbol++) {
    if (frequencies[symbol] === 0) continue;
    addToHeap(symbol, frequencies[symbol]);
    maxSymbol = symbol;
  }
  // A code has two symbols at least, whether they occur or not.
  while (heapLength < 2) addToHeap(maxSymbol < 2 ? ++maxSymbol : 0, 0);
  return maxSymbol;
}

/** The rank of what two nodes become together. */
function joinedRank(one: number, other: number): number {
  const depth = Math.max(one & DEPTH_MASK, other & DEPTH_MASK) + 1;
  const frequency = (one >>> DEPTH_BITS) + (other >>> DEPTH_BITS);
  return (frequency << DEPTH_BITS) | depth;
}

/** Joins the two smallest nodes until there is one. */
function joinNodes(symbols: number): void {
  for (let at = heapLength >>> 1; at >= 1; at--) siftDown(at);
  sortedLength = 0;
  for (let father = symbols; heapLength >= 2; father++) {
    const one = heap[1];
    heap[1] = heap[heapLength--];
    siftDown(1);
    const other = heap[1];
    sorted[sortedLength++] = one;
    sorted[sortedLength++] = other;
    ranks[father] = joinedRank(ranks[one], ranks[other]);
    fathers[one] = father;
    fathers[other] = father;
    heap[1] = father;
    siftDown(1);
  }
}

/**
 * Gives each symbol the bits of its distance from the root, `maxBits` where
 * that is more. Returns how many nodes are too far.
 */
function takeDistances({ bits, maxBits }: Tree): number {
  let tooFar = 0;
  lengthCounts.fill(0);
  distances[heap[1]] = 0;
  for (let nth = sortedLength - 1; nth >= 0; nth--) {
    const node = sorted[nth];
    let distance = distances[fathers[node]] + 1;
    if (distance > maxBits) {
      distance = maxBits;
      tooFar++;
    }
    distances[node] = distance;
    if (node >= bits.length) continue;
    bits[node] = distance;
    lengthCounts[distance]++;
  }
  return tooFar;
}

/** Makes codes longer until those that were too long have room. */
function makeRoom({ bits, maxBits }: Tree, tooFar: number): void {
  for (let left = tooFar; left > 0; left -= 2) {
    let length = maxBits - 1;
    while (lengthCounts[length] === 0) length--;
    lengthCounts[length]--;
    lengthCounts[length + 1] += 2;
    lengthCounts[maxBits]--;
  }
  let nth = 0;
  for (let length = maxBits; length > 0; length--) {
    for (let count = lengthCounts[length]; count > 0;) {
      const node = sorted[nth++];
      if (node >= bits.length) continue;
      bits[node] = length;
      count--;
    }
  }
}

/** The low `count` bits in the reverse order. */
export function reverseBits(value: number, count: number): number {
  let reversed = 0;
  for (let bit = 0; bit < count; bit++) {
    reversed = (reversed << 1) | ((value >>> bit) & 1);
  }
  return reversed;
}

/** The next code of each length. */
const nextCodes = new Uint16Array(MAX_BITS + 1);

/**
 * Numbers codes of given lengths, those of a length in the order of their
 * symbols (`gen_codes`).
 */
export function numberCodes(
  bits: Uint8Array,
  codes: Uint16Array,
  symbols: number,
): void {
  lengthCounts.fill(0);
  for (let symbol = 0; symbol < symbols; symbol++) lengthCounts[bits[symbol]]++;
  lengthCounts[0] = 0;
  for (let length = 1; length <= MAX_BITS; length++) {
    nextCodes[length] = (nextCodes[length - 1] + lengthCounts[length - 1]) << 1;
  }
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length = bits[symbol];
    if (length > 0) codes[symbol] = reverseBits(nextCodes[length]++, length);
  }
}

/** Makes a tree's code of its frequencies (`build_tree`, `gen_bitlen`). */
export function buildTree(tree: Tree): void {
  tree.maxSymbol = fillHeap(tree);
  joinNodes(tree.bits.length);
  const tooFar = takeDistances(tree);
  if (tooFar > 0) makeRoom(tree, tooFar);
  numberCodes(tree.bits, tree.codes, tree.maxSymbol + 1);
}

/** The bits that all symbols together take in codes of these lengths. */
export function bitsTaken(
  { frequencies, extra, maxSymbol }: Tree,
  bits: Uint8Array,
): number {
  let sum = 0;
  for (let symbol = 0; symbol <= maxSymbol; symbol++) {
    sum += frequencies[symbol] * (bits[symbol] + extra[symbol]);
  }
  return sum;
}
