import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { KeptFile } from '../../cgroup/directory/open-file';
import { parseFlatKeyed } from '../../cgroup/files/formats';
import { type Host, openDirectory } from '../../cgroup/hierarchy/host';
import { type KillingLimit, limitOfAncestor } from './killing-limit';
import type { Ancestors } from './limits-around';

const EVENTS = 'memory.events.local';

/** The v2 ancestors: the cage root and the cgroups above it. Each start reads them, so their files stay open. */
export class AncestorsV2 implements Ancestors {
  /** The mount does not begin at the root. */
  readonly hidden: boolean;
  readonly #root: CgroupDirectory;
  /** Nearest first. */
  readonly #events: { directory: CgroupDirectory; file: KeptFile }[] = [];

  /** @param path the cage root's path */
  constructor(path: string, host: Host) {
    const { mountPoint } = host.memory;
    this.#root = openDirectory(mountPoint);
    try {
      const names = path.slice(mountPoint.length).split('/');
      const line = [this.#root];
      for (const name of names) if (name !== '') line.push((line.at(-1) ?? this.#root).below(name));
      // The root of the hierarchy has no such file, since it has no limit.
      for (const directory of line.reverse()) {
        if (directory.has(EVENTS)) this.#events.push({ directory, file: new KeptFile(directory, EVENTS) });
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
  limitAt(index: number): KillingLimit {
    const { directory } = this.#events[index] ?? { directory: this.#root };
    return limitOfAncestor(directory, 2);
  }

  close(): void {
    for (const { file } of this.#events) file.close();
    this.#root.close();
  }
}
