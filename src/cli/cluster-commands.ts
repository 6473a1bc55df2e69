import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseProbe, type Probe } from '../cluster/measure';
import { doctorCommand, type DoctorOptions } from './commands/doctor';
import { nodesCommand, type NodesOptions } from './commands/nodes';
import { measureCommand, type MeasureCommandOptions } from './commands/nodes-measure';
import type { Terminal } from './terminal';
import { wholeNumber } from './whole-number';

/** Adds the commands that look at a cluster: `doctor`, `nodes`, `nodes measure`. */
export function addClusterCommands(
  add: (name: string, what: string, example: string) => Command,
  exit: (code: number) => void,
  terminal: Terminal
): void {
  const looking = (command: Command) =>
    command
      .option('--context <name>', 'context of the kubeconfig (default: its current one)')
      .option('-n, --namespace <name>', 'namespace (default: the context’s)')
      .addOption(
        new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text')
      );
  const ACCOUNT = 'account that pods run as (default: the namespace’s `default`)';
  looking(
    add(
      'doctor [notebook]',
      'Says whether a cluster can run pipelines, and a notebook on it: what was looked at, and how to mend it.',
      'notepod doctor train.ipynb --context prod -n research'
    )
  )
    .option('--service-account <name>', ACCOUNT)
    .option('--image <image>', 'image of steps that name none')
    .action(async (path: string | undefined, options: DoctorOptions) =>
      exit(await doctorCommand(path, options, terminal))
    );
  const nodes = looking(
    add(
      'nodes [notebook]',
      'Lists the nodes with their places, latencies and room, or where each step of a notebook could go and why not elsewhere.',
      'notepod nodes train.ipynb --location edge-a'
    )
  )
    .option(
      '--location <place>',
      'sort by the latency to this place; with a notebook: only its steps'
    )
    .option('--extender', 'read labels that are named after a place alone, in milliseconds')
    .option('--all', 'show all nodes')
    .action(async (path: string | undefined, options: NodesOptions) =>
      exit(await nodesCommand(path, options, terminal))
    );
  looking(
    nodes
      .command('measure')
      .description(
        'Measures the latency from each node to places by a short-lived pod on each, and writes it as labels.'
      )
      .exitOverride()
      .addHelpText(
        'after',
        '\nExample:\n  $ notepod nodes measure --probe edge-a=10.0.0.7:443 --write'
      )
  )
    .option('--service-account <name>', ACCOUNT)
    .option('--image <image>', 'image with Python 3 (default: NOTEPOD_IMAGE)')
    .addOption(
      new Option(
        '--probe <place=host[:port]>',
        'where a place can be reached (repeatable; also from annotations probe.notepod.dev/<place> of nodes)'
      )
        .argParser(collectProbe)
        .default(new Map<string, Probe>(), 'the annotations')
    )
    .option('--count <n>', 'probes to each place', wholeNumber, 10)
    .option('--limit <seconds>', 'how long one node may take', wholeNumber, 120)
    .option('--write', 'write the labels (default: only show them)')
    .action(async (_: unknown, command: Command) =>
      exit(await measureCommand(command.optsWithGlobals<MeasureCommandOptions>(), terminal))
    );
}

function collectProbe(text: string, before: ReadonlyMap<string, Probe>): Map<string, Probe> {
  const probe = parseProbe(text);
  if (probe === undefined) {
    throw new InvalidArgumentError('it must look like place=host:port.');
  }
  return new Map([...before, probe]);
}
