import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parameterText, settableParameters } from '../compile/argo';
import type { PodSettings } from '../compile/kfp/types';
import type { LocalDocument } from '../compile/types';
import type { Diagnostic } from '../diagnostics/types';
import type { Pipeline } from '../pipeline/types';
import { STEP_PROGRAM } from '../runtime/program';
import { withOutputs } from './outputs';
import type { Project } from './project';

/** Bytes of packed files that travel in the document. A ConfigMap takes 1 MiB, and the program and the cells go along. */
const MOST_FILES = 700_000;
/** Bytes of a packed bundle. etcd takes 1.5 MiB in one request, and Argo keeps its status beside the document. */
const MOST_BUNDLE = 1_000_000;

/** All that the pods of a run need besides their image, packed; once per run. `src/runtime/notepod_boot.py` unpacks it. */
export interface Bundle {
  /** gzip of JSON, base64. Deterministic. */
  readonly packed: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Packs the step program, the plans, the files found, and what is needed to show the run on another machine.
 * @param withNotebook also the notebook without what earlier runs left in it, for this run's outputs to be written into: its cells
 *   stand in the plans already, and where there is little room, in a document that stands alone, they must not stand twice
 */
export function makeBundle(
  project: Project,
  pipeline: Pipeline,
  document: LocalDocument,
  withNotebook = true
): Bundle {
  const files = filesOf(project);
  const settable = settableParameters(pipeline);
  const settings: PodSettings = Object.fromEntries(
    pipeline.steps.map(({ step, options }) => [
      step.name,
      {
        env: options.env,
        parameters: Object.fromEntries(
          settable
            .filter(each => step.parameters.includes(each.name))
            .map(each => [each.name, { type: each.type, text: parameterText(each) }])
        )
      }
    ])
  );
  return bundleOf(files, {
    ...podContent(document, settings, files),
    ...(withNotebook ? { notebook: withOutputs(project.text, new Map()) } : {}),
    document: { ...document, steps: document.steps.map(withoutPlan) },
    parameters: Object.fromEntries(pipeline.parameters.map(each => [each.name, each.value]))
  });
}

/** Packs what the pods alone need, for a document in which every byte stands several times: on Kubeflow. */
export function makePodBundle(
  project: Project,
  document: LocalDocument,
  settings: PodSettings
): Bundle {
  const files = filesOf(project);
  return bundleOf(files, podContent(document, settings, files));
}

function podContent(
  document: LocalDocument,
  settings: PodSettings,
  files: ReadonlyMap<string, Buffer>
) {
  return {
    program: STEP_PROGRAM,
    plans: Object.fromEntries(document.steps.map(({ name, plan }) => [name, { ...plan, run: '' }])),
    settings,
    files: Object.fromEntries([...files].map(([path, data]) => [path, data.toString('base64')]))
  };
}

function bundleOf(
  files: ReadonlyMap<string, Buffer>,
  content: { readonly files: object; readonly [key: string]: unknown }
): Bundle {
  const packed = pack(content);
  const diagnostics: Diagnostic[] = [];
  const filesPacked = files.size === 0 ? 0 : pack(content.files).length;
  if (filesPacked > MOST_FILES) {
    diagnostics.push(tooLarge(files, filesPacked));
  } else if (packed.length > MOST_BUNDLE) {
    diagnostics.push({
      code: 'NP603',
      severity: 'error',
      message: `the notebook is too large for a document on a cluster: ${kilobytes(packed.length)} packed, of ${kilobytes(MOST_BUNDLE)}`,
      why: 'the cells travel in an object of Kubernetes, whose store takes 1.5 MB at once',
      fix: 'move large texts out of the cells into files on a volume'
    });
  }
  return { packed: packed.toString('base64'), diagnostics };
}

function withoutPlan(step: LocalDocument['steps'][number]): object {
  return Object.fromEntries(Object.entries(step).filter(([key]) => key !== 'plan'));
}

/** gzip without a time in it, so that equal content gives equal bytes. */
function pack(content: unknown): Buffer {
  const packed = gzipSync(JSON.stringify(content));
  // Bytes 4 to 7: time of modification; 9: operating system (RFC 1952).
  packed.fill(0, 4, 8);
  packed[9] = 255;
  return packed;
}

function filesOf(project: Project): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  const add = (path: string): void => {
    const full = join(project.folder, path);
    if (statSync(full).isDirectory()) {
      readdirSync(full)
        .sort()
        .filter(name => name !== '__pycache__')
        .forEach(name => add(`${path}/${name}`));
    } else {
      found.set(path, readFileSync(full));
    }
  };
  project.files.found.forEach(each => add(each.path));
  return found;
}

function tooLarge(files: ReadonlyMap<string, Buffer>, packed: number): Diagnostic {
  const largest = [...files]
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, 3)
    .map(([path, data]) => `${path} (${kilobytes(data.length)})`);
  return {
    code: 'NP602',
    severity: 'error',
    message: `the files that travel with the run are too large: ${kilobytes(packed)} packed, of ${kilobytes(MOST_FILES)}; the largest: ${largest.join(', ')}`,
    why: 'they travel in an object of Kubernetes, which takes 1 MB',
    fix: 'put them on a claim and mount it with a tag: `volume:CLAIM:/PATH:ro`'
  };
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}
