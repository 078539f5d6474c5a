import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Size } from 'memcage';

const ROOT = join(__dirname, '../../..');
const FILE_MIB = 96;

/** A program, and a limit at which it lives. */
export interface StallProgram {
  name: string;
  memory: Size;
  command: readonly [string, ...string[]];
}

/** The files that one program after the other works on. */
export class Workshop {
  readonly #directory = mkdtempSync(join(tmpdir(), 'memcage-bench-stall-'));
  readonly #text = join(this.#directory, 'text');
  readonly #holes = join(this.#directory, 'holes');
  readonly #livelock = join(this.#directory, 'livelock');
  readonly #out = join(this.#directory, 'out');

  constructor() {
    const source = join(ROOT, 'test/fixtures/stall/livelock.c');
    execFileSync('c++', ['-x', 'c', '-O1', '-o', this.#livelock, source]);
    const part = randomBytes(512 * 1024)
      .toString('hex')
      .replaceAll('00', '\n0');
    writeFileSync(this.#text, part.repeat(FILE_MIB));
    writeFileSync(this.#holes, '');
    truncateSync(this.#holes, FILE_MIB * 1024 * 1024);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  /** What is in memory already is charged to no later cage. */
  forget(): void {
    execFileSync('dd', [`of=${this.#text}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
  }

  get livelocks(): StallProgram[] {
    const livelock = (name: string, memory: Size, anonMiB: number, processes: number): StallProgram => ({
      ...{ name, memory, command: [this.#livelock, this.#holes, `${FILE_MIB}`, `${anonMiB}`, `${processes}`] },
    });
    return [
      livelock('a file larger than the limit', '40M', 0, 1),
      livelock('a file, with data that fill nearly all', '40M', 36, 1),
      livelock('three processes', '40M', 10, 3),
    ];
  }

  /** They work on until they are killed. */
  get healthy(): StallProgram[] {
    const [text, out] = [this.#text, this.#out];
    const loop = (name: string, memory: Size, work: string): StallProgram => ({
      ...{ name, memory, command: ['sh', '-c', `while :; do ${work}; done`] },
    });
    return [
      loop('cat', '60M', `cat ${text}`),
      loop('cat, little room', '8M', `cat ${text}`),
      loop('cat, nearly enough room', '94M', `cat ${text}`),
      loop('two of cat', '60M', `cat ${text} & cat ${text}; wait`),
      loop('cat beside sleepers', '60M', `sleep 0.1 & sleep 0.2 & cat ${text}`),
      loop('dd to a file', '20M', `dd if=/dev/zero of=${out} bs=1M count=200`),
      loop('dd to a file, little room', '6M', `dd if=/dev/zero of=${out} bs=64k count=2000`),
      loop('dd with fsync', '20M', `dd if=/dev/zero of=${out} bs=1M count=60 conv=fsync`),
      loop('cp', '20M', `cp ${text} ${out}`),
      loop('tar', '12M', `tar cf ${out} ${text}`),
      loop('grep', '40M', `grep -c zzzz ${text}`),
      loop(
        'grep of a mapped file',
        '60M',
        `python3 -c 'import mmap
f = open("${text}", "rb")
m = mmap.mmap(f.fileno(), 0, prot=1)
for i in range(9): m.find(b"qqqq")'`,
      ),
      loop(
        'a server that mostly sleeps',
        '40M',
        `python3 -c 'import mmap, random, time
f = open("${text}", "rb")
m = mmap.mmap(f.fileno(), 0, prot=1)
while True:
    for i in range(64): m[random.randrange(len(m))]
    time.sleep(0.3)'`,
      ),
      loop('wc', '30M', `wc -l ${text}`),
      loop('md5sum', '10M', `md5sum ${text}`),
      loop('sort with temporary files', '40M', `sort -S 15M -T ${this.#directory} -o ${out} ${text}`),
      loop('gzip', '8M', `gzip -1 -c ${text}`),
      loop('Node.js reading', '75M', `node -e 'require("fs").createReadStream("${text}").resume()'`),
      loop(
        'Node.js with a heap',
        '80M',
        `node --max-old-space-size=20 -e '
const kept = []; const text = require("fs").readFileSync("${text}", { encoding: "latin1" }).length;
for (let i = 0; i < 3e6; i += 1) kept[i % 1e5] = { i, text };'`,
      ),
    ];
  }
}
