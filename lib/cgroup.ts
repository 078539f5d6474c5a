/// <reference types="node" preserve="true" />
/**
 * Read and change any memory cgroup of this machine, whoever made it: its use, its limits, its events, its interface files.
 *
 * Stable, but for what is marked as experimental: see docs/reference/stability.md.
 *
 * @module memcage/cgroup
 */
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
export type { CgroupProcess, ProcessesOptions } from './cgroup/processes/processes';
export type { EventCounts, SampleField, SampleFields } from './cgroup/watching/sample-fields';
export type { Sample, WatchOptions } from './cgroup/watching/watch';
