import type { MemoryReport } from '../../../types/outcome';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { memoryController } from '../../cgroup/files/controller';
import { memoryFile, parseMemoryFile } from '../../cgroup/files/roles';
import { readMemoryDetails } from '../../cgroup/handle/memory-details';
import { swapOn } from '../../cgroup/hierarchy/host';
import { readMemoryFile } from '../../cgroup/limits/limit-files';
import type { LimitContext, LimitPlan } from '../../cgroup/limits/limit-plan';
import { keptInJson } from '../../common/text/json';

type ReportedRole = 'max' | 'peak' | 'memsw' | 'swap';

interface Reported {
  plan: LimitPlan;
  context: Omit<LimitContext, 'current'>;
  repeats: CgroupDirectory | undefined;
}

/** Makes an outcome's memory report: from the cgroup's files, from texts that the watcher read, or without either. */
export class MemoryReporter {
  /** Whether to add `details` to the report. */
  hasDetails = false;
  readonly #swap: 'memsw' | 'swap';
  readonly #roles: readonly ReportedRole[];

  readonly #plan: LimitPlan;
  readonly #context: Omit<LimitContext, 'current'>;
  readonly #repeats: CgroupDirectory | undefined;

  /** @param repeats for a leaf: the cage whose limit it repeats */
  constructor(
    private readonly memory: CgroupDirectory,
    { plan, context, repeats }: Reported,
  ) {
    this.#plan = plan;
    this.#context = context;
    this.#repeats = repeats;
    this.#swap = memoryController(context.version).swapRole;
    this.#roles = context.swapAccounting ? ['max', 'peak', this.#swap] : ['max', 'peak'];
  }

  /** Names of the files that a report without details needs. */
  get files(): string[] {
    return this.#roles.map((role) => memoryFile(role, this.#context.version));
  }

  read(): MemoryReport {
    const { memory } = this;
    const { version } = this.#context;
    const report = this.#reportOf((role) => readMemoryFile(memory, version, role));
    if (this.hasDetails) report.details = readMemoryDetails(memory, version);
    return report;
  }

  /** @param texts contents of the {@link files}, as the watcher delivers them: '' for a file that this kernel lacks */
  parse(texts: readonly string[]): MemoryReport {
    return this.#reportOf((role) => {
      const text = texts[this.#roles.indexOf(role)] ?? '';
      return text === '' ? undefined : parseMemoryFile(role, this.#context.version, text);
    });
  }

  /** For a cgroup that has lost its limits: only those of the cage whose limit it repeats are left. */
  withoutLimits(): MemoryReport {
    return this.#reportOf((role) => (role === 'peak' ? undefined : Number.POSITIVE_INFINITY));
  }

  /** What is known without reading the cgroup. */
  fromPlan(): MemoryReport {
    const limitBytes = this.#cageLimit() ?? this.#plan.max;
    return keptInJson({ limitBytes, peakBytes: null, swapLimited: this.#isSwapLimited(undefined), details: null });
  }

  /** A leaf may have more than its cage: for group kills, or since v1 could not lower it. */
  #cageLimit(): number | undefined {
    const cage = this.#repeats;
    try {
      return cage && readMemoryFile(cage, this.#context.version, 'max');
    } catch {
      // The cage was removed, or no fd is free.
      return undefined;
    }
  }

  #reportOf(read: (role: ReportedRole) => number | undefined): MemoryReport {
    // The file is missing where the cgroup is gone. That does not mean that there was no limit.
    const limitBytes = Math.min(read('max') ?? this.#plan.max, this.#cageLimit() ?? Number.POSITIVE_INFINITY);
    const peakBytes = read('peak') ?? null;
    return keptInJson({ limitBytes, peakBytes, swapLimited: this.#isSwapLimited(read(this.#swap)), details: null });
  }

  /** @param limit undefined: its file is missing */
  #isSwapLimited(limit: number | undefined): boolean {
    const isLimited = limit === undefined ? this.#plan.swapLimited : limit !== Number.POSITIVE_INFINITY;
    return isLimited || !mayHaveSwap();
  }
}

/** Somebody may have turned swap on since the cage was made. */
function mayHaveSwap(): boolean {
  try {
    return swapOn();
  } catch {
    // No fd is free, for example.
    return true;
  }
}
