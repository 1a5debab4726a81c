/**
 * Which algorithm has which priority, and the codecs behind them. Specifies
 * `zram->comp_algs` and `zram->comps`, `zram_drv.h`, and `zcomp.c`.
 */
import { type Codec, codecWith } from "../codec/codec.ts";
import { codecsOf } from "../codec/codecs.ts";
import type { Errno } from "../linux/errno.ts";
import { withoutNewline } from "../linux/kstrtox.ts";
import {
  PARAM_NOT_SET,
  readsDict,
  type ZcompParams,
} from "../linux/zcomp_params.ts";
import { cryptoAlgorithm, type ZramProfile } from "../linux/zram_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";

/** The priority of the algorithm that writes use (ZRAM_PRIMARY_COMP). */
export const PRIMARY_COMP = 0;
/** The first priority of the algorithms that recompress (ZRAM_SECONDARY_COMP). */
export const SECONDARY_COMP = 1;
/** One more than the highest priority (ZRAM_MAX_COMPS). */
export const MAX_COMPS = 4;

/** ZRAM_MAX_ALGO_NAME_SZ, CRYPTO_MAX_ALG_NAME: characters, the last a NUL. */
const MAX_ALGO_NAME_SIZE = 128;

/** The algorithms of one device, by priority. */
export class Comps {
  readonly #profile: ZramProfile;
  readonly #codecs: ReadonlyMap<string, Codec>;
  readonly #added: readonly string[];
  readonly #names: (string | undefined)[];
  readonly #params: ZcompParams[] = [];
  #active: (Codec | undefined)[] = [];
  /** Priorities whose codec reads a dictionary with each page. */
  #withDict: readonly number[] = [];

