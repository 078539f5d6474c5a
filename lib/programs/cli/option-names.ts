import type {
  CageLimitOptions,
  ChildSettingsOptions,
  CpuLimits,
  EvidenceOption,
  MemoryLimits,
  NamespaceOptions,
  PidNamespaceOptions,
  PrivilegeOptions,
  RootOptions,
  SpawnOptions,
} from '../../index';

/** An option of the library, as its errors name it. */
export type OptionName =
  | keyof LibraryOptions
  | `evidence.${keyof EvidenceOption}`
  | `memory.${keyof MemoryLimits}`
  | `cpu.${keyof CpuLimits}`
  | `namespaces.${keyof NamespaceOptions}`
  | 'namespaces.uts.hostname'
  | `namespaces.pid.${keyof PidNamespaceOptions}`
  | `root.${keyof RootOptions}`
  | `privileges.${keyof PrivilegeOptions}`
  // Of a trigger.
  | 'pressure'
  | 'threshold';

/** What options of the command line set. */
export type LibraryOptions = Omit<CageLimitOptions, 'memory'> &
  ChildSettingsOptions &
  Pick<
    SpawnOptions,
    | 'cwd'
    | 'enforce'
    | 'evidence'
    | 'gid'
    | 'keepDescendants'
    | 'killSignal'
    | 'namespaces'
    | 'nodeHeap'
    | 'parent'
    | 'root'
    | 'timeout'
    | 'uid'
    | 'untrusted'
  > & { memory?: Partial<MemoryLimits> };
