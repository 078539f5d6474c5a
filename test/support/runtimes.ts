import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NODES = join(__dirname, '../../build/nodes');

/** The program that scripts/nodes.mjs installed; undefined if it has not. */
export function runtimePath(name: 'bun' | 'deno'): string | undefined {
  const scopes = (existsSync(NODES) ? readdirSync(NODES) : [])
    .filter((entry) => new RegExp(`^${name}-[\\d.]+$`).test(entry))
    .map((entry) => join(NODES, entry, 'node_modules', name === 'bun' ? '@oven' : '@deno'));
  return scopes
    .flatMap((scope) => readdirSync(scope).map((entry) => join(scope, entry, name === 'bun' ? 'bin/bun' : 'deno')))
    .find((path) => existsSync(path));
}
