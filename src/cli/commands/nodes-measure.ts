import { openCluster, type ClusterChoice } from '../../cluster/client';
import {
  labelsOf,
  measureNodes,
  probesOf,
  writeLabels,
  type Measured,
  type NodeMeasurement,
  type Probe
} from '../../cluster/measure';
import { latencyText } from '../../pipeline/node-facts';
import { UserError } from '../../service/errors';
import { EXIT } from '../exit';
import { columns } from '../table';
import { paint, type Terminal } from '../terminal';

export interface MeasureCommandOptions extends ClusterChoice {
  readonly image?: string;
  readonly probe: ReadonlyMap<string, Probe>;
  readonly count: number;
  readonly limit: number;
  readonly serviceAccount?: string;
  readonly write?: boolean;
  readonly format: 'text' | 'json';
}

/** `notepod nodes measure`: measures latencies by a short-lived pod on each node; writes them as labels if asked. 1 if a node could not be measured. */
export async function measureCommand(
  options: MeasureCommandOptions,
  terminal: Terminal
): Promise<number> {
  const image = options.image ?? process.env.NOTEPOD_IMAGE;
  if (image === undefined) {
    throw new UserError(
      'no image to measure with',
      'name one that has Python 3: --image IMAGE, or NOTEPOD_IMAGE'
    );
  }
  const cluster = await openCluster({ context: options.context, namespace: options.namespace });
  const stop = new AbortController();
  const interrupt = () => stop.abort(new UserError('ended before all nodes were measured'));
  process.once('SIGINT', interrupt);
  try {
    const nodes = await cluster.list('Node');
    const probes = new Map([...probesOf(nodes), ...options.probe]);
    if (probes.size === 0) {
      throw new UserError(
        'no place to measure to',
        'name one: --probe edge-a=10.0.0.7:443, or annotate a node: kubectl annotate node NODE probe.notepod.dev/edge-a=10.0.0.7:443 (empty: the node itself)'
      );
    }
    const measured = await measureNodes(cluster, nodes, probes, {
      image,
      count: options.count,
      limitMs: options.limit * 1000,
      serviceAccount: options.serviceAccount,
      signal: stop.signal
    });
    const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    if (options.write === true) {
      for (const each of measured) {
        await writeLabels(cluster, each, at);
      }
    }
    report(measured, [...probes.keys()], options, terminal);
    return measured.every(isComplete) ? EXIT.done : EXIT.failed;
  } finally {
    process.off('SIGINT', interrupt);
    cluster.dispose();
  }
}

function isComplete({ places, error }: NodeMeasurement): boolean {
  return error === undefined && Object.values(places ?? {}).every(each => !('error' in each));
}

function report(
  measured: readonly NodeMeasurement[],
  places: readonly string[],
  { write, format, count }: MeasureCommandOptions,
  terminal: Terminal
): void {
  if (format === 'json') {
    terminal.out(JSON.stringify({ written: write === true, nodes: measured }, null, 2));
    return;
  }
  const [head, ...rows] = columns([
    ['node', ...places, ''],
    ...measured.map(each => [
      each.node,
      ...places.map(place => measuredText(each.places?.[place], count)),
      each.error ?? ''
    ])
  ]);
  terminal.out(paint(terminal, 'bold', head));
  rows.forEach(row => terminal.out(row));
  for (const { node, places: found = {} } of measured) {
    for (const [place, each] of Object.entries(found)) {
      if ('error' in each) {
        terminal.err(`${node} to ${place}: ${each.error}`);
      }
    }
  }
  if (write === true) {
    terminal.out('\nthe labels are written');
    return;
  }
  terminal.out('\nnothing is written; with --write the nodes get these labels:');
  for (const each of measured) {
    const labels = Object.entries(labelsOf(each)).map(([key, value]) => `${key}=${value}`);
    if (labels.length > 0) {
      terminal.out(`  ${each.node}: ${labels.join(' ')}`);
    }
  }
}

/** `0.289 ms (median 0.31, icmp)`. */
function measuredText(measured: Measured | undefined, count: number): string {
  if (measured === undefined || 'error' in measured) {
    return '-';
  }
  const lost = measured.lost === 0 ? '' : `, ${measured.lost} of ${count} lost`;
  return `${latencyText(measured.min)} (median ${measured.median / 1000}, ${measured.method}${lost})`;
}
