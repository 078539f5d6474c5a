const { join } = require('node:path');
const { projects } = require('../../jest.config.js');

const pure = projects.find(({ displayName }) => displayName === 'pure');
const without = JSON.parse(process.env.MEMCAGE_MUTATION_WITHOUT ?? '[]');

/** The tests of the project `pure`, with mutants in what they import. @type {import('jest').Config} */
module.exports = {
  ...pure,
  rootDir: join(__dirname, '../..'),
  transform: { '\\.m?ts$': ['<rootDir>/test/mutation/transform.js', pure.transform['\\.m?ts$'][1]] },
  testEnvironment: '<rootDir>/test/mutation/environment.ts',
  runner: '<rootDir>/test/mutation/runner.js',
  testPathIgnorePatterns: without,
  cacheDirectory: '<rootDir>/build/mutation/jest',
  testTimeout: 5000,
  reporters: [],
};
