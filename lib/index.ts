/// <reference types="node" preserve="true" />
/**
 * Run child processes in memory cgroups and Linux namespaces of their own.
 *
 * Stable: see docs/reference/stability.md.
 *
 * @module memcage
 */
export type { Stage, StallSign } from '../types/native';
export type * from '../types/options';
export type * from '../types/outcome';
export type * from '../types/parent';
export type {
  AnyChild,
  AnyProcess,
  Cage,
  Caged,
  CagedChild,
  CagedExecFileOptions,
  CagedExecOptions,
  CagedForkOptions,
  CagedProcess,
  CagedRunOptions,
  CagedSpawnOptions,
  CageOptions,
  CagingOption,
  ContainOptions,
  ExecFileOptions,
  ExecOptions,
  ForkOptions,
  MemberOptions,
  RunOptions,
  RunResult,
  SharedCage,
  SpawnOptions,
  Uncaged,
} from './cage/contract/cage';
export type { CageEvents, CageThresholdEvent, CpuTimeEvent, OomEvent, StallEvent } from './cage/contract/cage-events';
export type { TextEncoding } from './cage/contract/child-output';
export type { CageLimitOptions, ChildSettingsOptions, LimitChanges } from './cage/contract/limit-options';
export type { Cgroup } from './cgroup/handle/cgroup';
export {
  type AbortError,
  type ErrorCode,
  ExitError,
  LimitError,
  MemcageError,
  MemoryLimitError,
  RunError,
  TimeoutError,
} from './common/errors/errors';
export { formatSize, parseSize } from './common/text/size';
export type {
  Budget,
  BudgetEvents,
  BudgetOptions,
  BudgetStats,
  ContainJobsOptions,
  Job,
  JobEndedEvent,
  JobEvent,
  JobOptions,
  JobStartedEvent,
  LearnedJob,
  ReserveOptions,
  Room,
  SizedJob,
} from './jobs/budget/budget';
export { createBudget } from './jobs/budget/create-budget';
export type { LearnOptions } from './jobs/budget/learning/learner';
export { type CagedWarmPoolOptions, createWarmPool } from './jobs/warm-pool/create-warm-pool';
export type {
  WarmPool,
  WarmPoolAskOptions,
  WarmPoolEvents,
  WarmPoolOptions,
  WarmPoolSettings,
  WarmPoolStats,
  WarmPoolTakeOptions,
} from './jobs/warm-pool/warm-pool';
export {
  type CreateCageOptions,
  createCage,
  type SharedCageSettings,
} from './start/api/create-cage';
export {
  type CagedLauncher,
  type CagedLauncherOptions,
  createLauncher,
  type Launcher,
  type LauncherOptions,
  type LauncherReport,
} from './start/api/create-launcher';
export { exec, execFile } from './start/api/exec';
export { fork } from './start/api/fork';
export { type PrepareOptions, prepare } from './start/api/prepare';
export { spawn } from './start/api/spawn';
export { whyUnsupported } from './start/api/supported';
export { type EndedChild, failureOf } from './start/run/failure-of';
export { run } from './start/run/run';
export { type ExecFileSyncOptions, type ExecSyncOptions, execFileSync, execSync } from './start/sync/exec-file-sync';
export { type CagedSpawnSyncOptions, type SpawnSyncOptions, spawnSync } from './start/sync/spawn-sync';
export type { SpawnSyncReturns } from './start/sync/sync-result';
