import { writeFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { compileDocument, tooLargeForArgo, type ArgoForm } from '../../compile/argo';
import { argoYaml } from '../../compile/argo-yaml';
import { placeSteps } from '../../pipeline/placement';
import { prepareClusterRun, type ClusterChoices } from '../../service/cluster-run';
import { UserError } from '../../service/errors';
import type { KubeflowChoices } from '../../service/kubeflow';
import { expectWritable } from '../../service/outputs';
import { hasErrors, openProject } from '../../service/project';
import { EXIT } from '../exit';
import { countProblems, formatProblems } from '../problems';
import type { Terminal } from '../terminal';
import { expectNoneOfArgo, writeKubeflow } from './compile-kfp';

/** What `notepod compile` is asked for. */
export interface CompileOptions extends ClusterChoices {
  readonly target: 'argo' | 'kfp';
  readonly imagePullPolicy?: KubeflowChoices['imagePullPolicy'];
  readonly output: string;
  readonly as: ArgoForm['as'];
  readonly schedule?: string;
  readonly timezone?: string;
  readonly namespace?: string;
  readonly parameter: ReadonlyMap<string, string>;
}

/** The options of `notepod compile`. */
export function compileOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--target <target>', 'what the document is for: Argo, or Kubeflow Pipelines')
        .choices(['argo', 'kfp'])
        .makeOptionMandatory()
    )
    .requiredOption('-o, --output <file>', 'the document to write; -: standard output')
    .addOption(
      new Option('--as <form>', 'a run, a template to start runs from, or runs by a schedule')
        .choices(['workflow', 'template', 'cron'])
        .default('workflow')
    )
    .option('--schedule <cron>', 'when to run, with --as cron: "0 6 * * 1-5", "@daily"')
    .option('--timezone <zone>', 'of the schedule, as Europe/Berlin (default: that of Argo)')
    .option('-n, --namespace <namespace>', 'write this namespace into the document')
    .option('--image <image>', 'image of the steps that name none')
    .addOption(
      new Option('--image-pull-policy <policy>', 'when nodes pull it, with --target kfp').choices([
        'Always',
        'IfNotPresent',
        'Never'
      ])
    )
    .option('--service-account <name>', 'service account of the pods')
    .option(
      '--run-as-user <uid>',
      'user of the pods, with all that the `restricted` profile asks for',
      userNumber
    )
    .option('--volume-size <quantity>', "size of the run's volume")
    .option('--storage-class <class>', "storage class of the run's volume")
    .addOption(
      new Option('--access-mode <mode>', "access mode of the run's volume").choices([
        'ReadWriteOnce',
        'ReadWriteMany'
      ])
    );
}

function userNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('it must be the number of a user that is not root.');
  }
  return value;
}

/** `notepod compile`: checks, and writes the document of a cluster. Sends nothing to one. */
export async function compileCommand(
  path: string,
  options: CompileOptions,
  terminal: Terminal,
  version: string
): Promise<number> {
  if (options.target === 'kfp') {
    expectNoneOfArgo(options);
  } else if (options.imagePullPolicy !== undefined) {
    throw new UserError('--image-pull-policy has no effect without --target kfp', 'leave it out');
  }
  const asked = formOf(options);
  if (options.output !== '-') {
    expectWritable(options.output);
  }
  const project = await openProject(path);
  if (options.target === 'kfp') {
    return writeKubeflow(project, path, options, terminal, version);
  }
  const { notebook } = project;
  const prepared = prepareClusterRun(project, options.parameter, { ...options, standsAlone: true });
  // No cluster is asked: what it has, its scheduler will see.
  const placed = placeSteps(notebook, prepared.pipeline, undefined, {
    extender: notebook.settings.extender
  });
  const diagnostics = [
    ...project.diagnostics.filter(each => each.severity !== 'info'),
    ...prepared.diagnostics,
    ...placed.diagnostics
  ];
  const namespace = options.namespace ?? notebook.settings.namespace;
  const form = { ...asked, ...(namespace === undefined ? {} : { namespace }) };
  const sources = {
    ...prepared.sources,
    placements: new Map(placed.placements.map(each => [each.step, each]))
  };
  const document = compileDocument(sources, form);
  const bytes = Buffer.byteLength(JSON.stringify(document));
  diagnostics.push(
    ...(hasErrors(diagnostics) ? [] : tooLargeForArgo(bytes, prepared.pipeline.steps.length))
  );
  for (const block of formatProblems(diagnostics, notebook, path, 'text', terminal)) {
    terminal.err(`${block}\n`);
  }
  if (hasErrors(diagnostics)) {
    terminal.err(`${path}: ${countProblems(diagnostics)}; nothing was written`);
    return EXIT.refused;
  }
  const text = argoYaml(document, sources, form);
  if (options.output === '-') {
    terminal.out(text.trimEnd());
    return EXIT.done;
  }
  writeFileSync(options.output, text);
  const steps = prepared.pipeline.steps.length;
  terminal.err(
    `${options.output}: ${document.kind as string} of ${steps} step${steps === 1 ? '' : 's'}, ${Math.ceil(text.length / 1000)} kB; ` +
      `start it with: ${startOf(document, form, options.output)}`
  );
  return EXIT.done;
}

function formOf({ as, schedule, timezone }: CompileOptions): ArgoForm {
  if (as !== 'cron') {
    if (schedule !== undefined || timezone !== undefined) {
      throw new UserError(
        `--${schedule === undefined ? 'timezone' : 'schedule'} has no effect without --as cron`,
        'add --as cron, or leave it out'
      );
    }
    return { as };
  }
  if (schedule === undefined) {
    throw new UserError(
      '--as cron needs a schedule',
      'add for example --schedule "0 6 * * 1-5": minute, hour, day of the month, month, day of the week'
    );
  }
  return {
    as,
    schedule: checkedSchedule(schedule),
    ...(timezone === undefined ? {} : { timezone })
  };
}

/** Argo takes what robfig/cron takes: five fields, or a word such as `@daily`. */
function checkedSchedule(text: string): string {
  const isWord = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(text);
  const fields = text.trim().split(/\s+/);
  if (!isWord && !(fields.length === 5 && fields.every(each => /^[\d*/,?A-Za-z-]+$/.test(each)))) {
    throw new UserError(
      `"${text}" is no schedule`,
      'write five fields, as "0 6 * * 1-5" (minute, hour, day of the month, month, day of the week), or @daily'
    );
  }
  return text.trim();
}

function startOf(
  document: ReturnType<typeof compileDocument>,
  form: ArgoForm,
  output: string
): string {
  const { name = '' } = document.metadata as { readonly name?: string };
  switch (form.as) {
    case 'workflow':
      return `kubectl create -f ${output}`;
    case 'template':
      return `kubectl apply -f ${output}, then argo submit --from workflowtemplate/${name}`;
    case 'cron':
      return `kubectl apply -f ${output}; it runs when its schedule says`;
  }
}
