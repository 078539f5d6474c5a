import { type Block, blocksOf, pages } from '../../support/docs/doc-examples';
import { composeErrors, kubernetesErrors, parseYaml } from '../../support/docs/manifests';
import { testRows } from '../../support/rows';

/** The entry point of a container. */
const ENTRY_POINT = /memcage","init/;
/** What the last step of a job runs: npm and its shell are in the cgroup too. */
const LAST_STEP = /memcage init -- /;

type Jobs = Record<string, { steps: { run?: string }[] }>;

function lastSteps(jobs: Jobs): string[] {
  return Object.values(jobs).map(({ steps }) => steps.at(-1)?.run ?? '');
}

const blocks = pages()
  .flatMap(blocksOf)
  .filter(({ language, words }) => language === 'yaml' && !words.includes('recipe'));

function parse({ text }: Block): Record<string, unknown> {
  const [value, ...others] = parseYaml(text);
  expect(others).toEqual([]);
  if (value === undefined) throw new Error('it is empty');
  return value;
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
    if (kind === 'services') expect(composeErrors(value)).toEqual([]);
    if (kind === 'apiVersion') expect(kubernetesErrors([value])).toEqual([[]]);
    if (kind !== 'jobs') expect(JSON.stringify(value)).toMatch(ENTRY_POINT);
    else for (const step of lastSteps(value[kind] as Jobs)) expect(step).toMatch(LAST_STEP);
  },
);
