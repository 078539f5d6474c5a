import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Effect, type EffectResult, runBlocking, runLater } from '../../../../lib/cgroup/placement/effects';

type Steps = Generator<Effect, string, EffectResult>;

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'memcage-effects-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

function* works(): Steps {
  writeFileSync(join(scratch, 'file'), '');
  yield { do: 'make-directory', path: join(scratch, 'made') };
  yield { do: 'pause', ms: 1 };
  yield { do: 'write', path: join(scratch, 'file'), value: '+memory' };
  yield { do: 'remove-directory', path: join(scratch, 'made') };
  return readFileSync(join(scratch, 'file'), 'utf8');
}

function* copes(): Steps {
  try {
    // It is never created: writing to an interface file that does not exist must not make it.
    yield { do: 'write', path: join(scratch, 'absent'), value: '1' };
    return 'written';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function* fails(): Steps {
  yield { do: 'remove-directory', path: join(scratch, 'absent') };
  return 'removed';
}

const address = 'unix:path=/no/such/bus';

function* asks(): Steps {
  const request = { address, name: 'memcage-test.scope', description: 'test', timeoutMs: 1000 };
  const scope = yield { do: 'start-scope', request };
  const delegation = yield { do: 'ask-delegation', question: { address, unit: 'x.scope', timeoutMs: 1000 } };
  return [scope, delegation].map((answer) => (answer !== undefined && 'step' in answer ? answer.error : '?')).join();
}

function* once(effect: Effect): Steps {
  const answer = yield effect;
  return answer !== undefined && 'step' in answer ? `${answer.step}: ${answer.error}` : '?';
}

describe.each([
  ['blocking', async (steps: Steps) => runBlocking(steps)],
  ['not blocking', runLater<string>],
])('steps, %s', (_, drive) => {
  test('are carried out in order', async () => {
    expect(await drive(works())).toBe('+memory');
  });

  test('that are refused tell the one who asked', async () => {
    expect(await drive(copes())).toBe('ENOENT');
  });

  test('fail as a whole when that does not cope', async () => {
    await expect(drive(fails())).rejects.toThrow('ENOENT');
  });

  test('of systemd end in time when nobody answers', async () => {
    const path = join(scratch, 'silent');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const request = { address: `unix:path=${path}`, name: 'x.scope', description: 'test', timeoutMs: 200 };
    expect(await drive(once({ do: 'start-scope', request }))).toBe('connect: ETIMEDOUT');
    server.close();
  });

  test('of systemd answer what is in the way', async () => {
    expect(await drive(asks())).toMatch(/^(ENOENT|ECONNREFUSED),(ENOENT|ECONNREFUSED)$/);
  });
});
