/** Random texts for attributes: what they take, and what they refuse. */
import { pick } from "../random.ts";
import { BACKING_PATH } from "../transcript_zram.ts";
import { DICTIONARY, EMPTY_FILE, LARGE_FILE } from "./steps.ts";
import type { Draft } from "./draft.ts";
import { batchSize, compressedWriteback } from "./random_batches.ts";
import { randomPage } from "./random_data.ts";

/** Sets a limit: none, one near what is used, or one that is no whole pages. */
export function memLimit(draft: Draft): void {
  const { random, profile: { pageSize }, usedPages } = draft;
  if (!draft.has("mem_limit")) return;
  const pages = Math.max(1, usedPages + random(7) - 3);
  const bytes = pages * pageSize - pick(random, 0, 0, 1, 100, 512);
  const odd = draft.scope.anySurroundings
    ? ["", "many", "18446744073709551615", "0x1000", `${bytes}k\n`]
    : [];
  const value = pick(
    random,
    "0",
    "0",
    String(bytes),
    String(bytes),
    String(bytes),
    `${Math.ceil(bytes / 1024)}K`,
    `${Math.ceil(bytes / 2 ** 20)}M`,
    "1G",
    ...odd,
  );
  draft.set("mem_limit", value);
}

/** Compacts. */
export function compact(draft: Draft): void {
  if (draft.has("compact")) draft.set("compact", "1");
}

/** Sets a size where there is one: it is refused. */
export function disksize(draft: Draft): void {
  if (draft.diskPages > 0) {
    draft.set("disksize", pick(draft.random, "0", "1M", "4K"));
  }
}

/** Chooses an algorithm, mostly one that is there, which an initialised device refuses. */
export function compAlgorithm(draft: Draft): void {
  if (!draft.has("comp_algorithm")) return;
  const odd = draft.scope.anySurroundings
    ? [`${anyAlgorithm(draft)}\n`, ` ${anyAlgorithm(draft)}`, "x".repeat(130)]
    : [];
  draft.setAny("comp_algorithm", "none", anyAlgorithm(draft), ...odd);
}

function anyAlgorithm({ random, scope, profile }: Draft): string {
  const { unlistedAlgorithms: unlisted } = profile.zram;
  if (scope.anySurroundings && unlisted.length > 0 && random(4) === 0) {
    return pick(random, ...unlisted);
  }
  const { algorithms = profile.zram.compAlgorithms } = scope;
  return algorithms.length > 0
    ? pick(random, ...algorithms)
    : profile.zram.defaultAlgorithm;
}

/** Levels of every algorithm that has any, their ends, and what lies beyond. */
const LEVELS = [
  ...[-(2 ** 31), -131073, -131072, -5, -2, -1, 0, 1, 2, 3, 6],
  ...[9, 10, 16, 17, 22, 23, 99],
];

/** Windows at whose ends deflate refuses them. */
const WINDOWS = [-16, -15, -9, -8, 0, 8, 9, 15, 16];

/** Texts that tell no algorithm anything. */
const NOT_PARAMS = [
  "priority=-1 level=1",
  "dict=/nosuch",
  "priority=1 dict=/nosuch",
  "level=x",
  "level=",
  "level=4294967296",
  "algo=none level=1",
  "unknown=7",
  "unknown",
  "",
];

/** Sets parameters of an algorithm. */
export function algorithmParams(draft: Draft): void {
  const { random, scope } = draft;
  const level = `level=${pick(random, ...LEVELS)}`;
  const window = `deflate.winbits=${pick(random, ...WINDOWS)}`;
  // Only a model of its own has files beside it.
  const dict = scope.anySurroundings
    ? `dict=${pick(random, DICTIONARY, DICTIONARY, LARGE_FILE, EMPTY_FILE)}`
    : level;
  const told = pick(
    random,
    level,
    level,
    dict,
    dict,
    `${level} ${dict}`,
    window,
  );
  const value = pick(
    random,
    told,
    `algo=${anyAlgorithm(draft)} ${told}`,
    `priority=${random(5)} ${told}`,
    `algo=${anyAlgorithm(draft)} priority=${random(5)} ${told}`,
    pick(random, ...NOT_PARAMS),
  );
  draft.set("algorithm_params", value);
}

/** What an algorithm may refuse: of deflate often a window, which it alone has. */
function paramsAtEnds({ random }: Draft, algorithm: string): string {
  const level = `level=${pick(random, ...LEVELS)}`;
  const window = `deflate.winbits=${pick(random, ...WINDOWS)}`;
  const dict = `dict=${pick(random, DICTIONARY, LARGE_FILE, EMPTY_FILE)}`;
  const more = algorithm === "deflate" ? window : level;
  return pick(random, level, window, dict, more);
}

