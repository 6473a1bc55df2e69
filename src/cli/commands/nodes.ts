import { openCluster, type Cluster, type ClusterChoice } from '../../cluster/client';
import { readNodes, type ClusterNodes } from '../../cluster/nodes';
import { amountText } from '../../pipeline/amounts';
import { knownPlaces, latencyText, type NodeFacts } from '../../pipeline/node-facts';
import type { StepPlacement } from '../../pipeline/placement';
import { taintText, type NodeVerdict } from '../../pipeline/verdict';
import { placeProject } from '../../service/cluster-check';
import { UserError } from '../../service/errors';
import { hasErrors, openProject, type Project } from '../../service/project';
import { EXIT } from '../exit';
import { formatProblems } from '../problems';
import { columns } from '../table';
import { paint, type Terminal } from '../terminal';

export interface NodesOptions extends ClusterChoice {
  readonly location?: string;
  readonly extender?: boolean;
  readonly all?: boolean;
  readonly format: 'text' | 'json';
}

/** Rows that a list has without `--all`. */
const SHOWN = 10;

/** `notepod nodes`: the nodes with their places and room, and where each step of a notebook could go; 3 if one could go nowhere. */
export async function nodesCommand(
  path: string | undefined,
  options: NodesOptions,
  terminal: Terminal
): Promise<number> {
  const project = path === undefined ? undefined : await openProject(path);
  const cluster = await openCluster({
    context: options.context,
    namespace: options.namespace ?? project?.notebook.settings.namespace
  });
  try {
    const extender = options.extender ?? project?.notebook.settings.extender ?? false;
    const found = await readNodes(cluster, extender);
    const places = knownPlaces(found.nodes);
    if (options.location !== undefined && !places.includes(options.location)) {
      throw new UserError(
        `no node has a latency to ${options.location}`,
        places.length === 0
          ? 'measure the latencies: notepod nodes measure'
          : `the places that there are: ${places.join(', ')}`
      );
    }
    return project === undefined || path === undefined
      ? listNodes(found, options, terminal)
      : await listSteps(cluster, project, path, found, { ...options, extender }, terminal);
  } finally {
    cluster.dispose();
  }
}

function listNodes(found: ClusterNodes, options: NodesOptions, terminal: Terminal): number {
  const nodes = sorted(found.nodes, options.location);
  if (options.format === 'json') {
    terminal.out(JSON.stringify({ ...found, nodes, images: undefined }, null, 2));
    return EXIT.done;
  }
  nodeTable(nodes, options, terminal).forEach(line => terminal.out(line));
  notes(found, terminal);
  return EXIT.done;
}

function notes({ seesAllPods, bad, autoscaler }: ClusterNodes, terminal: Terminal): void {
  if (!seesAllPods) {
    terminal.err(
      'the pods of other namespaces may not be seen: nodes may have less room than is told'
    );
  }
  if (autoscaler !== undefined) {
    terminal.err(`${autoscaler} adds nodes when pods do not fit`);
  }
  for (const { node, key, value } of bad) {
    terminal.err(
      `node ${node}: label ${key}=${value} is no whole number of microseconds, and is passed over`
    );
  }
}

function sorted(nodes: readonly NodeFacts[], place: string | undefined): readonly NodeFacts[] {
  const micros = (node: NodeFacts) =>
    place === undefined ? 0 : (node.latencies[place]?.micros ?? Infinity);
  // Infinity − Infinity is no number.
  return [...nodes].sort((a, b) => (micros(a) === micros(b) ? 0 : micros(a) - micros(b)));
}

function nodeTable(
  nodes: readonly NodeFacts[],
  { location, all }: NodesOptions,
  terminal: Terminal
): readonly string[] {
  const extended = [...new Set(nodes.flatMap(node => Object.keys(node.allocatable)))]
    .filter(resource => resource.includes('/'))
    .sort();
  const resources = ['cpu', 'memory', 'pods', ...extended];
  const shown = all === true ? nodes : nodes.slice(0, 3 * SHOWN);
  const rows = shown.map(node => [
    node.name,
    ...(location === undefined ? [] : [latencyOf(node, location)]),
    ...resources.map(resource => roomText(node, resource)),
    placesText(node),
    node.taints.map(taintText).join(', ') || (node.ready ? '-' : 'not ready')
  ]);
  const head = [
    'node',
    ...(location === undefined ? [] : [`to ${location}`]),
    ...resources.map(each => `${each} free`),
    'places',
    'taints'
  ];
  const [first, ...rest] = columns([head, ...rows]);
  const hidden = nodes.length - shown.length;
  return [
    paint(terminal, 'bold', first),
    ...rest,
    ...(hidden > 0 ? [`and ${hidden} more (--all)`] : [])
  ];
}

