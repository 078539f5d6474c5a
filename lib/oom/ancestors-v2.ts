import type { CgroupDirectory } from '../cgroup/directory/directory';
import { KeptFile } from '../cgroup/directory/kept-file';
import { parseFlatKeyed, parseValue } from '../cgroup/files/formats';
import { type Host, openDirectory } from '../cgroup/hierarchy/host';
import { readMemoryFile } from '../cgroup/limits/limit-files';
import { limitOfAncestor, type WhoseLimit } from './whose-limit';

const EVENTS = 'memory.events.local';
const OOM_GROUP = 'memory.oom.group';

/** The v2 ancestors: the parent and the cgroups above it. Each start reads them, so their files stay open. */
export class AncestorsV2 {
  /** Whether some ancestors can't be seen from here, as in a container: the mount does not begin at the root. */
  readonly hidden: boolean;
  readonly #root: CgroupDirectory;
  /** Nearest first. */
  readonly #events: { directory: CgroupDirectory; file: KeptFile }[] = [];
  readonly #oomGroups: KeptFile[] = [];

  /** @param path the parent's path */
  constructor(path: string, { memory: { mountPoint } }: Host) {
    this.#root = openDirectory(mountPoint);
    try {
      const names = path.slice(mountPoint.length).split('/');
      const line = [this.#root];
      for (const name of names) if (name !== '') line.push((line.at(-1) ?? this.#root).below(name));
      // The root of the hierarchy has neither file, since it has no limit.
      for (const directory of line.reverse()) {
        if (directory.has(EVENTS)) this.#events.push({ directory, file: new KeptFile(directory, EVENTS) });
        if (directory.has(OOM_GROUP)) this.#oomGroups.push(new KeptFile(directory, OOM_GROUP));
      }
      this.hidden = this.#root.has(EVENTS);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** How often an allocation failed at the limit of each ancestor, nearest first. */
  ooms(): number[] {
    return this.#events.map(({ file }) => parseFlatKeyed(file.text(), EVENTS)['oom'] ?? 0);
  }

  /** The limit of one ancestor. */
  limitAt(index: number): WhoseLimit {
    const { directory } = this.#events[index] ?? { directory: this.#root };
    return limitOfAncestor(directory, 2);
  }

  /** Whether an OOM kill takes all processes of one ancestor, or of one of these cages below it. */
  killAsGroup(cages: readonly { directory: CgroupDirectory }[]): boolean {
    return (
      cages.some(({ directory }) => readMemoryFile(directory, 2, 'oomGroup') === true) ||
      this.#oomGroups.some((file) => parseValue(file.text(), OOM_GROUP) === 1)
    );
  }

  close(): void {
    for (const { file } of this.#events) file.close();
    for (const file of this.#oomGroups) file.close();
    this.#root.close();
  }
}
