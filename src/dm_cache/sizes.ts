/** Sizes of pages and blocks. */
import { SECTOR_SIZE } from "../zram/bio_request.ts";

/** Bytes of a page, and of a block of the metadata. */
export const PAGE_SIZE = 4096;
/** Sectors of a page. */
export const PAGE_SECTORS: number = PAGE_SIZE / SECTOR_SIZE;
/** DATA_DEV_BLOCK_SIZE_MIN_SECTORS: 32 KiB, of which a block is a multiple. */
export const MIN_BLOCK_SECTORS: number = 32 * 1024 / SECTOR_SIZE;
/** DATA_DEV_BLOCK_SIZE_MAX_SECTORS: 1 GiB. */
export const MAX_BLOCK_SECTORS: number = 2 ** 30 / SECTOR_SIZE;
/** DEFAULT_MIGRATION_THRESHOLD in sectors. */
export const DEFAULT_MIGRATION_THRESHOLD = 2048;
