import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Feature } from '../require';

const root = join(__dirname, '../../..');

/** A fenced block of a page. The words after its language say what the tests do with it; see test/README.md. */
export interface Block {
  page: string;
  line: number;
  language: string;
  words: string[];
  text: string;
}

/** The pages but those that TypeDoc makes, as paths from the root of the repository. */
export function pages(): string[] {
  const docs = (readdirSync(join(root, 'docs'), { recursive: true }) as string[]).filter(
    (name) => name.endsWith('.md') && !name.startsWith('api/'),
  );
  return ['README.md', ...docs.map((name) => `docs/${name}`)];
}

/** The pages that TypeDoc makes: npm run docs:api. */
export function apiPages(): string[] {
  const names = readdirSync(join(root, 'docs/api'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => `docs/api/${name}`);
}

/** The pages of the reference that are about a function, one for each. */
export function functionPages(): string[] {
  return apiPages().filter((path) => /\/functions\/\w+\.md$/.test(path));
}

export function pageText(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const [index, line] of pageText(page).split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open !== undefined) {
      if (line === '```') {
        blocks.push(open);
        open = undefined;
      } else {
        open.text += `${line}\n`;
      }
    } else if (fence !== null) {
      const [language = '', ...words] = (fence[1] ?? '').split(' ').filter((word) => word !== '');
      open = { page, line: index + 1, language, words, text: '' };
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block does not end`);
  return blocks;
}

export interface Example extends Block {
  /** What it prints; `...` matches anything within a line. Undefined if the page does not say. */
  output: string | undefined;
  /** What else it needs: the words after `run`. */
  needs: Feature[];
}

/** The blocks marked `run`, each with the block marked `output` that follows. */
export function examplesOf(page: string): Example[] {
  const blocks = blocksOf(page);
  return blocks
    .map((block, index) => {
      const next = blocks[index + 1];
      return {
        ...block,
        output: next?.words.includes('output') ? next.text : undefined,
        needs: block.words.slice(block.words.indexOf('run') + 1) as Feature[],
      };
    })
    .filter(({ words }) => words.includes('run'));
}
