/** Every code of an error that memcage makes. Codes are stable, messages are not. */
export const ErrorCode = {
  /** An option, or another argument, has the wrong type or value. */
  INVALID_ARGUMENT: 'ERR_MEMCAGE_INVALID_ARGUMENT',
  /** An option has a name that neither memcage nor Node's function knows. */
  UNKNOWN_OPTION: 'ERR_MEMCAGE_UNKNOWN_OPTION',
  /** Not a size; see `Size`. */
  INVALID_SIZE: 'ERR_MEMCAGE_INVALID_SIZE',
  /** Less than a page, or too little for a program to be loaded. */
  LIMIT_TOO_SMALL: 'ERR_MEMCAGE_LIMIT_TOO_SMALL',
  /** The kernel refused a limit because more than that is in use and can't be reclaimed (EBUSY). */
  LIMIT_REFUSED: 'ERR_MEMCAGE_LIMIT_REFUSED',
  /** The kernel refused a value that is not a limit's. */
  VALUE_REFUSED: 'ERR_MEMCAGE_VALUE_REFUSED',
  /** The file can't be written, or nothing of what is written stays. */
  READ_ONLY: 'ERR_MEMCAGE_READ_ONLY',
  /** The file can't be read. */
  WRITE_ONLY: 'ERR_MEMCAGE_WRITE_ONLY',
  /** The platform, the kernel or its configuration lacks what is needed. */
  UNSUPPORTED: 'ERR_MEMCAGE_UNSUPPORTED',
  /** Node's internals, or what another package has done to them, don't let memcage put the child in its cage. */
  UNSUPPORTED_NODE: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
  /** This cgroup version has no such file; the other one has. */
  NOT_IN_VERSION: 'ERR_MEMCAGE_NOT_IN_VERSION',
  /** The kernel does not account swap per cgroup (swapaccount=0, CONFIG_SWAP). */
  NO_SWAP_ACCOUNTING: 'ERR_MEMCAGE_NO_SWAP_ACCOUNTING',
  /** No cgroup is there below which a cage may be created. */
  NO_PARENT: 'ERR_MEMCAGE_NO_PARENT',
  /** The kernel wants more rights on a cgroup (EACCES, EPERM), or its file system is read-only (EROFS). */
  NO_PERMISSION: 'ERR_MEMCAGE_NO_PERMISSION',
  /** The cgroup was removed under a live handle. */
  CGROUP_GONE: 'ERR_MEMCAGE_CGROUP_GONE',
  /** The cgroup is outside of this process's cgroup namespace, or of what is mounted here. */
  NOT_VISIBLE: 'ERR_MEMCAGE_NOT_VISIBLE',
  /** More than one cgroup has the name or the id that was asked for. */
  AMBIGUOUS: 'ERR_MEMCAGE_AMBIGUOUS',
  /** There is a cgroup of that name already. */
  CGROUP_EXISTS: 'ERR_MEMCAGE_CGROUP_EXISTS',
  /** Starting a child in a frozen cgroup would freeze the caller with it. */
  FROZEN: 'ERR_MEMCAGE_FROZEN',
  /** Processes are left in a cgroup, or do not stop, within the time that memcage waits for them. */
  BUSY: 'ERR_MEMCAGE_BUSY',
  /** The process that ends the cages when this one is killed could not be started. */
  GUARDIAN: 'ERR_MEMCAGE_GUARDIAN',
  /** The kernel refused a namespace, or something in it. */
  NAMESPACE: 'ERR_MEMCAGE_NAMESPACE',
  /** No more namespaces of a kind, or no user namespaces within each other. */
  NAMESPACE_LIMIT: 'ERR_MEMCAGE_NAMESPACE_LIMIT',
  /** The system does not let this user, or this process, have a user namespace. */
  USER_NAMESPACE: 'ERR_MEMCAGE_USER_NAMESPACE',
  /** newuidmap or newgidmap is not installed. */
  NO_NEWUIDMAP: 'ERR_MEMCAGE_NO_NEWUIDMAP',
  /** /etc/subuid or /etc/subgid has no range for the caller. */
  NO_SUBORDINATE_IDS: 'ERR_MEMCAGE_NO_SUBORDINATE_IDS',
  /** newuidmap or newgidmap did not map the ids. */
  ID_MAP_REFUSED: 'ERR_MEMCAGE_ID_MAP_REFUSED',
  /** The child could not be started. */
  SPAWN: 'ERR_MEMCAGE_SPAWN',
  /** Called within `contain()` of another copy of memcage. */
  SEVERAL_COPIES: 'ERR_MEMCAGE_SEVERAL_COPIES',
  /** The child was killed for memory. */
  MEMORY_LIMIT: 'ERR_MEMCAGE_MEMORY_LIMIT',
  /** The child ended with a non-zero code or by a signal. */
  EXIT: 'ERR_MEMCAGE_EXIT',
  /** The child was killed because its `timeout` was over. */
  TIMEOUT: 'ERR_MEMCAGE_TIMEOUT',
  /** The child wrote more than `maxBuffer`. */
  MAX_BUFFER: 'ERR_MEMCAGE_MAX_BUFFER',
  /** The cage or the handle is closed. */
  CLOSED: 'ERR_MEMCAGE_CLOSED',
  /** The system call would break Node's other threads. */
  UNSAFE_THREAD: 'ERR_MEMCAGE_UNSAFE_THREAD',
  /** A package is not installed that is needed by what was imported. */
  NO_PACKAGE: 'ERR_MEMCAGE_NO_PACKAGE',
  /** A kernel file holds something that memcage can't read. */
  KERNEL_FORMAT: 'ERR_MEMCAGE_KERNEL_FORMAT',
} as const;

/** See the constant of the same name. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
