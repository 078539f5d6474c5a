import type { Mapping, MappingKinds } from '../messages';

const MOST_MAPPINGS = 10;
const KB = 1024;

/** What the mappings of one process hold. */
export interface MappingTotals {
  kinds: MappingKinds;
  /** The largest ones; those with one name count as one. */
  mappings: Mapping[];
}

interface Current {
  name: string;
  kind: keyof MappingKinds;
  rssBytes: number;
  pssBytes: number;
  anonymousBytes: number;
  swapBytes: number;
}

/** ADDRESS PERMS OFFSET DEVICE INODE NAME. */
const HEADER = /^[0-9a-f]+-[0-9a-f]+ \S{4} \S+ (\S+) \d+ *(.*)$/;
const FIELD = /^(Rss|Pss|Anonymous|Swap):\s+(\d+) kB/;

/** Adds up the lines of /proc/PID/smaps, which may be long. */
export class SmapsReader {
  readonly #kinds: MappingKinds = { heap: 0, anonymous: 0, stack: 0, shared: 0, files: 0 };
  readonly #byName = new Map<string, Mapping>();
  #current: Current | undefined;
  #rest = '';

  /** @param tmpfs MAJOR:MINOR of the file systems that are memory */
  constructor(private readonly tmpfs: ReadonlySet<string>) {}

  add(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  end(): MappingTotals {
    this.#conclude();
    const mappings = [...this.#byName.values()].sort((one, other) => other.heldBytes - one.heldBytes);
    return { kinds: this.#kinds, mappings: mappings.slice(0, MOST_MAPPINGS) };
  }

  #line(line: string): void {
    const [, field, kilobytes] = FIELD.exec(line) ?? [];
    const current = this.#current;
    if (field !== undefined && current !== undefined) {
      const bytes = Number(kilobytes) * KB;
      if (field === 'Rss') current.rssBytes = bytes;
      else if (field === 'Pss') current.pssBytes = bytes;
      else if (field === 'Anonymous') current.anonymousBytes = bytes;
      else current.swapBytes = bytes;
      return;
    }
    const [, device, name] = HEADER.exec(line) ?? [];
    if (device === undefined || name === undefined) return;
    this.#conclude();
    const kind = kindOf(name, this.tmpfs.has(decimal(device)));
    this.#current = { name, kind, rssBytes: 0, pssBytes: 0, anonymousBytes: 0, swapBytes: 0 };
  }

  #conclude(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    const { name, kind, rssBytes, pssBytes, anonymousBytes, swapBytes } = current;
    // Of a file only what is not on the disk too; of shared memory the part that falls to this process.
    const heldBytes = (kind === 'shared' ? pssBytes : anonymousBytes) + swapBytes;
    if (heldBytes === 0) return;
    this.#kinds[kind] += heldBytes;
    const key = `${kind} ${name}`;
    const known = this.#byName.get(key);
    if (known === undefined) this.#byName.set(key, { name: named(name), kind, heldBytes, rssBytes, swapBytes });
    else {
      known.heldBytes += heldBytes;
      known.rssBytes += rssBytes;
      known.swapBytes += swapBytes;
    }
  }
}

/** The same in decimal digits, as mountinfo has it. */
function decimal(device: string): string {
  return device
    .split(':')
    .map((part) => Number.parseInt(part, 16))
    .join(':');
}

function named(name: string): string {
  return name === '' ? '[anonymous]' : name;
}

function kindOf(name: string, isTmpfs: boolean): keyof MappingKinds {
  if (name === '[heap]') return 'heap';
  // glibc 2.41 names those of threads, where the kernel keeps names (CONFIG_ANON_VMA_NAME).
  if (name.startsWith('[stack') || name.startsWith('[anon: glibc: pthread stack')) return 'stack';
  if (name.startsWith('[anon_shmem') || isTmpfs) return 'shared';
  // What the kernel calls memory of its own tmpfs, which is mounted nowhere.
  if (name.startsWith('/memfd:') || /^\/(SYSV[0-9a-f]{8}|dev\/zero) \(deleted\)$/.test(name)) return 'shared';
  return name === '' || name.startsWith('[') ? 'anonymous' : 'files';
}
