/** A second model of a zone: its free blocks in plain arrays, looked through each time. */
import { MIGRATE_CMA, type ZoneName } from "../../linux/gfp.ts";
import type { ZoneOptions } from "../../memory/zone.ts";
import type { NaiveKernel } from "./naive_kernels.ts";

/** A free block. */
export interface NaiveBlock {
  readonly pfn: number;
  readonly order: number;
  /** Whose list it is on. */
  readonly type: number;
}

/** What blocks and pageblocks there can be. */
export interface NaiveOrders {
  readonly maxOrder: number;
  readonly pageblockOrder: number;
}

const MOVABLE = 1;
const RESERVE = 3;

/** A zone: its free blocks, each list's in its order, all of them in one array. */
export class NaiveZone {
  readonly name: ZoneName;
  readonly start: number;
  readonly end: number;
  readonly min: number;
  readonly low: number;
  /** Free blocks: of a list's the first is the first in here. */
  blocks: NaiveBlock[] = [];

  /** A zone after boot. */
  constructor(
    readonly kernel: NaiveKernel,
    readonly orders: NaiveOrders,
    /** Types of pageblocks, by their numbers; movable where there is none. */
    readonly types: Map<number, number>,
    start: number,
    { name, pages, min = 0, cma = [] }: ZoneOptions,
  ) {
    this.name = name;
    this.start = start;
    this.end = start + pages;
    this.min = min;
    this.low = min + (min >> 2);
    const isCma = (pfn: number) =>
      cma.some(([from, more]) =>
        pfn - start >= from && pfn - start < from + more
      );
    this.#bootPages(isCma);
    if (kernel.reserve) this.#reserve();
    for (const [from, more] of cma) {
      const end = start + from + more;
      for (let pfn = start + from; pfn < end; pfn += this.pageblockSize) {
        types.set(this.pageblock(pfn), MIGRATE_CMA);
        this.free(pfn, orders.pageblockOrder);
      }
    }
  }

  /** Frames of a pageblock. */
  get pageblockSize(): number {
    return 2 ** this.orders.pageblockOrder;
  }

  /** The number of a frame's pageblock. */
  pageblock(pfn: number): number {
    return Math.floor(pfn / this.pageblockSize);
  }

  /** The type of a frame's pageblock. */
  typeOf(pfn: number): number {
    return this.types.get(this.pageblock(pfn)) ?? MOVABLE;
  }

  /** Sets the type of every pageblock that a block has a part of. */
  setTypes(pfn: number, order: number, type: number): void {
    for (let at = pfn; at < pfn + 2 ** order; at++) {
      this.types.set(this.pageblock(at), type);
    }
  }

  /** Free frames, of one type's lists or of all. */
  freeFrames(type?: number): number {
    return this.blocks.filter((block) =>
      type === undefined || block.type === type
    ).reduce((sum, { order }) => sum + 2 ** order, 0);
  }

  /** The first block of a list. */
  first(order: number, type: number): NaiveBlock | undefined {
    return this.blocks.find((block) =>
      block.order === order && block.type === type
    );
  }

  /** The free block of an order that starts at a frame. */
  at(pfn: number, order: number): NaiveBlock | undefined {
    return this.blocks.find((block) =>
      block.pfn === pfn && block.order === order
    );
  }

  /** Takes a block out. */
  remove(block: NaiveBlock): void {
    this.blocks.splice(this.blocks.indexOf(block), 1);
  }

  /** Puts a block in. */
  insert(block: NaiveBlock, isLast: boolean): void {
    if (isLast) this.blocks.push(block);
    else this.blocks.unshift(block);
  }

  /** Puts a block on another list. */
  move(block: NaiveBlock, type: number): void {
    this.remove(block);
    this.insert({ ...block, type }, this.kernel.newLast);
  }

  /** Takes the first frames of a block; its halves go to a type's lists. */
  take(block: NaiveBlock, order: number, type: number): number {
    this.remove(block);
    for (let half = block.order - 1; half >= order; half--) {
      this.insert({ pfn: block.pfn + 2 ** half, order: half, type }, false);
    }
    return block.pfn;
  }

  /** Frees frames that are side by side. Answers whether they met free ones. */
  free(pfn: number, order: number): boolean {
    const type = this.typeOf(pfn);
    let block: NaiveBlock = { pfn, order, type };
    for (let other = this.#buddy(block); other; other = this.#buddy(block)) {
      this.remove(other);
      if (this.kernel.sorted && other.order >= this.orders.pageblockOrder) {
        this.setTypes(other.pfn, other.order, type);
      }
      const first = Math.min(block.pfn, other.pfn);
      block = { pfn: first, order: block.order + 1, type };
    }
    this.insert(block, this.#mayGrow(block));
    return block.order > order;
  }

  /** The free block that a block is one with. */
  #buddy({ pfn, order, type }: NaiveBlock): NaiveBlock | undefined {
    const { maxOrder, pageblockOrder } = this.orders;
    if (order === maxOrder) return undefined;
    const size = 2 ** order;
    const other = this.at(
      pfn % (2 * size) === 0 ? pfn + size : pfn - size,
      order,
    );
    if (other === undefined || order < pageblockOrder) return other;
    const isApart = (one: number) => one === MIGRATE_CMA || one === RESERVE;
    const otherType = this.typeOf(other.pfn);
    const isKept = this.kernel.cmaStaysApart && type !== otherType &&
      (isApart(type) || isApart(otherType));
    return isKept ? undefined : other;
  }

  /** Whether a block's other half and the block beside both could soon be one. */
  #mayGrow({ pfn, order }: NaiveBlock): boolean {
    if (order + 1 >= this.orders.maxOrder) return false;
    const size = 2 ** (order + 1);
    const whole = Math.floor(pfn / size) * size;
    const beside = Math.floor(whole / size) % 2 === 0
      ? whole + size
      : whole - size;
    return this.at(beside, order + 1) !== undefined;
  }

  /** Frees what is not CMA's, in the largest blocks that fit. */
  #bootPages(isCma: (pfn: number) => boolean): void {
    for (let pfn = this.start; pfn < this.end;) {
      if (isCma(pfn)) {
        pfn++;
        continue;
      }
      let order = this.orders.maxOrder;
      while (!this.#fits(pfn, order, isCma)) order--;
      if (this.kernel.newLast) {
        this.insert({ pfn, order, type: MOVABLE }, true);
      } else this.free(pfn, order);
      pfn += 2 ** order;
    }
  }

  #fits(pfn: number, order: number, isCma: (pfn: number) => boolean): boolean {
    if (pfn % 2 ** order !== 0 || pfn + 2 ** order > this.end) return false;
    for (let at = pfn; at < pfn + 2 ** order; at++) if (isCma(at)) return false;
    return true;
  }

  /** One pageblock, or two, as the watermark takes them. */
  #reserve(): void {
    const size = this.pageblockSize;
    let left = Math.min(2, Math.ceil(this.min / size));
    for (let pfn = this.start; pfn < this.end; pfn++) {
      if (left === 0 || pfn % size > 0 || pfn + size > this.end) continue;
      const within = this.blocks.filter((block) =>
        block.pfn >= pfn && block.pfn < pfn + size
      );
      if (!within.some((block) => block.pfn === pfn)) continue;
      this.types.set(this.pageblock(pfn), RESERVE);
      within.sort((one, other) => one.pfn - other.pfn);
      for (const block of within) this.move(block, RESERVE);
      left--;
    }
  }
}
