/**
 * How a block's own codes are told: the lengths of the codes of literals and of
 * distances, runs of them as one, in a code that is told first.
 *
 * Source: `scan_tree`, `send_tree`, `build_bl_tree` and `send_all_trees`,
 * `lib/zlib_deflate/deftree.c`.
 */
import { putBits } from "./deflate_bits.ts";
import {
  BIT_LENGTH_CODES,
  BIT_LENGTH_ORDER,
  DISTANCE_CODES,
  FIRST_LENGTH_CODE,
  LITERAL_CODES,
  MAX_BIT_LENGTH_BITS,
  REPEAT_LENGTH,
  REPEAT_ZERO,
  REPEAT_ZERO_LONG,
} from "./deflate_format.ts";
import { bitsTaken, buildTree, newTree, type Tree } from "./deflate_tree.ts";

/** Lengths of the second code that are told at least. */
const LEAST_TOLD = 4;

/** Bits that follow the symbols of the second code (`extra_blbits`). */
const EXTRA = new Uint8Array(BIT_LENGTH_CODES);
EXTRA[REPEAT_LENGTH] = 2;
EXTRA[REPEAT_ZERO] = 3;
EXTRA[REPEAT_ZERO_LONG] = 7;

const tree = newTree(EXTRA, MAX_BIT_LENGTH_BITS);

/** Symbols to write, and the value of the bits that follow each. */
const symbols = new Uint8Array(LITERAL_CODES + DISTANCE_CODES);
const values = new Uint8Array(LITERAL_CODES + DISTANCE_CODES);
let count = 0;

function add(symbol: number, value: number): void {
  symbols[count] = symbol;
  values[count++] = value;
  tree.frequencies[symbol]++;
}

function addEach(length: number, times: number): void {
  for (let left = times; left > 0; left--) add(length, 0);
}

/** Zeros, in runs of 138 and a rest. */
function addZeros(times: number): void {
  for (let left = times; left > 0;) {
    const run = Math.min(left, 138);
    if (run < 3) addEach(0, run);
    else if (run <= 10) add(REPEAT_ZERO, run - 3);
    else add(REPEAT_ZERO_LONG, run - 11);
    left -= run;
  }
}

/** Equal lengths: one, then runs of 6 and a rest that repeat it. */
function addLengths(length: number, times: number): void {
  add(length, 0);
  for (let left = times - 1; left > 0;) {
    const run = Math.min(left, 6);
    if (run < 3) addEach(length, run);
    else add(REPEAT_LENGTH, run - 3);
    left -= run;
  }
}

/** The lengths of a tree's codes, up to the last symbol that has one. */
function addTree({ bits, maxSymbol }: Tree): void {
  for (let from = 0; from <= maxSymbol;) {
    const length = bits[from];
    let to = from + 1;
    while (to <= maxSymbol && bits[to] === length) to++;
    if (length === 0) addZeros(to - from);
    else addLengths(length, to - from);
    from = to;
  }
}

/** How many lengths of the second code are told. */
function toldLengths(): number {
  let told = BIT_LENGTH_CODES;
  while (told > LEAST_TOLD && tree.bits[BIT_LENGTH_ORDER[told - 1]] === 0) {
    told--;
  }
  return told;
}

/**
 * Prepares telling a block's two codes; returns the bits that it takes, without
 * writing them.
 */
export function prepareLengths(literals: Tree, distances: Tree): number {
  tree.frequencies.fill(0);
  count = 0;
  addTree(literals);
  addTree(distances);
  buildTree(tree);
  return 5 + 5 + 4 + 3 * toldLengths() + bitsTaken(tree, tree.bits);
}

/** Writes what was prepared last. */
export function putLengths(literals: Tree, distances: Tree): void {
  const told = toldLengths();
  putBits(literals.maxSymbol + 1 - FIRST_LENGTH_CODE, 5);
  putBits(distances.maxSymbol, 5);
  putBits(told - LEAST_TOLD, 4);
  for (let nth = 0; nth < told; nth++) {
    putBits(tree.bits[BIT_LENGTH_ORDER[nth]], 3);
  }
  for (let nth = 0; nth < count; nth++) {
    const symbol = symbols[nth];
    putBits(tree.codes[symbol], tree.bits[symbol]);
    putBits(values[nth], EXTRA[symbol]);
  }
}
