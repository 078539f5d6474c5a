import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeErrors, kubernetesErrors, parseYaml } from '../../support/docs/manifests';
import { testRows } from '../../support/rows';

jest.setTimeout(60_000);

const directory = join(__dirname, '../../../examples/queue');
const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
const compose = read('docker-compose.yml');
const kubernetes = read('kubernetes.yaml');

/** A text with one change, which must be possible. */
function changed(text: string, [from, to]: readonly [string, string]): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

interface Service {
  command?: string[];
  environment?: { REDIS_URL: string };
  depends_on?: Record<string, unknown>;
  build?: string;
  [option: string]: unknown;
}

interface Template {
  metadata: { labels: object };
  spec: { containers: { args?: string[]; env?: { name: string; value: string }[]; resources: { limits: object } }[] };
}

interface KubernetesObject {
  kind: string;
  metadata: { name: string };
  spec: { selector: { matchLabels: object }; template: Template };
}

describe('docker-compose.yml of the queue', () => {
  const [value, ...others] = parseYaml(compose);
  const { services, volumes } = value as { services: Record<string, Service>; volumes: object };
  const { valkey = {}, worker = {} } = services;

  test('is what the Compose specification allows', () => {
    expect(others).toEqual([]);
    expect(composeErrors(value)).toEqual([]);
  });

  testRows(
    'would not be with',
    [
      ['mem_limit: 2g', 'mem_limt: 2g'],
      ['cgroup: private', 'cgroup: own'],
      ['replicas: 4', 'replicas: [4]'],
      ['condition: service_healthy', 'condition: healthy'],
      ["security_opt: ['writable-cgroups=true']", 'security_opt: writable-cgroups=true'],
      ['volumes:\n  valkey: {}', 'volume:\n  valkey: {}'],
    ] as const,
    (change) => expect(composeErrors(parseYaml(changed(compose, change))[0])).not.toEqual([]),
  );

  test('refers to what it has', () => {
    expect(Object.keys(worker.depends_on ?? {})).toEqual(['valkey']);
    expect(new URL(worker.environment?.REDIS_URL ?? '').hostname).toBe('valkey');
    expect(valkey['volumes']).toEqual([`${Object.keys(volumes)[0]}:/data`]);
    expect(worker.build).toBe('.');
  });

  test('has what cages and BullMQ need', () => {
    expect(worker).toMatchObject({ cgroup: 'private', security_opt: ['writable-cgroups=true'], mem_limit: '2g' });
    expect(valkey.command?.join(' ')).toContain('--maxmemory-policy noeviction');
  });
});

describe('kubernetes.yaml of the queue', () => {
  const objects = parseYaml(kubernetes);
  const [service, store, worker] = objects as unknown as [unknown, KubernetesObject, KubernetesObject];

  test('is what the API of Kubernetes has, and would not be with one mistake', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['Service', 'StatefulSet', 'Deployment']);
    const mistakes = [
      ['replicas: 4', 'replica: 4'],
      ['replicas: 4', "replicas: '4'"],
      ['kind: Deployment', 'kind: Deploymnt'],
      ['apiVersion: apps/v1\nkind: Deployment', 'apiVersion: v1\nkind: Deployment'],
      ['  selector:\n    matchLabels:\n      app: worker\n', ''],
      ["hierarchy-rw: 'true'", 'hierarchy-rw: true'],
      ['            limits:\n              memory: 2Gi', '            limit:\n              memory: 2Gi'],
    ] as const;
    const wrong = mistakes.map((mistake) => parseYaml(changed(kubernetes, mistake)));
    const [right, ...errors] = kubernetesErrors(objects, ...wrong);
    expect(right).toEqual([]);
    expect(errors.flatMap((found, index) => (found.length > 0 ? [] : [mistakes[index]]))).toEqual([]);
  });

  test('selects what it makes', () => {
    for (const { spec } of [store, worker]) expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
    expect(service).toMatchObject({
      metadata: { name: 'valkey' },
      spec: { selector: store.spec.selector.matchLabels },
    });
  });

  test('says the same as Compose', () => {
    const { services } = parseYaml(compose)[0] as { services: Record<string, Service> };
    const [container] = worker.spec.template.spec.containers;
    expect(container?.env).toEqual([{ name: 'REDIS_URL', value: services['worker']?.environment?.REDIS_URL }]);
    expect(container?.resources.limits).toEqual({ memory: '2Gi' });
    expect(store.spec.template.spec.containers[0]?.args).toEqual(services['valkey']?.command);
  });
});
