import type {
  CageLimitOptions,
  ChildSettingsOptions,
  MemoryLimits,
  NamespaceOptions,
  NodeHeapOption,
  RootOptions,
} from '../../../../index';

/** A command in a cage, and what is to hold for it besides the limits of memory. */
export interface CagedRequest {
  file: string;
  args: readonly string[];
  cwd: string | undefined;
  /** Beside memory. */
  limits: CageLimitOptions;
  namespaces: NamespaceOptions;
  root: RootOptions | undefined;
  nodeHeap: NodeHeapOption | undefined;
  settings: ChildSettingsOptions;
  parent: string | undefined;
}

/** What the command line asks of `memcage run`. */
export interface RunRequest extends CagedRequest {
  memory: MemoryLimits;
  keepDescendants: boolean;
  json: string | undefined;
  summary: boolean;
  chart: string | undefined;
}
