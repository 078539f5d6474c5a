import { extname } from 'node:path';
import { UsageError } from '../parse';

const PAGES: ReadonlySet<string> = new Set(['.html', '.htm']);

/** Throws UsageError unless the name says what is to be drawn. */
export function checkChartName(file: string): void {
  if (extname(file) === '.svg' || isPage(file)) return;
  throw new UsageError(`--chart needs a file whose name ends in .svg or .html, not '${file}'`);
}

/** Whether a chart of this name is an HTML page; otherwise it is a drawing. */
export function isPage(file: string): boolean {
  return PAGES.has(extname(file));
}
