import { Document, isMap, isSeq, Scalar, visit, type YAMLMap } from 'yaml';
import { BOOT, PIECES, type ArgoForm, type ArgoSources } from './argo';
import { templateNames } from './template-names';
import type { JsonObject } from './types';

/**
 * Characters that YAML 1.1, which Kubernetes' tools read, takes for line breaks or does not take at all, unless they are escaped:
 * YAML 1.1 §5.1 and §5.4.
 */
const ESCAPED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/u;

/** Texts that are none to a reader of YAML 1.2, or of 1.1 with the value key, if they stand bare. */
const NO_TEXT = /^(?:=|0o[0-7]+)$/;

/** A document that stands alone as YAML with comments for whoever opens it. Equal sources give equal bytes. */
export function argoYaml(document: JsonObject, sources: ArgoSources, form: ArgoForm): string {
  // As YAML 1.1 reads it, `on`, `1:30` and `0o7` would be no texts.
  const yaml = new Document(document, {
    version: '1.1',
    schema: 'yaml-1.1',
    aliasDuplicateObjects: false
  });
  visit(yaml, {
    Scalar(_, node) {
      if (
        typeof node.value === 'string' &&
        (ESCAPED.test(node.value) || NO_TEXT.test(node.value))
      ) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    }
  });
  yaml.commentBefore = heading(document, sources, form);
  const spec = form.as === 'cron' ? ['spec', 'workflowSpec'] : ['spec'];
  commentParameters(yaml.getIn([...spec, 'arguments', 'parameters']), sources);
  commentTemplates(yaml.getIn([...spec, 'templates']), sources);
  comment(
    yaml.getIn([...spec, 'volumeClaimTemplates']),
    ' What steps hand on to each other, the working folder, and what the notebook leaves there.'
  );
  const text = yaml.toString({ lineWidth: 0, directives: false });
  // They stand between double quotes only.
  return text.replace(
    new RegExp(ESCAPED, 'gu'),
    each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}

function heading(document: JsonObject, sources: ArgoSources, form: ArgoForm): string {
  const { notebook, pipeline } = sources;
  const steps = `${pipeline.steps.length} step${pipeline.steps.length === 1 ? '' : 's'}`;
  const { name } = document.metadata as { readonly name?: string };
  const how = {
    workflow: [
      'Every `kubectl create -f` of this file is a run (not `apply`: each has a new name).'
    ],
    template: [
      'Store it with `kubectl apply -f`; every `argo submit --from workflowtemplate/' +
        `${name ?? ''}\` is a run.`
    ],
    cron: ['Store it with `kubectl apply -f`; Argo starts a run whenever the schedule says.']
  }[form.as];
  return [
    `The notebook ${printable(notebook)} as a pipeline of ${steps}, made by \`notepod compile\`.`,
    'Change the notebook and compile it again, not this file; but parameters may be set here.',
    ...how
  ]
    .map(line => ` ${line}`)
    .join('\n');
}

function commentParameters(parameters: unknown, { pipeline }: ArgoSources): void {
  if (!isSeq(parameters)) {
    return;
  }
  const types = new Map(pipeline.parameters.map(each => [each.name, each.type]));
  let told = false;
  for (const item of parameters.items) {
    const name = isMap(item) ? String(item.get('name')) : '';
    if (name === BOOT) {
      comment(
        item,
        ' What every pod begins with: puts the bundle onto the volume, once, and starts the step.'
      );
    } else if (name === `${PIECES}-0`) {
      comment(
        item,
        ' The bundle: step program, cells and files. See it with: base64 -d | gunzip | python3 -m json.tool'
      );
    } else if (!name.startsWith(PIECES)) {
      const type = types.get(name) ?? '';
      const what = told
        ? ''
        : ' Parameters of the notebook, as Python writes them; texts as they are.\n';
      comment(item, `${what} ${type}`);
      told = true;
    }
  }
}

function commentTemplates(templates: unknown, { pipeline, document }: ArgoSources): void {
  if (!isSeq(templates)) {
    return;
  }
  const names = templateNames(pipeline.steps.map(each => each.step.name));
  const steps = new Map(
    pipeline.steps.map(each => [
      names.get(each.step.name),
      `${each.step.name}: ${cellsText(each.step.cells)}${needsText(each.needs)}`
    ])
  );
  for (const item of templates.items) {
    const name = isMap(item) ? String(item.get('name')) : '';
    const what =
      name === 'main'
        ? ` The steps of ${printable(document.name)}, each after those whose names it takes.`
        : ` Step ${steps.get(name) ?? name}`;
    comment(item, what);
  }
}

/** Cells are numbered from 1, as people count them. */
function cellsText(cells: readonly number[]): string {
  const numbers = cells.map(cell => cell + 1).join(', ');
  return `${cells.length === 1 ? 'cell' : 'cells'} ${numbers}`;
}

function needsText(needs: readonly string[]): string {
  return needs.length === 0 ? '' : `; after ${needs.join(', ')}`;
}

function comment(node: unknown, text: string): void {
  if (isMap(node) || isSeq(node)) {
    (node as YAMLMap).commentBefore = text;
  }
}

/** A text that may be anything as a part of one line of comment. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ');
}
