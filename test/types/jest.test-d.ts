import type { Config as JestConfig } from 'jest';
import type { Config, EmittingTestRunnerInterface, TestRunnerContext } from 'jest-runner';
import CagedTestRunner, { type RunnerOptions } from 'memcage/jest';

declare const globalConfig: Config.GlobalConfig;
declare const context: TestRunnerContext;

// What Jest makes, and asks for.
const runner: EmittingTestRunnerInterface = new CagedTestRunner(globalConfig, context, { memory: '400M', total: '4G' });
void runner;
new CagedTestRunner(globalConfig, context);

const options: RunnerOptions = {
  memory: '400M',
  total: 4e9,
  learnFile: 'needs.json',
  enforce: 'kernel',
  evidence: { dir: 'x' },
};
const config: JestConfig = { runner: ['memcage/jest', { ...options }] };
void config;

// @ts-expect-error it is no size
new CagedTestRunner(globalConfig, context, { memory: 'much' });
// @ts-expect-error it has another name
new CagedTestRunner(globalConfig, context, { limit: '400M' });
