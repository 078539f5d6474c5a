import ts from 'typescript';
import type { Library } from '../../support/api/library';

/** Where the user's caret is. */
const CARET = '/*|*/';

const MEMORY = ['high', 'low', 'min', 'oomGroup', 'oomKill', 'soft', 'swap', 'swapHigh', 'swappiness', 'zswap'];
const COMPLETED = [
  `spawn('x', [], { memory: { ${CARET} } });`,
  `spawn('x', { memory: { ${CARET} } });`,
  `void run('x', [], { memory: { ${CARET} } });`,
  `createCage({ memory: { ${CARET} } });`,
  `createBudget({ memory: { ${CARET} } });`,
  `void createBudget({ memory: '1G' }).run('x', [], { memory: { ${CARET} } });`,
  `createWarmPool('x.js', { memory: { ${CARET} } });`,
];
const LISTENED = `createCage({ memory: '1G' }).on('${CARET}', () => {});`;
const HOVERED: [line: string, shown: string][] = [
  [`${CARET}spawn('x', [], { memory: '1G' });`, 'options: CagedSpawnOptions<"pipe"'],
  [`void ${CARET}run('x', [], { memory: '1G', encoding: 'buffer' });`, 'options: CagedRunOptions<"buffer"'],
  [`${CARET}createCage({ memory: '1G' });`, 'options: CreateCageOptions'],
];
const REFUSED: [line: string, underlined: string][] = [
  [`spawn('x', [], { memory: '100X' });`, 'memory'],
  [`createCage({ memory: '100 megabytes' });`, 'memory'],
  [`spawn('x', [], { memory: { swap: 0 } });`, 'memory'],
  [`createCage({ memory: '1G', thresholds: ['80 percent'] });`, `'80 percent'`],
  [`createCage({ memory: '1G' }).on('omm', () => {});`, `'omm'`],
  [`createBudget({ memory: '1G' }).on('strated', () => {});`, `'strated'`],
  [`createWarmPool('x.js', { memory: '1G' }).once('redy', () => {});`, `'redy'`],
  [`spawn('x', [], { memory: '1G' }).cage.spawn('y');`, 'spawn'],
  [
    `spawn('x', [], { memory: '1G', enforce: 'polled' }).cage.cgroup.stat();`,
    `spawn('x', [], { memory: '1G', enforce: 'polled' }).cage.cgroup`,
  ],
  [`createCage({});`, '{}'],
];
const TAKEN = [
  `spawn('x', [], { memory: '1G' }).cage.cgroup.stat();`,
  `createCage({ memory: '1.5 GiB' }).setLimits({ memory: { swap: 0 } });`,
  `createCage({ memory: parseSize(process.env['LIMIT'], 'LIMIT') });`,
  `createCage({ memory: \`\${5}M\` });`,
  `spawn('x', [], { memory: '1G', enforce: 'kernel' }).cage.cgroup.stat();`,
  `spawn('x', [], { cage: createCage({ memory: '1G', enforce: 'none' }) }).cage.cgroup?.stat();`,
];

const IMPORT = "import { createBudget, createCage, createWarmPool, parseSize, run, spawn } from 'memcage';\n";
const LINES = [...COMPLETED, LISTENED, ...[...HOVERED, ...REFUSED].map(([line]) => line), ...TAKEN];

/** What a user has written: all lines at once, because TypeScript checks the library anew for each version of a file. */
export const WRITTEN = `${IMPORT}${LINES.map(blockOf).join('')}export {};\n`;

function blockOf(line: string): string {
  return `{ ${line} }\n`;
}

/** What an editor tells of a file that uses memcage. */
class Editor {
  constructor(private readonly library: Library) {}

  /** The names that the editor offers, in its order. */
  completions(line: string): string[] {
    const { service, file } = this.library;
    const { entries = [] } = service.getCompletionsAtPosition(file, this.#caretIn(line), {}) ?? {};
    return [...entries]
      .sort((one, other) => (one.sortText + one.name < other.sortText + other.name ? -1 : 1))
      .map(({ name }) => name);
  }

  /** What the editor shows of the name under the caret. */
  hover(line: string): string {
    const { service, file } = this.library;
    const info = service.getQuickInfoAtPosition(file, this.#caretIn(line));
    return ts.displayPartsToString(info?.displayParts);
  }

  /** The texts of the line that the compiler underlines. */
  underlined(line: string): string[] {
    const { service, file } = this.library;
    const from = this.#startOf(line);
    return service
      .getSemanticDiagnostics(file)
      .filter(({ start = 0 }) => start >= from && start < from + line.length)
      .map(({ start = 0, length = 0 }) => WRITTEN.slice(start, start + length));
  }

  #caretIn(line: string): number {
    return this.#startOf(line) + line.indexOf(CARET) + CARET.length;
  }

  #startOf(line: string): number {
    const at = WRITTEN.indexOf(blockOf(line));
    if (at === -1) throw new Error(`nobody has written ${line}`);
    return at + blockOf('').indexOf(' ') + 1;
  }
}

export function proveEditor(library: Library): void {
  const editor = new Editor(library);

  describe('an editor', () => {
    test.each(COMPLETED)('completes the limits, max first: %s', (line) => {
      expect(editor.completions(line)).toEqual(['max', ...MEMORY]);
    });

    test('completes the events of a cage', () => {
      const names = editor.completions(LISTENED);
      expect(names).toEqual(['close', 'cpuTime', 'oom', 'stall', 'threshold']);
    });

    test.each(HOVERED)('shows the options, and no machinery: %s', (line, shown) => {
      const hover = editor.hover(line);
      expect(hover).toContain(shown);
      expect(hover).not.toMatch(/Checked|Exactly|Given|OneOf|With</);
    });
  });

  describe('the compiler refuses', () => {
    test.each(REFUSED)('%s', (line, underlined) => {
      expect(editor.underlined(line)).toEqual([underlined]);
    });

    test.each(TAKEN)('nothing of %s', (line) => {
      expect(editor.underlined(line)).toEqual([]);
    });
  });
}
