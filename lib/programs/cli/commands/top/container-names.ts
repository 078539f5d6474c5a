import type { Cgroup, CgroupContainer } from '../../../../index';

type Named = Pick<Cgroup, 'path' | 'containerName'>;

/** When to ask again for an unknown name: a container that is just starting has one a moment later. */
const RETRY_MS = 10_000;

interface Known {
  name: string | undefined;
  atMs: number;
}

/** Caches the names of containers from sample to sample. To look one up, memcage reads some files of /proc. */
export class ContainerNames {
  #known = new Map<string, Known>();
  #seen = new Map<string, Known>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The engine and the name; the short id if the name is unknown. */
  of(cgroup: Named, { kind, shortId }: Pick<CgroupContainer, 'kind' | 'shortId'>): string {
    const { path } = cgroup;
    let known = this.#seen.get(path) ?? this.#known.get(path);
    if (known === undefined || (known.name === undefined && this.now() - known.atMs >= RETRY_MS)) {
      known = { name: cgroup.containerName(), atMs: this.now() };
    }
    this.#seen.set(path, known);
    return `${kind}:${known.name ?? shortId}`;
  }

  /** Ends a sample. Forgets containers that were not in it. */
  endSample(): void {
    this.#known = this.#seen;
    this.#seen = new Map();
  }
}
