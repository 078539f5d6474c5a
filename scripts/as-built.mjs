// Usage: as-built.mjs SCRIPT...
// Runs these scripts of package.json, which build something. With MEMCAGE_AS_BUILT=1 it runs none: .ci/run builds once
// for all of its steps.
import { spawnSync } from 'node:child_process';

const scripts = process.env.MEMCAGE_AS_BUILT === '1' ? [] : process.argv.slice(2);
for (const script of scripts) {
  const { status } = spawnSync('npm', ['run', script], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
