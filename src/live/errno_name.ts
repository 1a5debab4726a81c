/**
 * Error numbers as Linux counts them, `include/uapi/asm-generic/errno-base.h`:
 * a guest's, whatever the machine around it.
 */
const NAMES =
  ("EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN " +
    "ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR " +
    "EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK " +
    "EPIPE EDOM ERANGE").split(" ");
const EOPNOTSUPP = 95;

/** An error number's symbolic name, or `E` and the number. */
export function errnoName(errno: number): string {
  if (errno === EOPNOTSUPP) return "EOPNOTSUPP";
  return NAMES[errno - 1] ?? `E${errno}`;
}
