import { compileDocument } from '../src/compile/argo';
import { argoYaml } from '../src/compile/argo-yaml';
import { prepareClusterRun } from '../src/service/cluster-run';
import { openProject } from '../src/service/project';

/** Medians of processor time, in ms: from the file to the graph, and from there to the document as YAML. */
export async function times(
  path: string,
  tries: number
): Promise<{ readonly graph: number; readonly compile: number }> {
  const graph: number[] = [];
  const compile: number[] = [];
  for (let each = 0; each < tries; each++) {
    const start = processorTime();
    const project = await openProject(path);
    const analysed = processorTime();
    const { sources } = prepareClusterRun(project, new Map(), {
      image: 'python:3.12',
      standsAlone: true
    });
    const form = { as: 'workflow' } as const;
    argoYaml(compileDocument(sources, form), sources, form);
    graph.push(analysed - start);
    compile.push(processorTime() - analysed);
  }
  return { graph: median(graph), compile: median(compile) };
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
