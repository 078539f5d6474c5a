import { parseAllDocuments } from 'yaml';
import { type Block, blocksOf, pages } from '../../support/doc-examples';
import { testRows } from '../../support/rows';

/** The program in what a page has people write: the entry point of a container, or a step of a job. */
const INIT = /memcage|systemd-run/;

const blocks = pages()
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'yaml');

function parse({ text }: Block): Record<string, unknown> {
  const [document, ...others] = parseAllDocuments(text, { prettyErrors: true, strict: true, uniqueKeys: true });
  expect(others).toEqual([]);
  if (document === undefined || !('contents' in document)) throw new Error('it is empty');
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS() as Record<string, unknown>;
}

test('the pages have YAML', () => {
  expect(blocks.length).toBeGreaterThan(0);
});

testRows(
  'YAML in the pages says what it is meant to say',
  blocks.map((block) => [`${block.page}:${block.line}`, block] as const),
  ([, block]) => {
    const value = parse(block);
    // Of Compose, Kubernetes, or GitHub Actions.
    const [kind] = ['services', 'apiVersion', 'jobs'].filter((key) => key in value);
    expect(kind).toBeDefined();
    expect(JSON.stringify(value)).toMatch(INIT);
  },
);
