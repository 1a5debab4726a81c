/**
 * The error numbers that the modelled interfaces report, by their symbolic
 * names. An outcome that the kernel reports to its caller is such a value,
 * never an exception.
 *
 * Source: `include/uapi/asm-generic/errno-base.h`, `errno.h`.
 */
export type Errno =
  | "E2BIG"
  | "EACCES"
  | "EAGAIN"
  | "EBUSY"
  | "EEXIST"
  | "EINVAL"
  | "EIO"
  | "ENODEV"
  | "ENOENT"
  | "ENOMEM"
  | "ENOSPC"
  | "ENOTBLK"
  | "EOPNOTSUPP"
  | "ERANGE";
