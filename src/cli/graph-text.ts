import type { Edge, EdgeReason, StepGraph } from '../dataflow/types';
import type { FoundFile } from '../service/files';

/** How `graph` prints. */
export type GraphFormat = 'text' | 'json' | 'dot' | 'mermaid';

/** The graph as one text in a format. */
export function formatGraph(
  graph: StepGraph,
  files: readonly FoundFile[],
  format: GraphFormat
): string {
  switch (format) {
    case 'json':
      return JSON.stringify(
        {
          steps: graph.steps.map(step => ({
            name: step.name,
            cells: step.cells,
            inputs: step.inputs,
            outputs: step.outputs,
            parameters: step.parameters
          })),
          edges: graph.edges,
          parameters: graph.parameters.map(({ name, type, value }) => ({ name, type, value })),
          files
        },
        null,
        2
      );
    case 'dot':
      return dot(graph);
    case 'mermaid':
      return mermaid(graph);
    case 'text':
      return text(graph, files);
  }
}

function text(graph: StepGraph, files: readonly FoundFile[]): string {
  const lines: string[] = [];
  for (const step of graph.steps) {
    const cells = step.cells.map(index => index + 1).join(', ');
    lines.push(`${step.name}   (cell${step.cells.length === 1 ? '' : 's'} ${cells})`);
    for (const edge of graph.edges.filter(each => each.to === step.name)) {
      lines.push(`  after ${edge.from}${namesOf(edge)}`);
      for (const reason of edge.reasons) {
        lines.push(`      ${reason.words}`);
      }
    }
    const replayed = [...new Set(step.replays.flatMap(each => each.definition.names))];
    if (replayed.length > 0) {
      lines.push(`  repeats ${replayed.join(', ')}`);
    }
    if (step.outputs.length > 0) {
      lines.push(`  leaves ${step.outputs.join(', ')}`);
    }
  }
  if (graph.parameters.length > 0) {
    lines.push('', 'parameters');
    for (const each of graph.parameters) {
      const comment = each.comment === undefined ? '' : `   # ${each.comment}`;
      lines.push(`  ${each.name}: ${each.type} = ${JSON.stringify(each.value)}${comment}`);
    }
  }
  if (files.length > 0) {
    lines.push('', 'files that travel with a run');
    for (const file of files) {
      lines.push(`  ${file.path}   ${file.bytes} bytes (${file.because})`);
    }
  }
  return lines.join('\n');
}

function namesOf(edge: Edge): string {
  const names = labels(edge);
  return names.length > 0 ? `: ${names.join(', ')}` : '';
}

/** Short labels of an edge: names, channels, files. */
function labels(edge: Edge): readonly string[] {
  return [...new Set(edge.reasons.map(label).filter(each => each !== ''))];
}

function label(reason: EdgeReason): string {
  switch (reason.kind) {
    case 'value':
    case 'definition':
    case 'order':
      return reason.name;
    case 'ambient':
      return reason.channel;
    case 'file':
      return reason.path ?? 'files';
    case 'prev':
      return '';
  }
}

function dot(graph: StepGraph): string {
  const quote = (word: string) => `"${word.replace(/["\\]/g, '\\$&')}"`;
  const lines = ['digraph notebook {', '  rankdir=LR;', '  node [shape=box];'];
  graph.steps.forEach(step => lines.push(`  ${quote(step.name)};`));
  for (const edge of graph.edges) {
    lines.push(
      `  ${quote(edge.from)} -> ${quote(edge.to)} [label=${quote(labels(edge).join(', '))}];`
    );
  }
  return [...lines, '}'].join('\n');
}

function mermaid(graph: StepGraph): string {
  // Mermaid takes some words (`end`) for its own, so nodes get plain ids and the names stand in quotes.
  const id = new Map(graph.steps.map((step, index) => [step.name, `s${index}`]));
  const lines = ['flowchart LR'];
  graph.steps.forEach(step => lines.push(`  ${id.get(step.name) ?? ''}["${step.name}"]`));
  for (const edge of graph.edges) {
    const words = labels(edge).join(', ').replace(/"/g, '#quot;');
    const arrow = words === '' ? '-->' : `-->|"${words}"|`;
    lines.push(`  ${id.get(edge.from) ?? ''} ${arrow} ${id.get(edge.to) ?? ''}`);
  }
  return lines.join('\n');
}
