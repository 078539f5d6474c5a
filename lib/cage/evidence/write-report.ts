import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from '../../../types/outcome';
import { printable } from '../../common/text/names';
import { evidencePage } from './page/page';
import { reportOf, type TakenEvidence } from './report';

const MOST_NAMES = 1000;

/**
 * Writes a report below `dir`. Never throws: what was read is told all the same.
 *
 * @param made its directory, if that is there already
 */
export function writeReport(dir: string, taken: TakenEvidence, made?: string): Evidence {
  const { report, evidence } = reportOf(taken);
  let path: string | undefined;
  try {
    path = made ?? makeReportDirectory(dir, taken.timeMs);
    const own = { mode: 0o600, flag: 'wx' };
    writeFileSync(join(path, 'report.json'), `${JSON.stringify(report, null, 2)}\n`, own);
    const page = join(path, 'report.html');
    const told = evidence(path, `All of it: ${printable(page)}`);
    writeFileSync(page, evidencePage(report, told.message), own);
    return told;
  } catch (error) {
    if (path !== undefined) removeQuietly(path);
    return evidence(null, `The report could not be written: ${printable((error as Error).message)}`);
  }
}

/** A part of a report would be taken for all of it. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true });
  } catch {
    // Somebody else has removed it, or may.
  }
}

/** Makes the directory of one report. */
export function makeReportDirectory(dir: string, timeMs: number): string {
  const stamp = new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, '');
  for (let number = 0; ; number += 1) {
    const path = join(dir, `evidence-${process.pid}-${stamp}${number === 0 ? '' : `-${number}`}`);
    try {
      mkdirSync(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === MOST_NAMES) throw error;
    }
  }
}
