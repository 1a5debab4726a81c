/**
 * The error numbers that the modelled interfaces report, by their symbolic
 * names. An outcome that the kernel reports to its caller is such a value,
 * never an exception.
 *
 * Source: `include/uapi/asm-generic/errno-base.h`.
 */
export type Errno =
  | "EACCES"
  | "EBUSY"
  | "EINVAL"
  | "EIO"
  | "ENODEV"
  | "ENOENT"
  | "ENOMEM"
  | "ENOSPC"
  | "ERANGE";
