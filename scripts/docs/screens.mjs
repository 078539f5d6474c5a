// Usage: npm run docs:screens
// Takes the pictures of the documentation, of programs in cages that are really there, as SVG in docs/images: what `memcage top`
// and `memcage doctor` show in a terminal, and a chart of `memcage run`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import xterm from '@xterm/headless';

const root = join(import.meta.dirname, '../..');
const images = join(root, 'docs/images');

const COLORS = ['#5c6773', '#f07178', '#a6d189', '#e5c07b', '#7aa2f7', '#c792ea', '#7dcfff', '#d7dce2'];

/** Mounts each hierarchy of cgroups anew, with the own cgroup as its root. */
const ROOTED = `
  mounts=$(cat /proc/mounts)
  while read -r _ place type options _; do
    case $type in
      cgroup) controllers=$(echo "$options" | tr , '\\n' | grep -xvE 'rw|ro|nosuid|nodev|noexec|relatime|xattr' | paste -sd,) ;;
      cgroup2) controllers=rw ;;
      *) continue ;;
    esac
    mount -t "$type" -o "$controllers" "$type" "$place"
  done <<END
$mounts
END
  exec "$@"`;

const HOLD = `
  const kept = Buffer.alloc(Number(process.argv[2]) * 2 ** 20, 1);
  setInterval(() => kept.fill(2, 0, 2 ** 20), 50);
`;
const PROGRAMS = {
  'leak.mjs': `
    import { writeFileSync } from 'node:fs';
    writeFileSync('report', Buffer.alloc(30 * 2 ** 20)); // stays in memory as page cache, while there is room
    const kept = [];
    setInterval(() => kept.push(Buffer.alloc(2 ** 20, 1)), 20);
  `,
  'render.mjs': HOLD,
  'import.mjs': HOLD,
  'resize.mjs': HOLD,
  'build.mjs': HOLD,
  'server.mjs': `
    import { createBudget, createCage } from 'memcage';
    const workers = createCage({ memory: '400M' });
    const stdio = 'ignore';
    for (const mebibytes of ['40', '60']) workers.spawn('node', ['render.mjs', mebibytes], { stdio });
    workers.spawn('node', ['import.mjs', '90'], { memory: '150M', stdio });
    const jobs = createBudget({ memory: '500M' });
    for (const mebibytes of ['30', '50', '70', '90']) {
      void jobs.spawn('node', ['resize.mjs', mebibytes], { memory: '160M', stdio });
    }
    setInterval(() => {}, 1000);
  `,
};

/** How long a command may take to end after its picture. */
const END_MS = 10_000;
/** Of a program that is killed at its limit. */
const KILLED = 137;

