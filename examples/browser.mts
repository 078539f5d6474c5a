/**
 * A browser that can't eat the machine: puppeteer, unmodified, with all processes of its Chromium in one cage. A page
 * that takes unbounded memory dies there; the program lives on, and says why.
 *
 *   sudo apt-get install chromium; npm run build && npm run build:programs && node out/examples/browser.mjs
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCage, type OomEvent } from 'memcage';
import puppeteer, { type Browser } from 'puppeteer-core';
import { exitWith, Report } from './support/report.mts';

const LIMIT = '700M';
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** @param home for its profile, and everything else that it writes */
function launch(home: string): Promise<Browser> {
  const quiet = ['background-networking', 'component-update', 'sync', 'quic', 'gpu', 'dev-shm-usage'];
  return puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: join(home, 'profile'),
    // Chromium can't use its own sandbox as root. As another user you can leave this out.
    args: ['--no-sandbox', '--no-first-run', ...quiet.map((name) => `--disable-${name}`)],
    env: { ...process.env, HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home },
    // A busy machine takes its time.
    timeout: 120_000,
    protocolTimeout: 120_000,
  });
}

/** Runs a script in a page, and returns what became of it. */
async function visit(browser: Browser, script: string): Promise<string> {
  const page = await browser.newPage();
  const crashed = new Promise<string>((resolve) => page.once('error', (error: Error) => resolve(error.message)));
  const value = page.evaluate(script).then(String, (error: Error) => error.message);
  return Promise.race([crashed, value]);
}

const GREEDY = 'new Uint8Array(2 ** 31).fill(1)[0]';

async function main(): Promise<number> {
  const report = new Report();
  const home = mkdtempSync(join(tmpdir(), 'memcage-example-'));
  const cage = createCage({ memory: LIMIT });
  try {
    report.title(`Chromium within ${LIMIT}`);
    const browser = await cage.contain(() => launch(home));
    const pid = browser.process()?.pid ?? 0;
    const pids = cage.cgroup.pids();
    report.check('processes in the cage', pids.length > 3 ? 'all of several' : pids.length, pids.includes(pid));

    const sum = await visit(browser, '[1, 2, 3].reduce((a, b) => a + b)');
    report.check('a page', sum, sum === '6');
    report.check('uses less than the limit', 'yes', cage.cgroup.usage().usageBytes < 700 * 2 ** 20);

    const kill = once(cage, 'oom') as Promise<[OomEvent]>;
    const crash = await visit(browser, GREEDY);
    report.check('a greedy page', crash, crash.includes('crashed') || crash.includes('closed'));
    const [{ cause }] = await kill;
    report.check('the reason', `${cause} of ${LIMIT}`, cause === 'limit');

    const again = browser.connected ? browser : await cage.contain(() => launch(home));
    const answer = await visit(again, '"still there"');
    report.check('the next page', answer, answer === 'still there');
    await again.close();
  } finally {
    await cage.close();
    rmSync(home, { recursive: true, force: true });
  }
  return report.end();
}

exitWith(main());
