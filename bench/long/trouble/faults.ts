import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(__dirname, '../../../../bench/long/random_faults.cc');
const NAMES = ['from', 'to', 'oneIn', 'state', 'calls', 'faults'] as const;
type Name = (typeof NAMES)[number];
const WORD = 8;

/** The library that makes calls of the addon fail, built; and the file by which it is told what to do. */
export class FaultLibrary {
  readonly directory = mkdtempSync(join(tmpdir(), 'memcage-bench-long-'));
  readonly file = join(this.directory, 'faults.so');
  readonly control = join(this.directory, 'control');

  constructor() {
    execFileSync('c++', ['-std=c++20', '-O2', '-fno-exceptions', '-shared', '-fPIC', '-o', this.file, SOURCE]);
    writeFileSync(this.control, new Uint8Array(NAMES.length * WORD));
  }

  /** The environment of a process in which calls shall fail. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, LD_PRELOAD: this.file, MEMCAGE_BENCH_FAULTS: this.control };
  }

  close(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** The same from within that process. */
export class Faults {
  readonly #fd: number;
  readonly #oneIn: number;

  /** @param oneIn how many calls are made for one that fails */
  constructor(control: string, seed: number, oneIn: number) {
    this.#oneIn = oneIn;
    this.#fd = openSync(control, 'r+');
    // Only code of the addon meets faults. The library's own place in memory is known once it is loaded.
    const code = readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => line.includes('memcage.node') && line.includes(' r-xp '))
      .map((line) => /^([0-9a-f]+)-([0-9a-f]+)/.exec(line))[0];
    if (!code) throw new Error('the addon is not loaded');
    this.#write('from', BigInt(`0x${code[1]}`));
    this.#write('to', BigInt(`0x${code[2]}`));
    this.#write('state', BigInt(seed));
  }

  on(): void {
    this.#write('oneIn', BigInt(this.#oneIn));
  }

  off(): void {
    this.#write('oneIn', 0n);
  }

  get calls(): number {
    return this.#read('calls');
  }

  get count(): number {
    return this.#read('faults');
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(name: Name, value: bigint): void {
    const word = Buffer.alloc(WORD);
    word.writeBigUInt64LE(value);
    writeSync(this.#fd, word, 0, WORD, NAMES.indexOf(name) * WORD);
  }

  #read(name: Name): number {
    const word = Buffer.alloc(WORD);
    readSync(this.#fd, word, 0, WORD, NAMES.indexOf(name) * WORD);
    return Number(word.readBigUInt64LE());
  }
}
