/** How kernels call zstd: what its lengths depend on beside the page. */

/**
 * The size by which parameters are chosen (`zstd_get_params`): a page's, or so
 * many bytes; 0 is a size that is not known.
 */
export type ZstdSizeHint = "page" | 0 | 262144;

/** A kernel's libzstd, and what one of its users tells it. */
export interface ZstdEncoder {
  /** The release of zstd that `lib/zstd` is. */
  readonly libzstd: string;
  /** The size that it is told. */
  readonly sizeHint: ZstdSizeHint;
}
