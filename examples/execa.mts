/**
 * A library that knows nothing of memcage, in a cage: everything that execa starts shares one limit, and you see
 * which kill was for memory.
 *
 *   npm run build && npm run build:programs && node out/examples/execa.mjs
 */
import { createCage, type OomEvent, type SharedCage } from 'memcage';
import { exitWith, Report } from './support/report.mts';

const LIMIT = '150M';

/** The work of a plugin, which uses execa as it likes. */
async function pluginWork(name: string, script: string): Promise<string> {
  const { execa } = await import('execa');
  const { stdout } = await execa({ input: 'three\none\ntwo\n' })(process.execPath, ['--eval', script, name]);
  return stdout;
}

/** Runs the work in the cage, and says whether it failed because of memory. */
async function limited<T>(cage: SharedCage, work: () => Promise<T>): Promise<{ value?: T; error?: string }> {
  let kill: OomEvent | undefined;
  const listener = (event: OomEvent): void => {
    kill = event;
  };
  cage.on('oom', listener);
  try {
    return { value: await cage.contain(work) };
  } catch (error) {
    if (kill === undefined || !(error instanceof Error)) throw error;
    const { max } = cage.cgroup.limits();
    const { signal } = error as Error & { signal?: string };
    return { error: `${error.name}, ${signal}: over the limit of ${(max ?? 0) / 2 ** 20} MiB (cause: ${kill.cause})` };
  } finally {
    cage.off('oom', listener);
  }
}

const SORT = `
  const { readFileSync } = require('node:fs');
  const words = readFileSync(0, 'utf8').trim().split('\\n').sort();
  const isCaged = readFileSync('/proc/self/cgroup', 'utf8').includes('memcage-');
  console.log(process.argv[1], ...words, isCaged ? 'in a cage' : 'in no cage');
`;
const LEAK = 'Buffer.alloc(2 ** 30, 1)';

async function main(): Promise<number> {
  const report = new Report();
  const cage = createCage({ memory: LIMIT });

  report.title(`execa, below a limit of ${LIMIT} for all that it starts`);
  const outside = await pluginWork('outside:', SORT);
  report.check('without the cage', outside, outside === 'outside: one three two in no cage');

  const two = await Promise.all(['first:', 'second:'].map((name) => limited(cage, () => pluginWork(name, SORT))));
  for (const { value = 'failed' } of two) {
    report.check('at the same time', value, value.endsWith('one three two in a cage'));
  }

  const { error = 'nothing' } = await limited(cage, () => pluginWork('greedy:', LEAK));
  report.check('one that leaks fails with', error, error.includes('SIGKILL') && error.includes('cause: limit'));

  const { value: after = 'failed' } = await limited(cage, () => pluginWork('after:', SORT));
  report.check('the cage goes on', after, after === 'after: one three two in a cage');
  await cage.close();
  return report.end();
}

exitWith(main());
