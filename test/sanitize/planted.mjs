// Whether the builds find errors: plants one after the other in the binaries, and looks for the report.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, placeOf } from './build.mjs';
import { clearReports, readReports } from './reports.mjs';

/** planted.cc has them. In the second column what the report has to say. */
const ERRORS = {
  address: {
    'addon heap-overflow': /heap-buffer-overflow.*OverflowHeap/s,
    'addon use-after-free': /heap-use-after-free.*UseAfterFree/s,
    'addon signed-overflow': /signed integer overflow.*OverflowSigned/s,
    'launcher heap-overflow': /heap-buffer-overflow.*OverflowHeap/s,
    'launcher use-after-free': /heap-use-after-free.*UseAfterFree/s,
    'launcher signed-overflow': /signed integer overflow.*OverflowSigned/s,
    'launcher forked-heap-overflow': /heap-buffer-overflow.*OverflowHeap/s,
  },
  thread: { 'addon race': /data race.*Count/s },
};

/** Has the launcher start a program, and the guardian of this process. */
const PROGRAM = `
  const { spawnSync, createCage } = require('.');
  const cage = createCage({ memory: '100M' });
  spawnSync('true', { namespaces: { pid: true } });
  cage.close().catch(() => {});
`;

/** @returns {boolean} whether each was found, and nothing where nothing is planted */
export function findsPlanted(kind) {
  const { place, checkout, bin, reports } = placeOf(kind);
  const file = join(place, 'planted');
  let isWell = true;
  const errors = { ...ERRORS[kind], 'nothing at all': undefined };
  for (const [planted, wanted] of Object.entries(errors)) {
    clearReports(reports);
    writeFileSync(file, planted);
    try {
      const options = { cwd: checkout, env: environmentOf(kind), timeout: 60_000, encoding: 'utf8' };
      spawnSync(join(bin, 'node'), ['--eval', PROGRAM], options);
    } finally {
      rmSync(file);
    }
    const found = readReports(reports).join('\n');
    const isRight = wanted === undefined ? found === '' : wanted.test(found);
    console.log(`planted: ${planted}: ${isRight ? 'as it should be' : `NOT RIGHT: ${found || 'no report'}`}`);
    if (!isRight) isWell = false;
  }
  return isWell;
}
