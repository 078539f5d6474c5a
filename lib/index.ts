/**
 * Child processes in a memory cgroup and Linux namespaces of their own, and the memory cgroups of this machine.
 *
 * @module memcage
 */
export type * from '../types/diagnosis';
export type * from '../types/options';
export type * from '../types/outcome';
export type * from '../types/parent';
export type { Cage, CageEvents } from './cage/cage';
export type { OomEvent } from './cage/oom-reporter';
export { openCages } from './cage/open-cages';
export type { SharedCage } from './cage/shared-cage';
export { Cgroup, type CreateCgroupOptions } from './cgroup/cgroup';
export type { EffectiveLimits } from './cgroup/effective-limits';
export type { PressureLevel, PressureStall, Trigger, UsageThreshold } from './cgroup/events/trigger-options';
export type {
  CgroupEvent,
  CgroupEvents,
  LimitEvent,
  PressureEvent,
  ThresholdEvent,
  TriggerHandle,
} from './cgroup/events/types';
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
export type { CgroupVersion, FlatKeyed, NestedKeyed, OomControl, Pressure, PressureLine } from './cgroup/formats';
export type { Limits } from './cgroup/limit-files';
export type { MemoryEvents } from './cgroup/memory-events';
export type { PeakTracker } from './cgroup/peak-tracker';
export type { CgroupProcess, ProcessesOptions } from './cgroup/processes';
export type { ReclaimOptions } from './cgroup/reclaim';
export type { Usage } from './cgroup/usage';
export type { EventCounts, SampleField, SampleFields } from './cgroup/watching/fields';
export { type Reading, type ReadManyOptions, readMany } from './cgroup/watching/read-many';
export type { Sample, WatchOptions } from './cgroup/watching/watch';
export { type CreateCageOptions, createCage } from './create-cage';
export { type DiagnoseOptions, diagnose } from './doctor/diagnose';
export { dropIn } from './drop-in';
export { AbortError, ErrorCode, ExitError, MemcageError, MemoryLimitError, TimeoutError } from './errors';
export { type ExecFileOptions, type ExecOptions, exec, execFile } from './exec';
export { type ForkOptions, fork } from './fork';
export { type Launcher, type LauncherOptions, type LauncherReport, launcherFor } from './launcher-for';
export type { MemberOptions, MultiCage } from './multi-cage';
export type { CageOptions, SpawnOptions } from './options';
export { type PrepareOptions, prepare } from './prepare';
export { type RunOptions, type RunResult, run } from './run';
export { type SpawnedProcess, spawn } from './spawn';
export type { Caged, Uncaged } from './start';
export {
  type ExecFileSyncOptions,
  type ExecSyncOptions,
  execFileSync,
  execSync,
} from './sync/exec-file-sync';
export type { SpawnSyncReturns, SyncOutcome } from './sync/returns';
export { type SpawnSyncOptions, spawnSync } from './sync/spawn-sync';
