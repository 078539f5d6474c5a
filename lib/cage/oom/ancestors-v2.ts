import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { KeptFile } from '../../cgroup/directory/open-file';
import { parseFlatKeyed } from '../../cgroup/files/formats';
import { type Host, openDirectory } from '../../cgroup/hierarchy/host';
import { AncestorsApart } from './ancestors-apart';
import { limitOfAncestor, type WhoseLimit } from './whose-limit';

const EVENTS = 'memory.events.local';

/** The v2 ancestors: the cage root and the cgroups above it. Each start reads them, so their files stay open. */
export class AncestorsV2 {
  /** Whether some ancestors can't be seen from here, as in a container: the mount does not begin at the root. */
  readonly hidden: boolean;
  readonly #root: CgroupDirectory;
  /** Nearest first. */
  readonly #events: { directory: CgroupDirectory; file: KeptFile }[] = [];
  readonly #apart: AncestorsApart;

  /** @param path the cage root's path */
  constructor(path: string, host: Host) {
    const { mountPoint } = host.memory;
    this.#apart = new AncestorsApart(path, host);
    try {
      this.#root = openDirectory(mountPoint);
    } catch (error) {
      this.#apart.close();
      throw error;
    }
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
  limitAt(index: number): WhoseLimit {
    const { directory } = this.#events[index] ?? { directory: this.#root };
    return limitOfAncestor(directory, 2);
  }

  /** Whether an OOM kill at one of them could take this process by way of a child that shares its memory. */
  endangerOwner(): boolean {
    return this.#apart.couldKill();
  }

  close(): void {
    this.#apart.close();
    for (const { file } of this.#events) file.close();
    this.#root.close();
  }
}