/**
 * Tells an algorithm what it may refuse when the device is set up, mostly the
 * one that refuses anything; and tries to set it up, so that what follows meets
 * what that leaves behind.
 */
function paramsToRefuse(draft: Draft, pages: number): void {
  const { random, profile: { zram } } = draft;
  if (!draft.has("algorithm_params") || !draft.scope.anySurroundings) return;
  if (zram.compAlgorithms.includes("deflate") && random(4) > 0) {
    draft.set("comp_algorithm", "deflate");
  }
  draft.set("algorithm_params", paramsAtEnds(draft, "deflate"));
  // What forgets that, or leaves it.
  const forgetting = random(4);
  if (forgetting === 0) draft.set("algorithm_params", "dict=/nosuch");
  if (forgetting === 1) {
    draft.set("reset", "1");
    draft.set("comp_algorithm", "deflate");
  }
  if (random(3) === 0) return;
  draft.set("disksize", sizeText(draft, pages));
  if (random(4) === 0) draft.add({ op: "get", attr: "comp_algorithm" });
  if (random(4) === 0) draft.set("comp_algorithm", anyAlgorithm(draft));
}

/**
 * Has an algorithm fail on every page: lz4 and lz4hc do with a dictionary that
 * they do not take whole.
 */
function failingCompressor(draft: Draft, pages: number): boolean {
  const { random, create, profile: { zram } } = draft;
  const failing = ["lz4", "lz4hc"]
    .filter((name) => zram.compAlgorithms.includes(name));
  const hasFile = create.files?.[LARGE_FILE] !== undefined;
  if (failing.length === 0 || !hasFile || random(2) > 0) return false;
  draft.set("comp_algorithm", pick(random, ...failing));
  draft.set("algorithm_params", `dict=${LARGE_FILE}`);
  draft.set("disksize", sizeText(draft, pages));
  return true;
}

/**
 * Sets a device up again and again, each time with an algorithm that is told
 * something else: who refuses what, when it is set up or of pages, is a fact of
 * the release. Now and then one loses its dictionary while it is in use.
 */
function setUpToldAtEnds(draft: Draft): void {
  const { random, profile: { pageSize }, create: { files } } = draft;
  if (files === undefined || !draft.has("algorithm_params")) return;
  if (random(2) === 0) return;
  for (let nth = random(8); nth >= 0; nth--) {
    const algorithm = anyAlgorithm(draft);
    draft.set("comp_algorithm", algorithm);
    draft.set("algorithm_params", paramsAtEnds(draft, algorithm));
    if (random(4) === 0) draft.set("comp_algorithm", anyAlgorithm(draft));
    draft.set("disksize", String(pageSize));
    const use = random(8);
    if (use === 0) draft.set("algorithm_params", "dict=/nosuch");
    if (use === 1) {
      draft.set("algorithm_params", paramsAtEnds(draft, algorithm));
    }
    if (use < 3) draft.write(0, randomPage(draft));
    draft.set("reset", "1");
    draft.forget();
  }
}

/**
 * Has an algorithm that recompresses fail on every page, as above; or tells it
 * of a dictionary that it may lose.
 */
function recompressorTold(draft: Draft): void {
  const { random, create: { files }, profile: { zram } } = draft;
  if (!draft.has("recomp_algorithm") || files === undefined) return;
  if (!zram.compAlgorithms.includes("lz4") || random(3) === 0) return;
  const dict = pick(random, LARGE_FILE, LARGE_FILE, DICTIONARY);
  draft.set("recomp_algorithm", "algo=lz4 priority=1");
  draft.set("algorithm_params", `priority=1 dict=${dict}`);
  draft.algorithms = Math.max(draft.algorithms, 2);
}

/** Tells algorithms something, which since 7.3 they may refuse when set up. */
function paramsEarly(draft: Draft, pages: number): void {
  if (!draft.has("algorithm_params") || draft.random(2) === 0) return;
  if (failingCompressor(draft, pages)) return;
  recompressorTold(draft);
  for (let nth = draft.random(3); nth >= 0; nth--) algorithmParams(draft);
  draft.set("disksize", sizeText(draft, pages));
}

/** A text for an attribute that cannot be set, or is not there. */
export function strange(draft: Draft): void {
  if (!draft.scope.anySurroundings) return;
  const { random } = draft;
  draft.set(pick(random, "initstate", "mm_stat", "nosuch", "idle"), "1");
}

/** Reads an attribute. */
export function get(draft: Draft): void {
  const { random, profile } = draft;
  const names = Object.keys(profile.zram.attributes).filter((attr) =>
    draft.has(attr) && (draft.scope.anySurroundings || isReadable(draft, attr))
  );
  const attr = draft.scope.anySurroundings && draft.random(20) === 0
    ? "nosuch"
    : pick(random, ...names);
  draft.add({ op: "get", attr });
}

