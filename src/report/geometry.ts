/** What a kernel's size classes come to. */
import type { Profile } from "../linux/profile.ts";
import {
  type ClassGeometry,
  objectsCrossingPages,
  zsGeometry,
  zspageWaste,
} from "../zsmalloc/geometry.ts";

/** A size class and what its zspages leave. */
export interface ClassRow extends ClassGeometry {
  /** Bytes at a zspage's end that no object has. */
  readonly waste: number;
  /** Objects of a zspage that lie in two frames. */
  readonly crossing: number;
}

/** A kernel's size classes, and the means over objects of each size. */
export interface GeometryReport {
  /** The profile's name. */
  readonly name: string;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`. */
  readonly wordBits: number;
  /** The most pages of a zspage. */
  readonly chainSize: number;
  /** Sizes of chunks before classes are merged. */
  readonly sizeClasses: number;
  /** Bytes from which on an object gets a page of its own. */
  readonly hugeClassSize: number;
  /** Bytes of an object's chunk beyond its own. */
  readonly chunkWaste: number;
  /** An object's share, in bytes, of its zspage's waste. */
  readonly endWaste: number;
  /** The share of objects that lie in two frames. */
  readonly crossing: number;
  /** The classes, from the smallest to the largest. */
  readonly classes: readonly ClassRow[];
}

/**
 * The size classes of a profile. The means are over one object of each size
 * from 1 byte to a page.
 */
export function geometryReport(profile: Profile): GeometryReport {
  const geometry = zsGeometry(profile);
  const { pageSize, handleSize, hugeClassSize, sizeClasses } = geometry;
  const classes = geometry.classes.map((one): ClassRow => ({
    ...one,
    waste: zspageWaste(one, pageSize),
    crossing: objectsCrossingPages(one, pageSize),
  }));
  const sum = { chunkWaste: 0, endWaste: 0, crossing: 0 };
  let served = 0;
  for (const { size, objectsPerZspage, waste, crossing } of classes) {
    const largest = size === pageSize ? pageSize : size - handleSize;
    const sizes = largest - served;
    sum.chunkWaste += sizes * (size - (served + 1 + largest) / 2);
    sum.endWaste += sizes * waste / objectsPerZspage;
    sum.crossing += sizes * crossing / objectsPerZspage;
    served = largest;
  }
  return {
    name: profile.name,
    pageSize,
    wordBits: profile.wordBits,
    chainSize: profile.chainSize,
    sizeClasses,
    hugeClassSize,
    chunkWaste: sum.chunkWaste / pageSize,
    endWaste: sum.endWaste / pageSize,
    crossing: sum.crossing / pageSize,
    classes,
  };
}
