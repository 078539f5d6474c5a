import { spawn } from 'memcage';
import type { Case } from '../support/case';
import { fdCount, threadCount } from '../support/own';

export const many: Case = {
  name: 'many',
  async run({ quick }) {
    const cages = quick ? 100 : 1000;
    const one = [start()];
    const threads = threadCount();
    const fds = fdCount();
    const others = Array.from({ length: cages - 1 }, start);
    const moreThreads = threadCount() - threads;
    const perCage = (fdCount() - fds) / others.length;
    for (const child of [...one, ...others]) await child.cage.close();
    return [
      {
        measure: `${cages} cages alive at once: threads more than with one`,
        value: String(moreThreads),
        figure: moreThreads,
        bound: 0,
      },
      { measure: 'the same: fds per cage', value: perCage.toFixed(2), figure: perCage, bound: 2 },
    ];
  },
};

function start() {
  return spawn('sleep', ['1000'], { stdio: 'ignore', memory: '10M' });
}