function isReadable({ profile }: Draft, attr: string): boolean {
  return (profile.zram.attributes[attr] & 0o444) !== 0;
}

/** Resets the device, now and then while it is open, and sets it up again. */
export function reset(draft: Draft): void {
  const { random } = draft;
  const isOpen = draft.can("open") && random(3) === 0;
  const exclusive = random(2) === 0;
  if (isOpen) {
    draft.add({ op: "open", exclusive });
    draft.set("reset", "1");
    draft.add({ op: "close", exclusive });
  }
  const odd = draft.scope.anySurroundings ? ["70000", "no", ""] : [];
  if (random(3) === 0) draft.set("reset", pick(random, "0", ...odd));
  if (random(2) === 0) memLimit(draft);
  draft.set("reset", "1");
  draft.forget();
  start(draft);
}

/** Sets a device up: its algorithms, its backing device, its size. */
export function start(draft: Draft): void {
  const { random } = draft;
  setUpToldAtEnds(draft);
  if (random(12) === 0) early(draft);
  if (draft.has("comp_algorithm") && random(4) !== 0) {
    draft.set("comp_algorithm", anyAlgorithm(draft));
  }
  if (draft.has("recomp_algorithm")) recompAlgorithms(draft);
  backingDev(draft);
  if (random(2) === 0) batchSize(draft);
  if (random(4) > 0) compressedWriteback(draft);
  if (random(12) === 0) memLimit(draft);
  if (random(8) === 0) resetEarly(draft);
  const pages = diskPages(draft);
  if (random(12) === 0) paramsToRefuse(draft, pages);
  // What is told to codecs that state lengths changes none.
  const isTold = !draft.scope.anySurroundings ||
    draft.create.codecs === "kernel";
  if (isTold) paramsEarly(draft, pages);
  draft.set("disksize", sizeText(draft, pages));
  draft.diskPages = pages;
}

/** Resets a device without a disk, which may not undo all that was set. */
function resetEarly(draft: Draft): void {
  draft.set("reset", "1");
  for (const attr of ["backing_dev", "comp_algorithm", "io_stat"]) {
    if (draft.has(attr)) draft.add({ op: "get", attr });
  }
  if (draft.random(2) === 0) backingDev(draft);
}

/** What is asked of a device without a disk. */
function early(draft: Draft): void {
  const { random } = draft;
  if (draft.scope.anySurroundings && draft.can("bio")) {
    draft.add({ op: "bio", request: "read", sector: 0, bytes: 4096 });
  }
  draft.add({ op: "read", page: 0 });
  draft.set("disksize", "0");
  compact(draft);
  get(draft);
  if (random(2) === 0) compAlgorithm(draft);
  if (draft.has("idle")) draft.set("idle", "all");
  if (draft.has("writeback")) draft.set("writeback", "huge");
  if (draft.has("recompress")) draft.set("recompress", "type=huge");
}

/** Gives algorithms priorities, sometimes with a gap between them. */
function recompAlgorithms(draft: Draft): void {
  const { random } = draft;
  for (let priority = 1; priority <= 3; priority++) {
    if (random(3) === 0) continue;
    const algo = anyAlgorithm(draft);
    draft.set("recomp_algorithm", `algo=${algo} priority=${priority}`);
    draft.algorithms++;
  }
  if (random(8) > 0) return;
  const wrong = ["algo=none", "priority=1", "algo=lzo priority=4", "algo="];
  draft.set("recomp_algorithm", pick(random, ...wrong));
}

/** Sets the backing device, mostly; or tries to. */
function backingDev(draft: Draft): void {
  const { random } = draft;
  if (!draft.has("backing_dev") || random(8) === 0) return;
  const path = random(6) === 0 ? `${BACKING_PATH}\n` : BACKING_PATH;
  if (random(6) === 0) draft.set("backing_dev", "/dev/nosuch");
  draft.set("backing_dev", path);
  if (random(6) === 0) draft.set("backing_dev", path);
}

/** Pages of a disk: one to thousands, most of them few. */
function diskPages({ random, scope }: Draft): number {
  if (!scope.anySurroundings) return 24 + random(8);
  const scale = random(16);
  if (scale < 2) return 1 + random(3);
  if (scale < 11) return 4 + random(28);
  return scale < 15 ? 32 + random(200) : 200 + random(3000);
}

/** A size in bytes or with a suffix, of so many pages, the last one in part. */
function sizeText({ random, profile: { pageSize } }: Draft, pages: number) {
  const bytes = pages * pageSize;
  const kib = bytes / 1024;
  return pick(
    random,
    String(bytes),
    String(bytes - 512),
    String(bytes - pageSize + 1),
    `${kib}K`,
    `${kib}k`,
    kib % 1024 === 0 ? `${kib / 1024}M` : `${kib - 1}K`,
  );
}
