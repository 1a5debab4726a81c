/** Walking a tree of entries while another thread erases one of them. */
import { LINUX_3_12, LINUX_6_1, LINUX_7_3 } from "../../linux/profile.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { createLock, type Lock } from "../../rules/lock.ts";
import type { Rule } from "../../rules/rule.ts";
import {
  acquire,
  reads,
  release,
  type Stop,
  writes,
} from "../../rules/stop.ts";
import { ZSWAP_RACES } from "../../search/races/rooms/zswap.ts";
import type { RaceOperation, RaceTrial } from "../../search/races/trial.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
  toldOf,
} from "../runs/explored.ts";

/** A node of a red-black tree; colours aside, nobody who walks looks at them. */
interface Node {
  readonly key: number;
  left: Node | undefined;
  right: Node | undefined;
  isFreed: boolean;
}

interface Tree {
  readonly lock: Lock;
  root: Node;
}

/** How a walk is kept from an erasure. */
interface Walk {
  readonly of: string;
  /** Whether both hold the tree's lock. */
  readonly isLocked: boolean;
  /** Whether a node is freed at once, or (RCU) when no walk can be at it. */
  readonly freesAtOnce: boolean;
}

const WALKS = {
  locked: {
    of: "both under the tree's lock",
    isLocked: true,
    freesAtOnce: true,
  },
  unlocked: { of: "no lock", isLocked: false, freesAtOnce: true },
  rcu: {
    of: "no lock, freed after a grace period of RCU",
    isLocked: false,
    freesAtOnce: false,
  },
} as const satisfies Readonly<Record<string, Walk>>;

const SEARCH = "zswap_rb_search, mm/zswap.c";
const ERASE = "rb_erase, lib/rbtree.c";

const NOT_FREED: Rule = {
  id: "rbtree/node-alive",
  sentence: "Who walks a tree looks at no node that was freed.",
  source: SEARCH,
};

const linkState = (key: number) => `children of node ${key}`;

function node(key: number, left?: Node, right?: Node): Node {
  return { key, left, right, isFreed: false };
}

/** 2 with 1 to its left; 4, which is red, with 3 and 5 to its right. */
const create = (): Tree => ({
  lock: createLock("tree->lock", "spinlock"),
  root: node(2, node(1), node(4, node(3), node(5))),
});

/** Looks for a key, a node after the other; answers whether it is there. */
function* search(
  tree: Tree,
  key: number,
): Generator<Stop, boolean> {
  yield reads("the root", SEARCH);
  let at: Node | undefined = tree.root;
  while (at !== undefined && at.key !== key) {
    yield reads(linkState(at.key), SEARCH);
    assertAlive(at);
    at = key < at.key ? at.left : at.right;
  }
  if (at !== undefined) {
    yield reads(linkState(at.key), SEARCH);
    assertAlive(at);
  }
  return at !== undefined;
}

function assertAlive({ key, isFreed }: Node): void {
  if (!isFreed) return;
  throw new InvariantError(NOT_FREED, {
    where: `node ${key}`,
    expected: "a node of the tree",
    found: "one that was freed",
  });
}

/**
 * Erases 1, a black leaf. Its sibling 4 is red: that is rotated up above 2, and
 * 3 comes from it to 2. The links are stored one after the other.
 */
function* erase(
  tree: Tree,
  { freesAtOnce }: Walk,
): Generator<Stop, void> {
  const { root: parent } = tree;
  const { left: erased, right: sibling } = parent;
  if (erased === undefined || sibling === undefined) {
    throw new Error("the tree is not as it was made");
  }
  yield writes(linkState(parent.key), ERASE);
  parent.left = undefined;
  yield writes(linkState(parent.key), ERASE);
  parent.right = sibling.left;
  yield writes(linkState(sibling.key), ERASE);
  sibling.left = parent;
  yield writes("the root", ERASE);
  tree.root = sibling;
  yield writes(linkState(erased.key), "zswap_free_entry, mm/zswap.c");
  if (freesAtOnce) erased.isFreed = true;
}