const cli = join(root, 'dist/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'memcage-screens-'));
try {
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/memcage'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(directory, name), text);
  await takeTop();
  // As in a container: the paths of this machine's cgroups are not for everybody.
  await take('doctor', ['doctor'], {
    columns: 92,
    lines: 24,
    forMs: 8000,
    within: ['unshare', '-C', '-m', 'sh', '-c', ROOTED, 'sh'],
  });
  await chart('memory-limit', ['run', '-m', '100M'], ['node', 'leak.mjs']);
} finally {
  rmSync(directory, { recursive: true });
}

/** Takes the picture of `memcage top` with something to see. */
async function takeTop() {
  const build = [cli, 'run', '-m', '256M', '--', 'node', 'build.mjs', '120'];
  const programs = [['server.mjs'], build].map((args) => spawn('node', args, { cwd: directory, stdio: 'inherit' }));
  const ends = programs.map((program) => once(program, 'exit'));
  try {
    await sleep(4000);
    await take('top', ['top', '-i', '0.5'], { columns: 92, lines: 11, forMs: 6000 });
    if (programs.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) {
      throw new Error('a program that top was to show has ended');
    }
  } finally {
    for (const program of programs) program.kill();
    await Promise.all(ends);
  }
}

async function chart(name, args, command) {
  const file = join(images, `${name}.svg`);
  const program = spawn('node', [cli, ...args, '--chart', file, '--', ...command], {
    cwd: directory,
    stdio: 'inherit',
  });
  const [code, signal] = await once(program, 'exit');
  if (code !== KILLED) throw new Error(`memcage ${args[0]} --chart ended with ${code ?? signal}, not ${KILLED}`);
}

/** Runs a command of memcage in a terminal, and draws what the terminal shows after that time, if it then ends well. */
async function take(name, args, { columns, lines, forMs, within = [] }) {
  const terminal = new xterm.Terminal({ cols: columns, rows: lines, allowProposedApi: true });
  const helper = join(root, 'test/fixtures/terminal/in-terminal.py');
  const child = spawn('python3', [helper, String(columns), String(lines), ...within, process.execPath, cli, ...args], {
    cwd: directory,
    env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe'],
  });
  let told = '';
  child.stdio[4].on('data', (chunk) => {
    told += chunk;
  });
  // It may have ended long ago.
  child.stdin.on('error', () => {});
  const end = once(child, 'close');
  child.stdout.on('data', (chunk) => terminal.write(chunk));
  await sleep(forMs);
  await new Promise((resolve) => terminal.write('', resolve));
  const picture = svgOf(terminal, `memcage ${args[0]}`);
  child.stdin.end('q');
  await Promise.race([end, sleep(END_MS, undefined, { ref: false })]);
  child.kill();
  const last = told.trim().split('\n').at(-1);
  if (!last.startsWith('{"code": 0,')) throw new Error(`memcage ${args[0]} has not ended with 0: ${last}`);
  writeFileSync(join(images, `${name}.svg`), picture);
}

function svgOf(terminal, title) {
  const { active } = terminal.buffer;
  const rows = Array.from({ length: terminal.rows }, (_, row) =>
    runsOf(active.getLine(active.baseY + row), terminal.cols),
  );
  while (rows.at(-1)?.length === 0) rows.pop();
  const [cell, line, edge] = [8.4, 19, 16];
  const width = terminal.cols * cell + 2 * edge;
  const height = rows.length * line + 2 * edge + 26;
  const texts = rows.flatMap((runs, row) =>
    runs.map(({ column, text, style, ground }) => {
      const [x, y] = [edge + column * cell, edge + 26 + row * line];
      const w = (text.length * cell).toFixed(1);
      const back = ground ? `<rect x="${x.toFixed(1)}" y="${y}" width="${w}" height="${line}" fill="${ground}"/>` : '';
      return `${back}<text x="${x.toFixed(1)}" y="${y + 14}" textLength="${w}"${style}>${escaped(text)}</text>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" role="img"><title>${title}</title>
<style>text{font:14px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dce2;white-space:pre}</style>
<rect width="100%" height="100%" rx="10" fill="#14181d"/>
<g fill="#3a424c"><circle cx="20" cy="18" r="5"/><circle cx="38" cy="18" r="5"/><circle cx="56" cy="18" r="5"/></g>
${texts.join('\n')}
</svg>
`;
}

/** The pieces of a line that look alike. */
function runsOf(line, columns) {
  const runs = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    const text = cell?.getChars() || ' ';
    const color = cell?.isFgPalette() ? COLORS[cell.getFgColor() % 8] : undefined;
    const inverse = cell?.isInverse() !== 0;
    const fill = inverse ? '#14181d' : color;
    const style = [
      fill ? ` style="fill:${fill}"` : '',
      cell?.isBold() ? ' font-weight="bold"' : '',
      cell?.isDim() ? ' opacity="0.65"' : '',
    ].join('');
    const ground = inverse ? (color ?? '#d7dce2') : undefined;
    const last = runs.at(-1);
    if (last !== undefined && last.style === style && last.ground === ground) last.text += text;
    else runs.push({ column, text, style, ground });
  }
  return runs.flatMap((run) => {
    if (run.ground) return [run];
    const text = run.text.trimEnd();
    const lead = text.length - text.trimStart().length;
    return text === '' ? [] : [{ ...run, column: run.column + lead, text: text.slice(lead) }];
  });
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
