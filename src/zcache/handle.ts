/**
 * How a tmem handle stands in front of a zpage's data: `struct tmem_handle`,
 * `tmem.h`, little-endian.
 *
 * ```text
 * byte 0                24     28       30         (32 bytes)
 *      oid[0..2]        index  pool_id  client_id
 * ```
 */
import type { Memory } from "../memory/memory.ts";
import type { TmemHandle } from "./tmem.ts";

/** LOCAL_CLIENT, `zcache.h`: the kernel itself, the one client here. */
const LOCAL_CLIENT = 0xffff;

const INDEX = 24;
const POOL_ID = 28;
const CLIENT_ID = 30;

/** Writes a handle at a physical address. */
export function writeHandle(
  { bytes }: Memory,
  at: number,
  { poolId, oid, index }: TmemHandle,
): void {
  const view = new DataView(bytes.buffer, at);
  oid.forEach((part, nth) => view.setBigUint64(8 * nth, BigInt(part), true));
  view.setUint32(INDEX, index, true);
  view.setUint16(POOL_ID, poolId, true);
  view.setUint16(CLIENT_ID, LOCAL_CLIENT, true);
}

/** Reads a handle at a physical address. */
export function readHandle({ bytes }: Memory, at: number): TmemHandle {
  const view = new DataView(bytes.buffer, at);
  const part = (nth: number) => Number(view.getBigUint64(8 * nth, true));
  return {
    poolId: view.getUint16(POOL_ID, true),
    oid: [part(0), part(1), part(2)],
    index: view.getUint32(INDEX, true),
  };
}
