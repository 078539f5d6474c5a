import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { type Answer, startFakeBus } from '../../support/native/fake-bus';
import { patience } from '../../support/patience';
import { until } from '../../support/until';

const ANSWERS: Readonly<Record<string, Answer>> = {
  Hello: { signature: 's', value: ':1.1' },
  StartTransientUnit: { signature: 'o', value: '/org/freedesktop/systemd1/job/77' },
};

let scratch: string;
let bus: Awaited<ReturnType<typeof startFakeBus>>;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  bus = await startFakeBus(join(scratch, 'bus'), (member) => ANSWERS[member]);
});
afterEach(() => {
  bus.close();
  rmSync(scratch, { recursive: true });
});

test('a job of systemd that does not end in time is cancelled', async () => {
  const request = { address: `unix:path=${join(scratch, 'bus')}`, name: 'memcage-test.scope', description: 'test' };
  const answer = await native.startScopeAsync({ ...request, timeoutMs: patience(500) });
  expect(answer).toMatchObject({ step: 'job', error: 'ETIMEDOUT' });
  await until('it is cancelled', () => bus.calls.some(({ member }) => member === 'CancelJob'));
  const started = ['Hello', 'AddMatch', 'Subscribe', 'StartTransientUnit'];
  expect(bus.calls.map(({ member }) => member)).toEqual([...started, 'CancelJob']);
  expect(bus.calls.at(-1)?.body.readUInt32LE()).toBe(77);
});
