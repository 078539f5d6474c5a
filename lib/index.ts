/// <reference types="node" preserve="true" />
/**
 * Run child processes in memory cgroups and Linux namespaces of their own, and read and change the memory cgroups of
 * this machine.
 *
 * @module memcage
 */
export type * from '../types/diagnosis';
export type { StallSign } from '../types/native';
export type * from '../types/options';
export type * from '../types/outcome';
export type * from '../types/parent';
export { type BecomeInitOptions, becomeInit } from './api/become-init';
export { type AnyCageLimit, type CreateCageOptions, createCage, type SharedCageSettings } from './api/create-cage';
export { dropIn } from './api/drop-in';
export { exec, execFile } from './api/exec';
export { explainOom, type KilledChild, type OomExplanation } from './api/explain-oom';
export { type EndedChild, failureOf } from './api/failure';
export { fork } from './api/fork';
export {
  type CagedLauncher,
  type CagedLauncherOptions,
  type Launcher,
  type LauncherOptions,
  type LauncherReport,
  launcherFor,
} from './api/launcher-for';
export { openCages } from './api/open-cages';
export { type PrepareOptions, prepare } from './api/prepare';
export { run } from './api/run';
export { spawn } from './api/spawn';
export { isSupported, type SupportedOptions, whyUnsupported } from './api/supported';
export { createBudget } from './budget/create-budget';
export type { PressureLevel, PressureStall, Trigger, UsageThreshold } from './cgroup/events/trigger-options';
export {
  CGROUP_EVENT_NAMES,
  type CgroupEvent,
  type CgroupEventName,
  type CgroupEvents,
  type LimitEvent,
  type PressureEvent,
  type ThresholdEvent,
  type TriggerHandle,
} from './cgroup/events/types';
export type { CgroupVersion, FlatKeyed, NestedKeyed, OomControl, Pressure, PressureLine } from './cgroup/files/formats';
export type {
  FileFormat,
  FileNeed,
  FileWrite,
  FormatValues,
  InterfaceFile,
  RefusedWrite,
  WriteValues,
} from './cgroup/files/interface-file';
export {
  type FileInput,
  type FileValue,
  INTERFACE_FILES,
  type ReadableFile,
  type WritableFile,
} from './cgroup/files/table';
export { Cgroup, type CreateCgroupOptions } from './cgroup/handle/cgroup';
export type { EffectiveLimits } from './cgroup/handle/effective-limits';
export type { MemoryEvents } from './cgroup/handle/memory-events';
export type { PeakTracker } from './cgroup/handle/peak-tracker';
export { type Reading, type ReadManyOptions, readMany } from './cgroup/handle/read-many';
export type { ReclaimOptions } from './cgroup/handle/reclaim';
export type { Usage } from './cgroup/handle/usage';
export type { Limits } from './cgroup/limits/limit-files';
export { type CgroupContainer, containerOf } from './cgroup/names/cgroup-name';
export type { CgroupProcess, ProcessesOptions } from './cgroup/processes/processes';
export type { EventCounts, SampleField, SampleFields } from './cgroup/watching/fields';
export type { Sample, WatchOptions } from './cgroup/watching/watch';
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
  LearnOptions,
  ReserveOptions,
  Room,
  SizedJob,
} from './contract/budget';
export type {
  Cage,
  Caged,
  CageOptions,
  CagingOption,
  ContainOptions,
  ExecFileOptions,
  ExecOptions,
  ForkOptions,
  MemberOptions,
  RunOptions,
  RunResult,
  SpawnedProcess,
  SpawnOptions,
  Uncaged,
} from './contract/cage';
export type { CageEvents, CpuTimeEvent, OomEvent, StallEvent, UsageEvent } from './contract/cage-events';
export type { CageLimitOptions, ChildSettingsOptions } from './contract/limit-options';
export type {
  AskOptions,
  TakeOptions,
  WarmPool,
  WarmPoolEvents,
  WarmPoolOptions,
  WarmPoolSettings,
  WarmPoolStats,
} from './contract/warm-pool';
export { type DiagnoseOptions, diagnose } from './doctor/diagnose';
export {
  AbortError,
  ErrorCode,
  ExitError,
  LimitError,
  MemcageError,
  MemoryLimitError,
  StallError,
  TimeoutError,
} from './errors/errors';
export { type CageName, cageOf } from './inventory/cage-of';
export { type CollectedCage, type CollectGarbageOptions, collectGarbage } from './inventory/collect-garbage';
export { findCage } from './inventory/find-cage';
export { type CageOwner, type ListedCage, listCages } from './inventory/list-cages';
export { limitsFromOci, type OciOptions } from './oci/limits-from-oci';
export type { OciLimits } from './oci/translation';
export { likelyMeant } from './options/likely-meant';
export { describeCandidate } from './placement/describe';
export { checkCageOptions } from './request/check-cage-options';
export {
  type ExecFileSyncOptions,
  type ExecSyncOptions,
  execFileSync,
  execSync,
} from './sync/exec-file-sync';
export type { SpawnSyncReturns, SyncOutcome } from './sync/returns';
export { type SpawnSyncOptions, spawnSync } from './sync/spawn-sync';
export { printable } from './text/printable';
export { formatSize, parseSize } from './text/size';
export { createWarmPool } from './warm-pool/create-warm-pool';
