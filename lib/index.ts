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
  SharedCage,
  SpawnedProcess,
  SpawnOptions,
  Uncaged,
} from './cage/contract/cage';
export type { CageEvents, CageThresholdEvent, CpuTimeEvent, OomEvent, StallEvent } from './cage/contract/cage-events';
export type { CageLimitOptions, ChildSettingsOptions } from './cage/contract/limit-options';
export { openCages } from './cage/open-cages';
export { type CollectedCage, type CollectGarbageOptions, collectGarbage } from './cage/root/collect-garbage';
export { type CageName, cageOf, findCage } from './cage/root/find-cage';
export { type CageOwner, type ListedCage, listCages } from './cage/root/list-cages';
export {
  CGROUP_EVENT_NAMES,
  type CgroupEvent,
  type CgroupEventName,
  type CgroupEvents,
  type LimitEvent,
  type PressureEvent,
  type ThresholdEvent,
  type TriggerHandle,
} from './cgroup/events/cgroup-events';
export type { PressureLevel, PressureStall, Trigger, UsageThreshold } from './cgroup/events/trigger-options';
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
} from './cgroup/files/interface-files';
export { Cgroup, type CreateCgroupOptions } from './cgroup/handle/cgroup';
export type { PeakTracker } from './cgroup/handle/peak-tracker';
export { type Reading, type ReadManyOptions, readMany } from './cgroup/handle/read-many';
export type { EffectiveLimits, MemoryEvents, Usage } from './cgroup/handle/readings';
export type { ReclaimOptions } from './cgroup/handle/reclaim';
export type { Limits } from './cgroup/limits/limit-files';
export { type CgroupContainer, containerOf } from './cgroup/names/cgroup-name';
export { describeCandidate } from './cgroup/placement/candidates';
export type { CgroupProcess, ProcessesOptions } from './cgroup/processes/processes';
export type { EventCounts, SampleField, SampleFields } from './cgroup/watching/sample-fields';
export type { Sample, WatchOptions } from './cgroup/watching/watch';
export {
  AbortError,
  ErrorCode,
  ExitError,
  LimitError,
  MemcageError,
  MemoryLimitError,
  StallError,
  TimeoutError,
} from './common/errors/errors';
export { limitsFromOci, type OciOptions } from './common/oci/limits-from-oci';
export type { OciLimits } from './common/oci/translation';
export { likelyMeant } from './common/options/likely-meant';
export { printable } from './common/text/names';
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
export { createWarmPool } from './jobs/warm-pool/create-warm-pool';
export type {
  WarmPool,
  WarmPoolAskOptions as AskOptions,
  WarmPoolEvents,
  WarmPoolOptions,
  WarmPoolSettings,
  WarmPoolStats,
  WarmPoolTakeOptions as TakeOptions,
} from './jobs/warm-pool/warm-pool';
export { type BecomeInitOptions, becomeInit } from './start/api/become-init';
export { dropIn } from './start/api/child-process-functions';
export {
  type AnyCageLimit,
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
export { isSupported, type SupportedOptions, whyUnsupported } from './start/api/supported';
export { type DiagnoseOptions, diagnose } from './start/doctor/diagnose';
export { checkCageOptions } from './start/request/cage-options';
export { explainOom, type KilledChild, type OomExplanation } from './start/run/explain-oom';
export { type EndedChild, failureOf } from './start/run/failure-of';
export { run } from './start/run/run';
export {
  type ExecFileSyncOptions,
  type ExecSyncOptions,
  execFileSync,
  execSync,
} from './start/sync/exec-file-sync';
export { type SpawnSyncOptions, spawnSync } from './start/sync/spawn-sync';
export type { SpawnSyncReturns, SyncOutcome } from './start/sync/sync-result';
