import { join } from 'node:path';

export const TRUE = '/bin/true';
/** The number names them, should one be left. */
export const SLEEP = ['sleep', ['1000.0625']] as const;
export const ANSWERS = join(__dirname, '../../support/answers.js');