/** An operation under the tree's lock, where it is to be. */
function operation<Result>(
  text: string,
  { isLocked }: Walk,
  steps: (tree: Tree) => Generator<Stop, Result>,
): RaceOperation<Tree> {
  return {
    text,
    *begin(tree) {
      if (isLocked) yield acquire(tree.lock, text);
      const result = yield* steps(tree);
      if (isLocked) yield release(tree.lock, text);
      return result;
    },
  };
}

function keysOf(at: Node | undefined): readonly number[] {
  if (at === undefined) return [];
  return [...keysOf(at.left), at.key, ...keysOf(at.right)];
}

/** The search of each key beside the erasure of one. */
function trialOf(walk: Walk, key: number): RaceTrial<Tree> {
  return {
    threads: [
      [operation(`search ${key}`, walk, (tree) => search(tree, key))],
      [operation("erase 1", walk, (tree) => erase(tree, walk))],
    ],
    create,
    atRest: ({ root }) => keysOf(root),
  };
}

/** Keys that are looked for: the one that goes, and one that stays. */
const KEYS = [1, 5];

interface Found {
  readonly walks: Readonly<Record<keyof typeof WALKS, readonly Overlap[]>>;
  /** Whether the kernel's entries are in a red-black tree. */
  readonly isRbtree: boolean;
  /** The kernel's own look-ups beside its erasures. */
  readonly zswap: readonly Overlap[];
}

/** Look-ups of entries beside the erasure of others, and of the same ones. */
const PROGRAMS = [
  "store 0 A; store 1 B / load 1 | invalidate 0",
  "store 0 A / load 0 | invalidate 0",
  "store 0 A / load 0 | store 1 B; invalidate 1",
];

function run(
  { profile, sizes: { preemptions } }: Given<"preemptions">,
): Found {
  const each = (walk: Walk) =>
    KEYS.map((key) =>
      overlap(`${walk.of}: search ${key}`, trialOf(walk, key), preemptions)
    );
  return {
    walks: {
      locked: each(WALKS.locked),
      unlocked: each(WALKS.unlocked),
      rcu: each(WALKS.rcu),
    },
    isRbtree: profile.zswap.locks.tree === "tree->lock",
    zswap: PROGRAMS.map((program) =>
      overlapIn(ZSWAP_RACES, profile, program, preemptions)
    ),
  };
}

/** The experiment. */
export const TREE_WALK = experiment<"preemptions", Found>({
  name: "tree-walk",
  theme: "locks",
  method:
    "A red-black tree of five nodes is searched while a leaf is erased, whose sibling is rotated up then: with a stop at each node that is looked at and at each link that is stored, under the tree's lock, without it, and without it where a node is freed once no walk is at it (RCU). Beside it zswap's own look-ups and erasures.",
  sizes: { preemptions: preemptionsSize(3) },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_7_3],
  run,
  figures: ({ walks, zswap }) => [
    overlapFigures("A search beside erase 1", Object.values(walks).flat()),
    overlapFigures("zswap's own", zswap),
  ],
  claims: [
    {
      name: "erasing-from-the-tree-under-a-walker",
      says:
        "An entry cannot be erased from the red-black tree while another thread walks it, as that is rebalanced; nor would RCU help.",
      who: "Dan Magenheimer, 2013, as a question",
      passages: [
        { thread: "004", at: "another thread is walking the rbtree" },
        {
          thread: "004",
          at: "afaik there is no equivalent RCU implementation for rbtrees",
        },
      ],
      decide({ walks: { locked, unlocked, rcu }, isRbtree, zswap }) {
        if (!isRbtree) {
          return holds(
            !isSound(...zswap),
            `entries are in an xarray that is walked under RCU: ${
              toldOf(...zswap)
            }`,
          );
        }
        const isUnsafe = !isSound(...unlocked) && !isSound(...rcu);
        const evidence = `without the lock ${toldOf(...unlocked)}; with RCU ${
          toldOf(...rcu)
        }; under the lock, as zswap walks, ${toldOf(...locked, ...zswap)}`;
        return isSound(...locked, ...zswap)
          ? holdsIf(isUnsafe, "the tree is walked without its lock", evidence)
          : holds(isUnsafe, evidence);
      },
    },
  ],
});
