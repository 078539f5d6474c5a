import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Text as the kernel wrote it, from test/fixtures/kernel. */
export function kernelText(name: string): string {
  return readFileSync(join(__dirname, '../fixtures/kernel', name), 'utf8');
}
