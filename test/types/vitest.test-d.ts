import { type CagedTestsOptions, caged } from 'memcage/vitest';
import { defineConfig } from 'vitest/config';

const options: CagedTestsOptions = {
  memory: '400M',
  total: 4e9,
  learnFile: 'needs.json',
  enforce: 'kernel',
  evidence: { dir: 'x' },
};
defineConfig({ test: { pool: caged(options), projects: [{ test: { pool: caged({ memory: 4e8 }) } }] } });

// @ts-expect-error the limit of a worker is not left out
caged({ total: '4G' });
// @ts-expect-error nothing runs without a limit
caged({ memory: '400M', enforce: 'none' });
