import type {
  CpuOption,
  MemoryChange,
  MemoryOption,
  PidsOption,
  PrivilegeOptions,
  ResourceLimits,
  StallOption,
} from '../../../types/options';

/** Limits of a cage. */
export interface CageLimitOptions {
  /** Limits of memory. */
  memory?: MemoryOption;
  /** Limit of processes and threads. */
  pids?: PidsOption;
  /** Limits of processor time. */
  cpu?: CpuOption;
  /**
   * Processor time that all processes together may use, since the cage was made: milliseconds, a positive integer. memcage
   * kills at the limit, also while your JavaScript is blocked. Needs Linux 4.15, or the v1 controller cpuacct.
   */
  cpuTimeMs?: number;
  /**
   * How long the cage may get nowhere because of memory, as a program does that reads its own pages again and again at the
   * limit without being killed. memcage holds it, also while your JavaScript is blocked. Needs PSI (Linux 4.20) or a kernel
   * that counts refaults.
   *
   * @see docs/reference/stall.md
   */
  stall?: StallOption;
}

/** Limits to change, or to have besides others. */
export interface LimitChanges extends Omit<CageLimitOptions, 'memory'> {
  /** Limits of memory. */
  memory?: MemoryChange;
}

/**
 * What a child does to itself before its program runs. With an init or the launcher, only the program has the settings.
 *
 * @see docs/reference/child-settings.md
 */
export interface ChildSettingsOptions {
  /**
   * Limits of the child's resources, setrlimit(2). Only CAP_SYS_RESOURCE in the machine's first user namespace raises a hard
   * limit; without it you get `ERR_MEMCAGE_SETTING`. Those that you leave out have the default. Default: the cage's, or else the
   * parent's.
   */
  rlimits?: ResourceLimits;
  /**
   * -1000 (never) to 1000 (first): how likely the kernel's OOM killer is to choose the child, and its descendants,
   * which inherit it. `/proc/PID/oom_score_adj`. Lowering it needs CAP_SYS_RESOURCE. Default: the cage's, or else the
   * parent's.
   *
   * @see https://docs.kernel.org/filesystems/proc.html
   */
  oomScoreAdj?: number;
  /**
   * -20 (most processor time) to 19 (least): the nice value, setpriority(2). Lowering it needs CAP_SYS_NICE, or a
   * sufficient `rlimits.nice`. Default: the cage's, or else the parent's.
   */
  nice?: number;
  /**
   * What the child gives up: new rights by exec, capabilities, system calls. In a cage it can only give up more than the
   * cage says. Default: nothing.
   *
   * @see docs/reference/privileges.md
   */
  privileges?: PrivilegeOptions;
}
