/**
 * zspec: an executable specification of Linux's compressed memory.
 *
 * @example The same pages through two kernels
 * ```ts
 * import { LINUX_6_1, LINUX_6_18, Zram } from "zspec";
 *
 * for (const profile of [LINUX_6_1, LINUX_6_18]) {
 *   const zram = new Zram(profile);
 *   zram.setAlgorithm("lz4");
 *   zram.setDisksize(1 << 20);
 *   zram.write(0, new TextEncoder().encode("zram".repeat(1024)));
 *   console.log(profile.name, zram.mmStat());
 * }
 * ```
 *
 * @module
 */
export * from "./src/linux/chain.ts";
export * from "./src/linux/errno.ts";
export * from "./src/linux/fullness.ts";
export * from "./src/linux/kstrtox.ts";
export * from "./src/linux/profile.ts";
export * from "./src/spec/invariant.ts";
export * from "./src/spec/wait.ts";
export * from "./src/codec/codec.ts";
export * from "./src/codec/lz4.ts";
export { lz4Wasm } from "./src/codec/lz4_wasm.ts";
export * from "./src/codec/recorded.ts";
export * from "./src/memory/memory.ts";
export * from "./src/zsmalloc/geometry.ts";
export * from "./src/zsmalloc/obj.ts";
export * from "./src/zsmalloc/size_class.ts";
export * from "./src/zsmalloc/zspage.ts";
export * from "./src/zsmalloc/pool.ts";
export * from "./src/zsmalloc/invariants.ts";
export * from "./src/zram/slots.ts";
export * from "./src/zram/stat.ts";
export * from "./src/zram/device.ts";
export * from "./src/zram/sysfs.ts";
export * from "./src/zram/invariants.ts";
export * from "./src/explore/random.ts";
export * from "./src/oracle/page_data.ts";
export * from "./src/oracle/transcript.ts";
export * from "./src/oracle/replay.ts";
