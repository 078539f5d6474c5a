/**
 * The codes of all errors that memcage makes. Only their type is public: users compare with the text.
 *
 * @hidden
 */
export const ErrorCode = {
  /** An option or another argument has the wrong type or value. */
  INVALID_ARGUMENT: 'ERR_MEMCAGE_INVALID_ARGUMENT',
  /** An option has a name that neither memcage nor Node's function knows. */
  UNKNOWN_OPTION: 'ERR_MEMCAGE_UNKNOWN_OPTION',
  /** The value is not a size; see `Size`. */
  INVALID_SIZE: 'ERR_MEMCAGE_INVALID_SIZE',
  /** The limit is less than a page, or too small to load a program. */
  LIMIT_TOO_SMALL: 'ERR_MEMCAGE_LIMIT_TOO_SMALL',
  /** The kernel refused a limit: the cgroup uses more than that, and the kernel can't reclaim it (EBUSY). */
  LIMIT_REFUSED: 'ERR_MEMCAGE_LIMIT_REFUSED',
  /** The kernel refused a value that is not a limit. */
  VALUE_REFUSED: 'ERR_MEMCAGE_VALUE_REFUSED',
  /** The file can't be written, or keeps nothing that is written. */
  READ_ONLY: 'ERR_MEMCAGE_READ_ONLY',
  /** The file can't be read. */
  WRITE_ONLY: 'ERR_MEMCAGE_WRITE_ONLY',
  /** The platform, the kernel or its configuration lacks something that memcage needs. */
  UNSUPPORTED: 'ERR_MEMCAGE_UNSUPPORTED',
  /** Node's internals, or another package's changes to them, don't let memcage put the child in its cage. */
  UNSUPPORTED_NODE: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
  /** This cgroup version has no such file, but the other version has. */
  NOT_IN_VERSION: 'ERR_MEMCAGE_NOT_IN_VERSION',
  /** The kernel does not account swap per cgroup (swapaccount=0, CONFIG_SWAP). */
  NO_SWAP_ACCOUNTING: 'ERR_MEMCAGE_NO_SWAP_ACCOUNTING',
  /** There is no cgroup below which memcage may create a cage. */
  NO_PARENT: 'ERR_MEMCAGE_NO_PARENT',
  /**
   * A controller that a limit needs (pids, cpu, cpuset) is not mounted, not writable or not delegated here; or it was disabled, that
   * of memory too, and the limit is gone.
   */
  NO_CONTROLLER: 'ERR_MEMCAGE_NO_CONTROLLER',
  /** The kernel demands more rights on a cgroup (EACCES, EPERM), or its file system is read-only (EROFS). */
  NO_PERMISSION: 'ERR_MEMCAGE_NO_PERMISSION',
  /** There is no such cgroup or process, or not any more. */
  NO_CGROUP: 'ERR_MEMCAGE_NO_CGROUP',
  /** The cgroup is outside of this process's cgroup namespace, or of what is mounted here. */
  NOT_VISIBLE: 'ERR_MEMCAGE_NOT_VISIBLE',
  /** More than one cgroup has the name or the id that you asked for. */
  AMBIGUOUS: 'ERR_MEMCAGE_AMBIGUOUS',
  /** A cgroup of that name exists already. */
  CGROUP_EXISTS: 'ERR_MEMCAGE_CGROUP_EXISTS',
  /** A limit on cgroups themselves is reached: `cgroup.max.descendants` or `cgroup.max.depth` (v2). */
  CGROUP_LIMIT: 'ERR_MEMCAGE_CGROUP_LIMIT',
  /** The cgroup is frozen: starting a child in it would freeze the caller too. */
  FROZEN: 'ERR_MEMCAGE_FROZEN',
  /**
   * Processes are still in a cgroup, or have not stopped, after the time that memcage waits for them. Or a budget has no room
   * for a child that can't wait.
   */
  BUSY: 'ERR_MEMCAGE_BUSY',
  /** The guardian, which ends the cages when this process is killed, could not be started. */
  GUARDIAN: 'ERR_MEMCAGE_GUARDIAN',
  /** The kernel refused a namespace, or something in it. */
  NAMESPACE: 'ERR_MEMCAGE_NAMESPACE',
  /** The system allows no more namespaces of a kind, or no nested user namespaces. */
  NAMESPACE_LIMIT: 'ERR_MEMCAGE_NAMESPACE_LIMIT',
  /** The system does not allow this user or this process a user namespace. */
  USER_NAMESPACE: 'ERR_MEMCAGE_USER_NAMESPACE',
  /** newuidmap or newgidmap is not installed. */
  NO_NEWUIDMAP: 'ERR_MEMCAGE_NO_NEWUIDMAP',
  /** /etc/subuid or /etc/subgid has no range for the caller. */
  NO_SUBORDINATE_IDS: 'ERR_MEMCAGE_NO_SUBORDINATE_IDS',
  /** newuidmap or newgidmap did not map the ids. */
  ID_MAP_REFUSED: 'ERR_MEMCAGE_ID_MAP_REFUSED',
  /** A mount of the child's own root directory failed. */
  MOUNT: 'ERR_MEMCAGE_MOUNT',
  /** The kernel refused a setting of the child: a limit, a priority, a privilege. */
  SETTING: 'ERR_MEMCAGE_SETTING',
  /** The child could not be started. */
  SPAWN: 'ERR_MEMCAGE_SPAWN',
  /** The call was made within `contain()` of another copy of memcage. */
  SEVERAL_COPIES: 'ERR_MEMCAGE_SEVERAL_COPIES',
  /** The cage has used up its processor time (`cpuTimeMs`): nothing can be started in it. */
  CPU_TIME: 'ERR_MEMCAGE_CPU_TIME',
  /** The child was ended at a limit other than that of memory. */
  LIMIT: 'ERR_MEMCAGE_LIMIT',
  /** The child was killed for memory. */
  MEMORY_LIMIT: 'ERR_MEMCAGE_MEMORY_LIMIT',
  /** The child ended with a non-zero exit code or by a signal. */
  EXIT: 'ERR_MEMCAGE_EXIT',
  /** A budget by use was short of memory, and ended the job, which it can't start again. */
  EVICTED: 'ERR_MEMCAGE_EVICTED',
  /** The child was killed because its `timeout` expired. */
  TIMEOUT: 'ERR_MEMCAGE_TIMEOUT',
  /** The child wrote more than `maxBuffer`. */
  MAX_BUFFER: 'ERR_MEMCAGE_MAX_BUFFER',
  /** The child sent on its channel what is no message, or more than is kept. */
  CHANNEL: 'ERR_MEMCAGE_CHANNEL',
  /** The cage or the handle is closed. */
  CLOSED: 'ERR_MEMCAGE_CLOSED',
  /** The call would break Node's other threads, or end them. */
  UNSAFE_THREAD: 'ERR_MEMCAGE_UNSAFE_THREAD',
  /** The module that you imported needs a package that is not installed. */
  NO_PACKAGE: 'ERR_MEMCAGE_NO_PACKAGE',
  /** The file of learned limits (`learn.file`) can't be read or replaced, or is something else. */
  LEARN_FILE: 'ERR_MEMCAGE_LEARN_FILE',
  /** A kernel file contains something that memcage can't parse. */
  KERNEL_FORMAT: 'ERR_MEMCAGE_KERNEL_FORMAT',
} as const;

/** The code of an error that memcage makes. Codes are stable, messages are not. docs/reference/errors.md has the cause and the remedy of each. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
