const shared = {
  // What a test could load, beside packages: a crawl of node_modules takes long in a guest.
  roots: ['lib', 'types', 'test'].map((directory) => `<rootDir>/${directory}`),
  transform: {
    '\\.m?ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  setupFilesAfterEnv: ['retries', 'properties', 'own-group'].map((name) => `<rootDir>/test/setup/${name}.ts`),
  // In the checkout, so that a guest finds what the host has transformed.
  cacheDirectory: '<rootDir>/build/jest',
};

const published = {
  '^memcage$': '<rootDir>/dist/index.js',
  '^memcage/(bullmq|cgroup|child_process|jest|machine|native|oci|otel|prometheus|vitest)$': '<rootDir>/dist/$1.js',
};

// Tests in test/pure import what they test; the others use what is published, as `npm run build` has made it.
const withoutKernel = {
  testEnvironment: '<rootDir>/test/setup/pure-environment.ts',
  moduleNameMapper: { '\\.node$': '<rootDir>/test/setup/no-addon.js' },
};
const withKernel = { testEnvironment: '<rootDir>/test/setup/environment.ts', moduleNameMapper: published };

const project = (displayName, directory, settings = withKernel) => ({
  ...shared,
  ...settings,
  displayName,
  testMatch: [`<rootDir>/test/${directory}/**/*.test.ts`],
});

// These need a machine of their own, which `npm run test:guest` gives them.
const guestProjects = [project('guest-systemd', 'guest/systemd'), project('guest-container', 'guest/container')];
const inGuest = process.env.MEMCAGE_TEST_GUEST !== undefined;

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    project('pure', 'pure', withoutKernel),
    project('integration', 'integration'),
    ...(inGuest ? guestProjects : []),
  ],
  testTimeout: 30_000 * Number(process.env.MEMCAGE_TEST_SLOWNESS || 1),
  globalSetup: '<rootDir>/test/setup/global-setup.ts',
  globalTeardown: '<rootDir>/test/setup/global-teardown.ts',
};
