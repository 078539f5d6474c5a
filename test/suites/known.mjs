// The differences that the documentation announces: the tests, the page and the sentence. Nothing is skipped for them:
// they run, and are printed with the sentence.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** In both of the ways in which BullMQ starts what its processors run in: caged, either is a process. */
const sandboxed = (names) =>
  ['child processes', 'worker threads'].flatMap((by) =>
    names.map((name) => `tests/sandboxed_process.test.ts: Sandboxed process using ${by} ${name}`),
  );

/** @type {{ suite: string, tests: string[], page: string, sentence: string }[]} */
const KNOWN = [
  {
    suite: 'node',
    // The test ends the child of a child that has ended, which it had started detached.
    tests: ['test/parallel/test-child-process-detached.js'],
    page: 'docs/reference/contain.md',
    sentence: '`detached` children end with the cage as well.',
  },
  {
    suite: 'node',
    // The test has the permission model turned on by its flags.
    tests: [
      'test/parallel/test-permission-allow-child-process-cli.js',
      'test/parallel/test-permission-child-process-cli.js',
      'test/parallel/test-permission-child-process-inherit-flags-substring.js',
      'test/parallel/test-permission-child-process-inherit-flags.js',
      'test/parallel/test-permission-drop-child-process.js',
      'test/parallel/test-process-execve-permission-fail.js',
      'test/parallel/test-process-execve-permission-granted.js',
    ],
    page: 'docs/reference/contain.md',
    sentence: 'It also throws under the permission model',
  },
  {
    suite: 'execa',
    // They kill a program that has started another one, which was to go on.
    tests: [
      'terminate › cleanup › spawnAndKill SIGTERM',
      'terminate › cleanup › spawnAndKill SIGKILL',
      'terminate › cleanup › spawnAndKill cleanup SIGKILL',
      'terminate › cleanup › spawnAndKill detached SIGTERM',
      'terminate › cleanup › spawnAndKill detached SIGKILL',
      'terminate › cleanup › spawnAndKill cleanup detached SIGTERM',
      'terminate › cleanup › spawnAndKill cleanup detached SIGKILL',
    ],
    page: 'docs/reference/contain.md',
    sentence: "Like memcage's own children, all of them are killed when this process dies",
  },
  {
    suite: 'execa',
    // The same of a program that ends by itself.
    tests: ['terminate › cleanup › detach subprocess'],
    page: 'docs/reference/contain.md',
    sentence: '`detached` children end with the cage as well.',
  },
  {
    suite: 'bullmq',
    // They expect another text.
    tests: sandboxed([
      'sandboxed process should fail if the process exits 0',
      'sandboxed process should fail if the process exits non-0',
      'sandboxed process should fail if wrapping with ttl pattern',
    ]),
    page: 'docs/reference/bullmq.md',
    sentence: '`ExitError`: `processor.js was ended by SIGSEGV`',
  },
  {
    suite: 'bullmq',
    // They take children from the pool of BullMQ's own sandbox.
    tests: sandboxed([
      'custom cases should allow to pass workerForkOptions with timeout',
      'sandboxed process should allow the job to complete and then exit on worker close',
      'sandboxed process when child process a job and its killed direcly after completing should process the next job in a new child process',
      'sandboxed process when child process a job and its killed with SIGKILL while processing should fail with an unexpected error',
    ]),
    page: 'docs/reference/bullmq.md',
    sentence: 'A child takes one job.',
  },
];

/** Undefined if the documentation announces none for this test. */
export function knownDifference(suite, test) {
  return KNOWN.find((each) => each.suite === suite && each.tests.includes(test));
}

/** The sentences that no page has. */
export function unwritten() {
  const words = (text) => text.replace(/\s+/g, ' ');
  return KNOWN.filter(({ page, sentence }) => !words(readFileSync(join(root, page), 'utf8')).includes(words(sentence)));
}
