import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvidenceKind } from 'memcage';

/** A program that fills memory until it is killed. */
export interface Leak {
  name: string;
  kinds: readonly EvidenceKind[];
  /** Part of the command line of the process that holds most. */
  marker: string;
  command: readonly [string, ...string[]];
  /** Done before each start. */
  prepare?: () => void;
}

/** SCRIPT RATE FILE: at so many megabytes a second, a megabyte at a time. */
const PACE = `
const start = performance.now();
let done = 0;
function step() {
  for (; done < ((performance.now() - start) / 1000) * Number(process.argv[2]); done += 1) add();
  setImmediate(step);
}
step();`;

const IN_NODE = {
  heap: 'const kept = []; const add = () => kept.push(Array.from({ length: 131072 }, (_, i) => i + 0.5));',
  buffers: 'const kept = []; const add = () => kept.push(Buffer.alloc(1048576, 1));',
  tmpfs:
    'const fs = require("node:fs"); const fd = fs.openSync(process.argv[3], "w"); const add = () => fs.writeSync(fd, Buffer.alloc(1048576, 1));',
} as const;

/** leak MODE MB_PER_SECOND [FILE]. */
const SOURCE = `
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static double now() { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
int main(int count, char** words) {
  const size_t size = 1 << 20;
  const bool maps = words[1][0] == 'f';
  const double rate = atof(words[2]), start = now();
  const int fd = maps ? open(words[3], O_RDWR | O_CREAT, 0600) : -1;
  for (double done = 0;; done += 1) {
    while (done > (now() - start) * rate) usleep(500);
    void* block;
    if (maps) {
      if (ftruncate(fd, (done + 1) * size) < 0) return 1;
      block = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, done * size);
    } else {
      block = malloc(size / 16);
      for (int i = 1; i < 16; i++) memset(malloc(size / 16), 1, size / 16);
      memset(block, 1, size / 16);
      continue;
    }
    if (block == MAP_FAILED) return 1;
    memset(block, 1, size);
  }
}
`;

/** The programs, and the file that some of them fill. */
export class Leaks {
  readonly #directory = mkdtempSync(join(tmpdir(), 'memcage-bench-evidence-'));
  readonly reports = join(this.#directory, 'reports');
  /** What it reads of itself is charged to the cage. */
  readonly #program = join(this.#directory, 'node');
  /** In a tmpfs of the child's own. */
  readonly file = '/mnt/leak';

  constructor() {
    copyFileSync(process.execPath, this.#program);
    writeFileSync(join(this.#directory, 'leak.cc'), SOURCE);
    execFileSync('c++', ['-O1', '-o', join(this.#directory, 'leak'), join(this.#directory, 'leak.cc')]);
    for (const [name, add] of Object.entries(IN_NODE)) writeFileSync(this.#script(name), add + PACE);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  at(megabytesPerSecond: number): Leak[] {
    const rate = String(megabytesPerSecond);
    const node = (name: keyof typeof IN_NODE): [string, ...string[]] => [
      process.execPath,
      ...['--max-old-space-size=4000', this.#script(name), rate, this.file],
    ];
    const leak = join(this.#directory, 'leak');
    const [, ...heap] = node('heap');
    return [
      { name: 'JavaScript heap', kinds: ['anonymous'], marker: 'heap.js', command: node('heap') },
      {
        name: 'JavaScript heap, in a cage full of page cache',
        kinds: ['anonymous'],
        marker: 'heap.js',
        command: [this.#program, ...heap],
        prepare: () => dropPageCache(this.#program),
      },
      { name: 'Buffers', kinds: ['anonymous'], marker: 'buffers.js', command: node('buffers') },
      { name: 'malloc', kinds: ['anonymous'], marker: 'leak malloc', command: [leak, 'malloc', rate] },
      { name: 'mapped files', kinds: ['shared'], marker: 'leak files', command: [leak, 'files', rate, this.file] },
      { name: 'tmpfs', kinds: ['tmpfs'], marker: 'tmpfs.js', command: node('tmpfs') },
      {
        name: 'a grandchild',
        kinds: ['anonymous'],
        marker: `${leak} malloc`,
        command: ['sh', '-c', `${leak} malloc ${rate} & wait`],
      },
    ];
  }

  #script(name: string): string {
    return join(this.#directory, `${name}.js`);
  }
}

function dropPageCache(file: string): void {
  execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
}
