import { spawn as nodeSpawn } from 'node:child_process';
import { spawn } from 'memcage';
import type { Start } from './interleave';

export const PROGRAM = '/bin/true';

export const stock: Start = () => nodeSpawn(PROGRAM, [], { stdio: 'ignore' });

export const caged: Start = () =>
  spawn(PROGRAM, [], { stdio: 'ignore', memory: '100M', namespaces: { uts: true, mount: true, pid: true } });
