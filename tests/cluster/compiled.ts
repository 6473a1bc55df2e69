import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openCluster } from '../../src/cluster/client';
import { compileDocument, compileRun, type ArgoForm } from '../../src/compile/argo';
import { argoYaml } from '../../src/compile/argo-yaml';
import type { JsonObject, RunManifests } from '../../src/compile/types';
import type { Diagnostic } from '../../src/diagnostics/types';
import { prepareClusterRun, type ClusterChoices } from '../../src/service/cluster-run';
import { analyseProject } from '../../src/service/project';
import { notebookText, type TestCell } from '../law/notebook-file';
import { image, stepAccount } from './cluster';

/** A notebook compiled for the cluster of the tests. */
export interface Compiled {
  readonly document: JsonObject;
  readonly yaml: string;
  readonly run: RunManifests;
  /** What stops it. */
  readonly errors: readonly Diagnostic[];
}

/** Compiles a notebook of these cells as `notepod compile` does, in this process. */
export async function compiled(
  cells: readonly TestCell[],
  form: ArgoForm = { as: 'workflow' },
  name = 'nb',
  more: ClusterChoices = {}
): Promise<Compiled> {
  const folder = mkdtempSync(join(tmpdir(), 'notepod-test-'));
  try {
    const project = await analyseProject(join(folder, `${name}.ipynb`), notebookText(cells));
    const choices = { image, serviceAccount: stepAccount, standsAlone: true, ...more };
    const { sources, diagnostics } = prepareClusterRun(project, new Map(), choices);
    const document = compileDocument(sources, form);
    return {
      document,
      yaml: argoYaml(document, sources, form),
      run: compileRun(sources, '20261125-101112-test'),
      errors: [...project.diagnostics, ...diagnostics].filter(each => each.severity === 'error')
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What the API server makes of documents, without keeping them. By kubectl if it is there, as a user sends them.
 * @param strict as kubectl checks if not told otherwise, which takes most of a second for each; else by the schemas alone
 * @throws if one is refused
 */
export async function accepted(
  yamls: readonly string[],
  strict = true
): Promise<readonly JsonObject[]> {
  if (hasKubectl()) {
    const validate = `--validate=${strict ? 'strict' : 'ignore'}`;
    const said = execFileSync(
      'kubectl',
      ['create', '--dry-run=server', validate, '-o', 'json', '-f', '-'],
      { input: yamls.join('\n---\n'), encoding: 'utf-8', maxBuffer: 1 << 28, stdio: 'pipe' }
    );
    return said.split(/(?<=^\})\n(?=\{)/m).map(each => JSON.parse(each) as JsonObject);
  }
  const cluster = await openCluster();
  try {
    const found: JsonObject[] = [];
    for (const yaml of yamls) {
      const document = parse(yaml, { version: '1.1' }) as JsonObject;
      const kind = document.kind as 'Workflow' | 'WorkflowTemplate' | 'CronWorkflow';
      found.push((await cluster.create(kind, document, { dryRun: true })) as JsonObject);
    }
    return found;
  } finally {
    cluster.dispose();
  }
}

/** True if kubectl is there and the user may make namespaces. */
export function mayMakeNamespaces(): boolean {
  return (
    hasKubectl() &&
    spawnSync('kubectl', ['auth', 'can-i', 'create', 'namespaces'], { stdio: 'ignore' }).status ===
      0
  );
}

/** Applies objects of any kind. */
export function applied(objects: readonly object[]): void {
  execFileSync('kubectl', ['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    stdio: 'pipe'
  });
}

/** True if kubectl is on the path. */
export function hasKubectl(): boolean {
  return spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;
}