function latencyOf(node: NodeFacts, place: string): string {
  const latency = node.latencies[place];
  return latency === undefined ? 'unknown' : latencyText(latency.micros);
}

function roomText(node: NodeFacts, resource: string): string {
  const all = node.allocatable[resource];
  return all === undefined
    ? '-'
    : `${amountText(resource, node.free[resource] ?? 0)} of ${amountText(resource, all)}`;
}

function placesText(node: NodeFacts): string {
  const places = Object.entries(node.latencies).sort((a, b) => a[1].micros - b[1].micros);
  const text = places.map(([place, { micros }]) => `${place} ${latencyText(micros)}`).join(', ');
  return text === ''
    ? '-'
    : text + (node.measuredAt === undefined ? '' : ` (${node.measuredAt.slice(0, 10)})`);
}

async function listSteps(
  cluster: Cluster,
  project: Project,
  path: string,
  found: ClusterNodes,
  options: NodesOptions,
  terminal: Terminal
): Promise<number> {
  const { placements, volume, diagnostics } = await placeProject(cluster, project, found, {
    extender: options.extender
  });
  const steps = placements.filter(
    each => options.location === undefined || placeOf(project, each.step) === options.location
  );
  if (options.format === 'json') {
    const list = steps.map(({ step, verdicts = [], affinity, labels }) => ({
      step,
      labels,
      affinity,
      nodes: verdicts.map(({ node, fits, micros, reasons }) => ({
        node: node.name,
        fits,
        micros,
        reasons
      }))
    }));
    terminal.out(JSON.stringify({ steps: list, volume, diagnostics }, null, 2));
    return hasErrors(diagnostics) ? EXIT.refused : EXIT.done;
  }
  for (const placement of steps) {
    terminal.out(
      paint(terminal, 'bold', `step ${placement.step}${wishes(project, placement.step)}`)
    );
    verdictLines(placement, options.all === true).forEach(line => terminal.out(`  ${line}`));
    terminal.out('');
  }
  if (volume !== undefined) {
    terminal.out(`volume: ${volume.words}`);
  }
  notes(found, terminal);
  for (const block of formatProblems(diagnostics, project.notebook, path, 'text', terminal)) {
    terminal.out(`\n${block}`);
  }
  return hasErrors(diagnostics) ? EXIT.refused : EXIT.done;
}

function placeOf(project: Project, step: string): string | undefined {
  return project.notebook.steps.find(each => each.name === step)?.options.location?.place;
}

/** ` (location edge-a within 20 ms, cpu 4)`: what of the step's tags says where it can be. */
function wishes(project: Project, step: string): string {
  const options = project.notebook.steps.find(each => each.name === step)?.options;
  if (options === undefined) {
    return '';
  }
  const { location, limits, requests, nodeSelector, role } = options;
  const parts = [
    ...(location === undefined
      ? []
      : [
          `near ${location.place}${location.maxMs === undefined ? '' : `, at most ${location.maxMs} ms`}`
        ]),
    ...(role === undefined ? [] : [role]),
    ...Object.entries({ ...limits, ...requests }).map(([resource, text]) => `${resource} ${text}`),
    ...Object.entries(nodeSelector).map(([label, value]) => `${label}=${value}`)
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function verdictLines({ verdicts = [] }: StepPlacement, all: boolean): readonly string[] {
  if (verdicts.length === 0) {
    return ['the cluster has no nodes'];
  }
  const shown = all ? verdicts : verdicts.slice(0, SHOWN);
  const hidden = verdicts.length - shown.length;
  return [
    ...columns(
      shown.map(each => [
        each.node.name,
        each.micros === undefined ? '' : latencyText(each.micros),
        verdictText(each)
      ])
    ),
    ...(hidden > 0 ? [`and ${hidden} more (--all)`] : [])
  ];
}

function verdictText({ fits, reasons }: NodeVerdict): string {
  const text = reasons.map(each => each.text).join('; ');
  switch (fits) {
    case 'now':
      return 'fits';
    case 'later':
      return `fits when others end: ${text}`;
    case 'never':
      return `no: ${text}`;
  }
}
