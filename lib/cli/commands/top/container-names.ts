import { containerNameOf } from '../../../cgroup/containers/container-names';
import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { type CgroupName, shortId } from '../../../cgroup/names/cgroup-name';

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

  constructor(
    private readonly lookUp: (directory: CgroupDirectory) => string | undefined = containerNameOf,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** With the engine before it; the id, where there is no name. */
  of(directory: CgroupDirectory, container: CgroupName): string {
    const { path } = directory;
    let known = this.#seen.get(path) ?? this.#known.get(path);
    if (known === undefined || (known.name === undefined && this.now() - known.atMs >= RETRY_MS)) {
      known = { name: this.lookUp(directory), atMs: this.now() };
    }
    this.#seen.set(path, known);
    return `${container.kind}:${known.name ?? shortId(container)}`;
  }

  /** The end of a sample: those that were not in it are forgotten. */
  endSample(): void {
    this.#known = this.#seen;
    this.#seen = new Map();
  }
}
