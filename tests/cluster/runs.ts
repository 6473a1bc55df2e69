import { mkdirSync, mkdtempSync, rmSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import type { Cluster } from '../../src/cluster/client';
import type { NotebookOutput } from '../../src/service/compare';
import { readOutputs } from '../../src/service/store';
import { FrameReader } from '../../src/timing/frames';
import { PYTHON, Sandbox } from '../law/command';
import type { TestCell } from '../law/notebook-file';

/** What a cell put out, by cell. */
export type Outputs = readonly (readonly NotebookOutput[])[];

/** What a run of a notebook put out, and how it ended. */
export interface Ran {
  readonly code: number | null;
  /** Undefined if it was refused. */
  readonly outputs: Outputs | undefined;
}

/** Runs a notebook as processes of this machine. */
export async function ranHere(cells: readonly TestCell[]): Promise<Ran> {
  const sandbox = new Sandbox();
  try {
    const path = sandbox.notebook(cells);
    const { code, stderr } = await sandbox.notepod([
      ...['run', path, '--python', PYTHON, '-o', 'out.ipynb']
    ]);
    const outputs = sandbox.outputs('out.ipynb');
    if (outputs === undefined && code !== 3) {
      throw new Error(`no outputs: ${stderr}`);
    }
    return { code, outputs };
  } finally {
    sandbox.dispose();
  }
}

/** Waits until a Workflow is over. @returns how it ended, with Argo's message */
export async function ended(cluster: Cluster, workflow: string): Promise<string> {
  const stop = new AbortController();
  let found = '';
  for await (const event of cluster.watch(
    'Workflow',
    { fieldSelector: `metadata.name=${workflow}` },
    stop.signal
  )) {
    const status = event.type === 'SYNCED' ? undefined : event.object.status;
    const { phase, message } = (status ?? {}) as { phase?: string; message?: string };
    if (['Succeeded', 'Failed', 'Error'].includes(phase ?? '')) {
      found = `${phase}${message === undefined ? '' : `: ${message}`}`;
      stop.abort();
    }
  }
  return found;
}

/** What the steps of a compiled document printed and put out, from the logs of their pods alone. */
export async function putOut(
  cluster: Cluster,
  workflow: string,
  cells: number
): Promise<{ readonly printed: string; readonly outputs: Outputs; readonly gaps: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'notepod-test-'));
  let printed = '';
  let gaps = 0;
  try {
    const pods = await cluster.list('Pod', { labelSelector: `notepod.dev/run=${workflow}` });
    const ordered = [...pods].sort((a, b) => Number(ordinalOf(a)) - Number(ordinalOf(b)));
    for (const pod of ordered) {
      const attempt = join(folder, 'steps', pod.metadata?.labels?.['notepod.dev/step'] ?? '', '1');
      mkdirSync(attempt, { recursive: true });
      const reader = new FrameReader(bytes => inflateSync(bytes));
      let isOver = false;
      for await (const bytes of cluster.podLog(pod.metadata?.name ?? '', 'main')) {
        for (const part of reader.read(bytes)) {
          if (part.type === 'gap') {
            gaps += 1;
          } else if (part.type === 'text') {
            // After the last word Argo's executor has a line of its own.
            printed += isOver ? '' : Buffer.from(part.bytes).toString('utf-8');
          } else {
            for (const each of part.message as readonly { o?: unknown; end?: unknown }[]) {
              isOver ||= each.end !== undefined;
              if (each.o !== undefined) {
                appendFileSync(join(attempt, 'outputs.jsonl'), `${JSON.stringify(each.o)}\n`);
              }
            }
          }
        }
      }
    }
    const found = readOutputs(folder);
    return {
      printed,
      outputs: Array.from({ length: cells }, (_, cell) => found.get(cell) ?? []),
      gaps
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Position of a step's first cell. */
function ordinalOf(pod: {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}) {
  return pod.metadata?.annotations?.['notepod.dev/cells']?.split(',')[0];
}
