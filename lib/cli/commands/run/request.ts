import type {
  CageLimitOptions,
  ChildSettingsOptions,
  MemoryLimits,
  NamespaceOptions,
  NodeHeapOption,
  RootOptions,
} from '../../../index';

/** What the command line asks of `memcage run`. */
export interface RunRequest {
  file: string;
  args: readonly string[];
  cwd: string | undefined;
  memory: MemoryLimits;
  /** Beside memory. */
  limits: CageLimitOptions;
  namespaces: NamespaceOptions;
  root: RootOptions | undefined;
  nodeHeap: NodeHeapOption | undefined;
  settings: ChildSettingsOptions;
  parent: string | undefined;
  keepDescendants: boolean;
  json: string | undefined;
  summary: boolean;
  chart: string | undefined;
}
