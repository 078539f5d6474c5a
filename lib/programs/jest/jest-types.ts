// What memcage uses of Jest's own types. Written here, since with pnpm a user's project can't see the packages that have them.

/**
 * A test file, as Jest hands it to a runner.
 *
 * @experimental
 */
export interface JestTest {
  /** The file. */
  path: string;
  /** Of its project. */
  context: JestTestContext;
}

/**
 * The project of a test file.
 *
 * @experimental
 */
export interface JestTestContext {
  /** Its configuration. */
  config: JestProjectConfig;
  /** Where its modules are, for a worker. */
  moduleMap: JestModuleMap;
}

/**
 * What memcage reads of a project's configuration.
 *
 * @experimental
 */
export interface JestProjectConfig {
  /** Which project it is, for a worker. */
  id: string;
  /** Its root. */
  rootDir: string;
  /** What people call it. */
  displayName?: JestDisplayName;
}

/**
 * A name of a project.
 *
 * @experimental
 */
export interface JestDisplayName {
  /** The name. */
  name: string;
}

/**
 * A map of modules, which a worker gets as data.
 *
 * @experimental
 */
export interface JestModuleMap {
  /** The data. */
  toJSON: () => unknown;
}

/**
 * Tells a runner when it has to stop.
 *
 * @experimental
 */
export interface JestWatcher {
  /** Whether it has to stop now. */
  isInterrupted: () => boolean;
  /** Calls back as that changes. */
  on: (event: 'change', listener: (state: { interrupted: boolean }) => void) => unknown;
}

/**
 * What memcage reads of Jest's configuration.
 *
 * @experimental
 */
export interface JestGlobalConfig {
  /** `--detectOpenHandles`, which is refused. */
  detectOpenHandles: boolean;
  /** How many workers there may be at a time. */
  maxWorkers: number;
  /** The root of the project, or of all. */
  rootDir: string;
  /** How long a worker may take to end by itself, in milliseconds. Default: 500. */
  workerGracefulExitTimeout?: number;
  /** How much of its heap a worker may use after a file, in bytes, or as a share of the machine's memory up to 1. Default: no limit. */
  workerIdleMemoryLimit?: number | null;
  /** Threads, which are refused. */
  workerThreads?: boolean;
}

/**
 * What Jest hands to a runner beside its configuration.
 *
 * @experimental
 */
export interface JestContext {
  /** With `--onlyChanged` and the like. */
  changedFiles?: Set<string>;
  /** With `--findRelatedTests` and the like. */
  sourcesRelatedToTestsInChangedFiles?: Set<string>;
}

/** The names of a test within its file. */
export interface TestNames {
  ancestorTitles: string[];
  fullName: string;
  title: string;
}

/** The result of a test. */
export interface CaseResult extends TestNames {
  status: string;
  duration?: number | null;
  failureDetails: unknown[];
  failureMessages: string[];
  invocations?: number;
  location?: unknown;
  numPassingAsserts: number;
  retryReasons?: string[];
}
