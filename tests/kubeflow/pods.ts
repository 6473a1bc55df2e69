import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { inflateSync } from 'node:zlib';
import { FrameReader } from '../../src/timing/frames';

interface Pipeline {
  readonly deploymentSpec: {
    readonly executors: Record<string, { readonly container: Container }>;
  };
  readonly root: {
    readonly inputDefinitions?: {
      readonly parameters: Record<string, { readonly defaultValue: unknown }>;
    };
    readonly dag: { readonly tasks: Record<string, Task> };
  };
}

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

interface Task {
  readonly dependentTasks?: readonly string[];
  readonly inputs?: {
    readonly parameters: Record<string, { readonly componentInputParameter: string }>;
  };
}

/** What a pod left. */
export interface PodEnd {
  readonly code: number | null;
  /** What the cells printed. */
  readonly printed: string;
  readonly errors: string;
  readonly word: { readonly outcome?: string; readonly attempt?: number };
}

/**
 * Runs a compiled pipeline as Kubeflow's driver and launcher do, without a cluster: tasks one after the other where they depend on each other, placeholders
 * filled in, each command a process with a folder for the volume.
 */
export class KubeflowRun {
  constructor(
    text: string,
    private readonly python: string,
    /** Values that the run gives to parameters. */
    private readonly given: Readonly<Record<string, unknown>> = {}
  ) {
    this.pipeline = parseAllDocuments(text)[0].toJS() as Pipeline;
    mkdirSync(this.volume);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** All tasks, by name, in an order in which each comes after those that it depends on. */
  runAll(): Readonly<Record<string, PodEnd>> {
    const ended: Record<string, PodEnd> = {};
    const { tasks } = this.pipeline.root.dag;
    const run = (name: string): void => {
      if (name in ended) {
        return;
      }
      tasks[name].dependentTasks?.forEach(run);
      ended[name] = this.run(name);
    };
    Object.keys(tasks).forEach(run);
    return ended;
  }

  run(task: string): PodEnd {
    const {
      command,
      args,
      env = []
    } = this.pipeline.deploymentSpec.executors[`exec-${task}`].container;
    const inputs = this.pipeline.root.dag.tasks[task].inputs?.parameters ?? {};
    const [program, ...rest] = [...command, ...args.map(each => this.filled(each, inputs))];
    const word = join(this.folder, `${task}-word`);
    const pod = spawnSync(
      program === 'python3' ? this.python : program,
      rest.map(each => each.replace(/^\/marshal(?=\/)/, this.volume)),
      {
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          ...Object.fromEntries(env.map(each => [each.name, each.value])),
          NOTEPOD_VOLUME: this.volume,
          NOTEPOD_TERMINATION_LOG: word,
          NOTEPOD_RUN: 'run'
        }
      }
    );
    return {
      code: pod.status,
      printed: printedIn(pod.stdout),
      errors: pod.stderr.toString(),
      word: existsSync(word) ? (JSON.parse(readFileSync(word, 'utf-8')) as object) : {}
    };
  }

  private filled(
    argument: string,
    inputs: Record<string, { readonly componentInputParameter: string }>
  ): string {
    return argument.replace(/\{\{\$\.inputs\.parameters\['(.+?)'\]\}\}/g, (_, name: string) => {
      const parameter = inputs[name].componentInputParameter;
      const own = this.pipeline.root.inputDefinitions?.parameters[parameter].defaultValue;
      const value = parameter in this.given ? this.given[parameter] : own;
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
  }

  private readonly pipeline: Pipeline;
  private readonly folder = mkdtempSync(join(tmpdir(), 'notepod-pods-'));
  private readonly volume = join(this.folder, 'volume');
}

/** A container's log without what the step program says between. */
function printedIn(log: Buffer): string {
  const reader = new FrameReader(bytes => inflateSync(bytes));
  const parts = [...reader.read(log), ...reader.end()];
  return Buffer.concat(
    parts.flatMap(part => (part.type === 'text' ? [part.bytes] : []))
  ).toString();
}
