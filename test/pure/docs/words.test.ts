import { pages, pageText } from '../../support/docs/doc-examples';

/** As `wc -w` counts, code included, but not what is a sign alone, such as the bars of a table. */
function wordsOf(page: string): number {
  return pageText(page)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

const counted = pages().map((page) => ({ page, words: wordsOf(page) }));

test('a guide has 600 words at most', () => {
  const guides = counted.filter(({ page }) => page.startsWith('docs/guides/'));
  expect(guides.length).toBeGreaterThan(5);
  expect(guides.filter(({ words }) => words > 600)).toEqual([]);
});

test('the README has 700 words at most', () => {
  expect(counted.filter(({ page, words }) => page === 'README.md' && words > 700)).toEqual([]);
});

test('all pages but those that TypeDoc makes have 45,000 words at most', () => {
  expect(counted.reduce((sum, { words }) => sum + words, 0)).toBeLessThanOrEqual(45_000);
});
