import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../../..');
const FILE = join(ROOT, 'test/pure/types/what-a-user-types.ts');
/** Where the user's caret is. */
const CARET = '/*|*/';

/** What an editor tells of a file that uses memcage, as TypeScript's language service has it. */
class Editor {
  readonly #service: ts.LanguageService;
  #text = '';
  #version = 0;

  constructor() {
    const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
    this.#service = ts.createLanguageService({
      ...ts.sys,
      getCompilationSettings: () => options,
      getScriptFileNames: () => [FILE],
      getScriptVersion: (name) => (name === FILE ? String(this.#version) : '0'),
      getScriptSnapshot: (name) => {
        const text = name === FILE ? this.#text : ts.sys.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => ROOT,
      useCaseSensitiveFileNames: () => true,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (name) => name === FILE || ts.sys.fileExists(name),
    });
  }

  /** The names that the editor offers, in its order. */
  completions(line: string): string[] {
    const { entries = [] } = this.#service.getCompletionsAtPosition(FILE, this.#write(line), {}) ?? {};
    return [...entries]
      .sort((one, other) => (one.sortText + one.name < other.sortText + other.name ? -1 : 1))
      .map(({ name }) => name);
  }

  /** What the editor shows of the name under the caret. */
  hover(line: string): string {
    const info = this.#service.getQuickInfoAtPosition(FILE, this.#write(line));
    return ts.displayPartsToString(info?.displayParts);
  }

  /** The texts that the compiler underlines. */
  underlined(line: string): string[] {
    this.#write(line);
    return this.#service
      .getSemanticDiagnostics(FILE)
      .map(({ start = 0, length = 0 }) => this.#text.slice(start, start + length));
  }

  #write(line: string): number {
    this.#text = `import { createBudget, createCage, createWarmPool, parseSize, run, spawn } from 'memcage';\n${line}\nexport {};\n`;
    this.#version += 1;
    return this.#text.indexOf(CARET) + CARET.length;
  }
}

const editor = new Editor();
const MEMORY = ['high', 'low', 'min', 'oomGroup', 'oomKill', 'soft', 'swap', 'swapHigh', 'swappiness', 'zswap'];

describe('an editor', () => {
  test.each([
    `spawn('x', [], { memory: { ${CARET} } });`,
    `spawn('x', { memory: { ${CARET} } });`,
    `void run('x', [], { memory: { ${CARET} } });`,
    `createCage({ memory: { ${CARET} } });`,
    `createBudget({ memory: { ${CARET} } });`,
    `void createBudget({ memory: '1G' }).run('x', [], { memory: { ${CARET} } });`,
    `createWarmPool('x.js', { memory: { ${CARET} } });`,
  ])('completes the limits, max first: %s', (line) => {
    expect(editor.completions(line)).toEqual(['max', ...MEMORY]);
  });

  test('completes the events of a cage', () => {
    const names = editor.completions(`createCage({ memory: '1G' }).on('${CARET}', () => {});`);
    expect(names).toEqual(['close', 'cpuTime', 'oom', 'stall', 'threshold']);
  });

  test.each([
    [`${CARET}spawn('x', [], { memory: '1G' });`, 'options: CagedSpawnOptions<"pipe"'],
    [`void ${CARET}run('x', [], { memory: '1G', encoding: 'buffer' });`, 'options: CagedRunOptions<"buffer"'],
    [`${CARET}createCage({ memory: '1G' });`, 'options: CreateCageOptions'],
  ])('shows the options, and no machinery: %s', (line, shown) => {
    const hover = editor.hover(line);
    expect(hover).toContain(shown);
    expect(hover).not.toMatch(/Checked|Exactly|Given|OneOf|With</);
  });
});

describe('the compiler refuses', () => {
  test.each([
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
  ])('%s', (line, underlined) => {
    expect(editor.underlined(line)).toEqual([underlined]);
  });

  test.each([
    `spawn('x', [], { memory: '1G' }).cage.cgroup.stat();`,
    `createCage({ memory: '1.5 GiB' }).setLimits({ memory: { swap: 0 } });`,
    `createCage({ memory: parseSize(process.env['LIMIT'], 'LIMIT') });`,
    `createCage({ memory: \`\${5}M\` });`,
    `spawn('x', [], { memory: '1G', enforce: 'kernel' }).cage.cgroup.stat();`,
    `spawn('x', [], { cage: createCage({ memory: '1G', enforce: 'none' }) }).cage.cgroup?.stat();`,
  ])('nothing of %s', (line) => {
    expect(editor.underlined(line)).toEqual([]);
  });
});
