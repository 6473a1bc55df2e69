import { randomBytes } from 'node:crypto';
import { openCluster, type Cluster } from '../../src/cluster/client';
import type { Kinds } from '../../src/cluster/objects';
import type { ArgoForm } from '../../src/compile/argo';
import type { TestCell } from '../law/notebook-file';
import { objectName } from './cluster';
import { applied, compiled, mayMakeNamespaces } from './compiled';
import { ended, putOut, ranHere } from './runs';

// Documents of `notepod compile` run as they are, and give what a local run gives.

let cluster: Cluster;
beforeAll(async () => {
  cluster = await openCluster();
});
afterAll(() => cluster.dispose());

/** Runs a document of this form to its end. */
async function run(
  cells: readonly TestCell[],
  form: ArgoForm = { as: 'workflow' },
  parameters: Readonly<Record<string, string>> = {}
) {
  const name = objectName('compiled');
  const { document } = await compiled(cells, form, name);
  let workflow: Kinds['Workflow'] = document;
  if (form.as === 'template') {
    await cluster.create('WorkflowTemplate', document);
    workflow = {
      metadata: { generateName: `${name}-` },
      spec: {
        workflowTemplateRef: { name },
        arguments: {
          parameters: Object.entries(parameters).map(([name, value]) => ({ name, value }))
        }
      }
    };
  }
  try {
    for (;;) {
      const made = await cluster.create('Workflow', workflow);
      const own = made.metadata?.name ?? '';
      try {
        const phase = await ended(cluster, own);
        // Argo's controller may hear of the Workflow before it hears of the template.
        if (!/workflowtemplates.* not found/.test(phase)) {
          return { phase, ...(await putOut(cluster, own, cells.length)) };
        }
      } finally {
        await cluster.delete('Workflow', own);
      }
    }
  } finally {
    if (form.as === 'template') {
      await cluster.delete('WorkflowTemplate', name);
    }
  }
}

const HARD = '$(HOME) $$(HOME) {{workflow.name}} {{=1+1}} "\'\\ # : 😀 \u2028\u0085';

test('hard texts, long lines on both streams, and a bundle of several pieces', async () => {
  const cells: readonly TestCell[] = [
    {
      tags: ['step:one', `env:HARD=${HARD}`],
      source: [
        'import os, sys',
        `print(os.environ["HARD"], os.environ["HARD"] == ${JSON.stringify(HARD)})`,
        `filler = ${JSON.stringify(randomBytes(150_000).toString('base64'))}`,
        'for n in range(3000): print("\\rbar %d" % n, end="", file=sys.stderr)',
        'sys.stderr.flush()',
        'print("open line " * 3000, end="")'
      ].join('\n')
    },
    { tags: ['step:two_'], source: `words = [len(filler), ${JSON.stringify(HARD)}]\nprint(words)` },
    { tags: ['step:two-'], source: 'words.append(3)\nwords' },
    { tags: ['step:three'], source: 'print(words, "\\x1enp 0 . - QUJD")' }
  ];
  const [here, there] = await Promise.all([ranHere(cells), run(cells)]);
  expect(there.phase).toBe('Succeeded');
  expect(there.gaps).toBe(0);
  expect(there.outputs).toEqual(here.outputs);
  expect(there.outputs.flat()).not.toEqual([]);
  expect(there.printed).toContain(`${HARD} True`);
});

test('a template, with parameters of its own', async () => {
  const cells: readonly TestCell[] = [
    { tags: ['parameters'], source: 'n = 3\nname = "a"\nrates = [1, 2]\nfast = True' },
    { tags: ['step:one'], source: 'print(n + 1, name, rates, fast)' }
  ];
  const given = { n: '40', name: HARD.replace(/\{\{.*?\}\}/g, '}}'), fast: 'false' };
  const { phase, outputs } = await run(cells, { as: 'template' }, given);
  expect(phase).toBe('Succeeded');
  expect(outputs[1]).toEqual([
    { output_type: 'stream', name: 'stdout', text: `41 ${given.name} [1, 2] False\n` }
  ]);
});

test('a step that fails ends the run as failed, after all that comes before it', async () => {
  const cells: readonly TestCell[] = [
    { tags: ['step:bad'], source: 'print("before")\n1 / 0' },
    { tags: ['step:other'], source: 'print("on its own")' },
    { tags: ['step:after', 'prev:bad'], source: 'print("never")' }
  ];
  const [here, there] = await Promise.all([ranHere(cells), run(cells)]);
  expect(there.phase).toMatch(/^Failed/);
  expect(there.outputs[0]).toEqual(here.outputs?.[0]);
  expect(there.outputs[2]).toEqual([]);
});

// It takes a namespace of its own, since the profile is a namespace's.
(mayMakeNamespaces() ? test : test.skip)(
  'the pods of a user who is not root are let into a namespace with the restricted profile',
  async () => {
    const namespace = objectName('restricted');
    const account = { name: 'steps', namespace };
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: account };
    applied([
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: namespace,
          labels: { 'pod-security.kubernetes.io/enforce': 'restricted' }
        }
      },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
      {
        ...rbac,
        kind: 'Role',
        rules: [
          {
            apiGroups: ['argoproj.io'],
            resources: ['workflowtaskresults'],
            verbs: ['create', 'patch']
          }
        ]
      },
      {
        ...rbac,
        kind: 'RoleBinding',
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account.name },
        subjects: [{ kind: 'ServiceAccount', ...account }]
      }
    ]);
    const there = await openCluster({ namespace });
    try {
      const cells = [{ tags: ['step:one'], source: 'import os\nprint(os.getuid())' }];
      const { document } = await compiled(cells, { as: 'workflow', namespace }, 'nb', {
        serviceAccount: account.name,
        runAsUser: 1000
      });
      const made = await there.create('Workflow', document);
      const name = made.metadata?.name ?? '';
      expect(await ended(there, name)).toBe('Succeeded');
      expect((await putOut(there, name, 1)).printed).toBe('1000\n');
    } finally {
      await there.delete('Namespace', namespace);
      there.dispose();
    }
  }
);