  /** The default algorithm alone. `added` codecs can be chosen in any kernel. */
  constructor(profile: ZramProfile, added: readonly Codec[]) {
    this.#profile = profile;
    this.#added = added.map(({ name }) => name);
    this.#codecs = new Map(
      [...codecsOf(profile), ...added].map((codec) => [codec.name, codec]),
    );
    this.#names = [profile.defaultAlgorithm];
  }

  /** Algorithms that are listed, the kernel's first. */
  get available(): readonly string[] {
    const { compAlgorithms, unlistedAlgorithms } = this.#profile;
    const added = this.#added
      .filter((name) => !unlistedAlgorithms.includes(name));
    return [...new Set([...compAlgorithms, ...added])];
  }

  /**
   * The algorithms, the one of a priority in brackets: behind the others where
   * it is not listed. Throws a {@linkcode KernelBug} where a failed setup has
   * left no algorithm. Specifies `zcomp_available_show`.
   */
  show(priority: number): string {
    const chosen = this.#names[priority];
    if (chosen === undefined) {
      throw new KernelBug(
        "zcomp_available_show",
        "dereference a null pointer, as it has no algorithm's name",
      );
    }
    const { unlistedAlgorithms } = this.#profile;
    const shown = unlistedAlgorithms.includes(chosen)
      ? [...this.available, chosen]
      : this.available;
    return shown.map((name) => name === chosen ? `[${name}] ` : `${name} `)
      .join("") + "\n";
  }

  /** The algorithm of a priority, if there is one. */
  nameAt(priority: number): string | undefined {
    return this.#names[priority];
  }

  /**
   * Gives a priority's algorithm parameters. Up to 7.0 some take them while
   * they are in use; throws a {@linkcode KernelBug} where one would lose its
   * dictionary: zstd reads it after it is freed, lz4 and lz4hc read older pages
   * with another. Specifies `comp_params_store`.
   */
  setParams(priority: number, params: ZcompParams): void {
    if (this.hasDict(priority)) {
      throw new KernelBug(
        "comp_params_reset",
        `free the dictionary that pages were compressed with, though ${
          this.#names[priority]
        } still reads it, or reads them with another`,
      );
    }
    this.#params[priority] = params;
    const codec = this.#active[priority];
    this.#active[priority] = codec?.retold?.(params) ?? codec;
  }

  /** The codec of a priority, once the device is initialised. */
  codecAt(priority: number): Codec | undefined {
    return this.#active[priority];
  }

  /** Whether a priority's algorithm reads a dictionary with each page. */
  hasDict(priority: number): boolean {
    return this.#withDict.includes(priority);
  }

  /** How many algorithms an initialised device has (`num_active_comps`). */
  get activeCount(): number {
    return this.#active.filter((codec) => codec !== undefined).length;
  }

  /**
   * Whether an algorithm can be chosen: EINVAL for one that is not available,
   * E2BIG (6.18) for a name that is too long, where this kernel looks.
   * Specifies `__comp_algorithm_store`.
   */
  check(name: string): Errno | undefined {
    const { algorithmChecked, longAlgorithmName } = this.#profile;
    if (algorithmChecked === "when-initialised") return undefined;
    if (name.length >= MAX_ALGO_NAME_SIZE) return longAlgorithmName;
    return this.#refuse(withoutNewline(name));
  }

  #refuse(given: string): Errno | undefined {
    const name = this.#listed(given);
    const isThere = this.available.includes(name) ||
      this.#profile.unlistedAlgorithms.includes(name);
    return isThere ? undefined : "EINVAL";
  }

  /** The algorithm that a name stands for (`lookup_backend_ops`). */
  #listed(given: string): string {
    return this.#profile.algorithmKeepsNewline ? withoutNewline(given) : given;
  }

  /**
   * Gives an algorithm a priority, which since 7.3 has no parameters then
   * (`comp_algorithm_set`, `comp_params_reset`).
   */
  set(name: string, priority: number): void {
    this.#names[priority] = name;
    if (this.#profile.algorithmForgetsParams) this.#params[priority] = {};
  }

  /**
   * Makes every algorithm ready: EINVAL for one that is not available or
   * refuses its parameters. Throws where the kernel has it and zspec has no
   * codec for it. Specifies `zcomp_create`, and what `disksize_store` does where
   * it fails.
   */
  create(): Errno | undefined {
    const active: (Codec | undefined)[] = [];
    const withDict: number[] = [];
    for (const [priority, given] of this.#names.entries()) {
      if (given === undefined) continue;
      const name = this.#listed(given);
      const params = this.#params[priority] ?? {};
      const errno = this.#refuse(given) ??
        this.#profile.refuseParams(name, params);
      if (errno === "stops") {
        throw new KernelBug(
          "zlib_deflate_workspacesize",
          `stop at BUG_ON: zlib has no window of ${params.winbits} bits`,
        );
      }
      if (errno !== undefined) {
        this.#afterFailedSetup();
        return errno;
      }
      active[priority] = codecWith(this.#codecNamed(name), params);
      if (readsDict(name, params)) withDict.push(priority);
    }
    this.#active = active;
    this.#withDict = withDict;
  }

  #afterFailedSetup(): void {
    const { afterFailedSetup } = this.#profile;
    if (afterFailedSetup === "unchanged") return;
    this.destroy();
    if (afterFailedSetup === "none") this.#names.length = 0;
  }

  /**
   * Forgets the codecs, their parameters and, since 6.2, the algorithms
   * (`zram_destroy_comps`).
   */
  destroy(): void {
    this.#active = [];
    this.#withDict = [];
    this.#params.length = 0;
    this.#names.length = Math.min(this.#names.length, SECONDARY_COMP);
    if (this.#profile.resetRestoresAlgorithm) {
      this.#names[PRIMARY_COMP] = this.#profile.defaultAlgorithm;
    }
  }

  /** What brings the algorithms back to what they are now. */
  remember(): () => void {
    const names = [...this.#names];
    const params = [...this.#params];
    const [active, withDict] = [this.#active, this.#withDict];
    return () => {
      this.#names.splice(0, Infinity, ...names);
      this.#params.splice(0, Infinity, ...params);
      this.#active = active;
      this.#withDict = withDict;
    };
  }

  #codecNamed(name: string): Codec {
    const codec = this.#codecs.get(name) ??
      this.#codecs.get(cryptoAlgorithm(name));
    if (codec !== undefined) return codec;
    const known = this.available.filter((one) => this.#codecs.has(one));
    throw new Error(
      `Cannot initialise zram: there is no codec for '${name}', only for ${
        known.join(", ")
      }`,
    );
  }
}

/** A parameter's number, where it is one. */
export function paramOf(number: number | undefined): number | undefined {
  return number === PARAM_NOT_SET ? undefined : number;
}
