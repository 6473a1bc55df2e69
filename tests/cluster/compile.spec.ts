import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openCluster } from '../../src/cluster/client';
import type { ArgoForm } from '../../src/compile/argo';
import type { JsonObject } from '../../src/compile/types';
import type { ConformanceCase } from '../law/verdict';
import type { TestCell } from '../law/notebook-file';
import { accepted, compiled, type Compiled } from './compiled';

// The API server checks the documents by the schemas of Kubernetes and of Argo, and keeps nothing of them.

const read = (name: string) =>
  JSON.parse(
    readFileSync(join(__dirname, '../conformance', name), 'utf-8')
  ) as readonly ConformanceCase[];

/** A field that the schema does not know would be dropped, a wrong type refused. */
async function expectAccepted(documents: readonly Compiled[], strict = true): Promise<void> {
  const found = await accepted(
    documents.map(each => each.yaml),
    strict
  );
  expect(found.map(each => each.spec)).toEqual(documents.map(each => each.document.spec));
}

test.each(['tagged.json', 'untagged-edges.json'])('%s: every document is accepted', async name => {
  const documents: Compiled[] = [];
  for (const each of read(name)) {
    documents.push(await compiled(each.cells));
  }
  await expectAccepted(documents, false);
});

const FORMS: readonly ArgoForm[] = [
  { as: 'workflow' },
  { as: 'template' },
  { as: 'cron', schedule: '0 6 * * 1-5', timezone: 'Europe/Berlin' },
  { as: 'cron', schedule: '@daily' }
];
const ALL_OPTIONS: readonly TestCell[] = [
  { tags: ['parameters'], source: 'epochs = 3\nmode = "fast"' },
  {
    tags: [
      ...['step:load', 'request:cpu:10m', 'request:memory:10Mi', 'limit:memory:1Gi'],
      ...['limit:nvidia.com/gpu:1', 'location:edge-a:20', 'role:training', 'node:disk=ssd'],
      ...['toleration:gpu', 'toleration:team=ml:NoSchedule', 'env:A=1', 'secret:s:k:B'],
      ...['volume:data:/data:ro', 'label:team:ml', 'annotation:a.b/c:d e', 'retry:2', 'timeout:1h']
    ],
    source: 'rows = epochs'
  },
  { tags: ['step:end'], source: 'print(rows, mode)' }
];

test.each(FORMS)('every option, as $as', async form => {
  await expectAccepted([await compiled(ALL_OPTIONS, form)]);
});

test('the objects of a run are accepted', async () => {
  const { run } = await compiled(ALL_OPTIONS);
  const cluster = await openCluster();
  const dryRun = { dryRun: true };
  try {
    const workflow = await cluster.create('Workflow', run.workflow, dryRun);
    expect(workflow.spec).toEqual(run.workflow.spec);
    await cluster.create('PersistentVolumeClaim', run.claim, dryRun);
    for (const each of run.configMaps) {
      await cluster.create('ConfigMap', each, dryRun);
    }
  } finally {
    cluster.dispose();
  }
});

/** What others than Python would take for something else. */
const HARD = [
  ...['{{workflow.name}}', '{{=1+1}}', '{{inputs.parameters.x}}', '}}', '{{', '{', '$(HOME)', '$$'],
  ...['$(', '${HOME}', '`id`', '"', "'", '\\', '\\n', '\n', '\t', ': ', ' #', '- ', '%', '---\n'],
  ...[
    '😀',
    'ä',
    '日本語',
    '\u0000',
    '\u0085',
    '\u2028',
    '\u00a0',
    '<b>',
    '&amp;',
    'yes',
    '012',
    '~'
  ]
];
const hard = fc
  .array(fc.oneof(fc.constantFrom(...HARD), fc.string({ unit: 'grapheme' })), {
    minLength: 1,
    maxLength: 8
  })
  .map(pieces => pieces.join(''));
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);

const hardCells = fc.array(
  fc.record({
    source: hard.map(text => `print(${JSON.stringify(text)})`),
    env: hard,
    annotation: hard,
    label: word
  }),
  { minLength: 1, maxLength: 4 }
);

test('no text of a cell or a tag is refused, changed, or taken for a variable', async () => {
  const documents: Compiled[] = [];
  await fc.assert(
    fc.asyncProperty(hardCells, async cells => {
      const tagged = cells.map(({ source, env, annotation, label }, index) => ({
        tags: [
          ...[`step:s${index}`, `env:HARD=${env}`, `label:l:${label}`],
          ...(index % 2 === 0 ? [`annotation:a:${annotation}`] : [])
        ],
        source
      }));
      const made = await compiled(tagged);
      expect(plansOf(made).map(plan => plan.cells[0].source)).toEqual(
        cells.map(each => each.source)
      );
      const refused = made.errors.map(each => each.code);
      expect(variablesIn(made.document).filter(each => !OURS.test(each))).toEqual(
        refused.includes('NP604') ? (expect.anything() as unknown) : []
      );
      if (refused.length === 0) {
        documents.push(made);
      }
    }),
    { numRuns: 60 }
  );
  expect(documents.length).toBeGreaterThan(10);
  await expectAccepted(documents, false);
  await expectAccepted(documents.slice(0, 5));
});

/** All that Argo would replace, or look at. */
function variablesIn(value: unknown): readonly string[] {
  return [...JSON.stringify(value).matchAll(/\{\{.*?(?:\}\}|"[,\]}])/g)].map(([text]) => text);
}
const OURS = /^\{\{(workflow\.name|retries|workflow\.parameters\.[\w-]+)\}\}$/;

interface Plan {
  readonly cells: readonly { readonly source: string }[];
}

function plansOf({ document }: Compiled): readonly Plan[] {
  const { parameters } = (document.spec as JsonObject).arguments as unknown as {
    readonly parameters: readonly { readonly name: string; readonly value: string }[];
  };
  const packed = parameters
    .filter(each => each.name.startsWith('notepod-bundle-'))
    .map(each => each.value);
  const text = gunzipSync(Buffer.from(packed.join(''), 'base64')).toString('utf-8');
  return Object.values((JSON.parse(text) as { readonly plans: Record<string, Plan> }).plans);
}

test('a cell of 1 MB is accepted', async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `# line ${n}: ${'x'.repeat(36)}`);
  const source = `${lines.join('\n')}\nprint(1)`;
  expect(source.length).toBeGreaterThan(1_000_000);
  const made = await compiled([{ tags: ['step:a'], source }]);
  expect(made.errors).toEqual([]);
  await expectAccepted([made]);
});

test('a cell that is too large is refused here', async () => {
  const source = `print(len("${randomBytes(1_000_000).toString('base64')}"))`;
  const { errors } = await compiled([{ tags: ['step:a'], source }]);
  expect(errors.map(each => each.code)).toEqual(['NP603']);
});
