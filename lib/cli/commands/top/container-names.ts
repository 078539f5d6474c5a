import type { Cgroup, CgroupContainer } from '../../../index';

/** What the name is asked of. */
type Named = Pick<Cgroup, 'path' | 'containerName'>;

/** How long a name is taken to be unknown: of a container that is just being started it is a moment later. */
const RETRY_MS = 10_000;

interface Known {
  name: string | undefined;
  atMs: number;
}

/** Names of containers, which cost some files of /proc each: looked up once, not for each sample. */
export class ContainerNames {
  #known = new Map<string, Known>();
  #seen = new Map<string, Known>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** With the engine before it; the id, where there is no name. */
  of(cgroup: Named, { kind, shortId }: Pick<CgroupContainer, 'kind' | 'shortId'>): string {
    const { path } = cgroup;
    let known = this.#seen.get(path) ?? this.#known.get(path);
    if (known === undefined || (known.name === undefined && this.now() - known.atMs >= RETRY_MS)) {
      known = { name: cgroup.containerName(), atMs: this.now() };
    }
    this.#seen.set(path, known);
    return `${kind}:${known.name ?? shortId}`;
  }

  /** The end of a sample: those that were not in it are forgotten. */
  endSample(): void {
    this.#known = this.#seen;
    this.#seen = new Map();
  }
}
