import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { tagPlace } from '../pipeline/tag-place';
import type { Pipeline } from '../pipeline/types';

/** What Argo takes for the begin of a variable, wherever it stands in a Workflow: https://argo-workflows.readthedocs.io/en/latest/variables/ */
const BEGIN = '{{';

/** Tags and settings of which Argo would replace a part, and so give the pod another text than was written. */
export function replacedTags(notebook: Notebook, pipeline: Pipeline): readonly Diagnostic[] {
  const { image, volume, stepDefaults } = notebook.settings;
  const settings = [
    ['image', image],
    ['volume', ...Object.values(volume)],
    ['stepDefaults', ...stepDefaults.filter(each => !each.startsWith('env:'))]
  ].flatMap(([name, ...texts]) =>
    texts
      .filter(text => text?.includes(BEGIN))
      .map(text => problem(`the setting \`${name}\` (\`${text}\`)`))
  );
  const tags = pipeline.steps.flatMap(({ step }) => {
    const parsed = step.cells.flatMap(cell => notebook.cells[cell]?.parsed ?? []);
    return parsed
      .filter(tag => tag.type !== 'env' && tag.text.includes(BEGIN))
      .map(tag => ({
        ...problem(`the tag \`${tag.text}\``),
        ...tagPlace(notebook, step.name, other => other.text === tag.text)
      }));
  });
  return [...settings, ...tags];
}

function problem(what: string): Diagnostic {
  return {
    code: 'NP604',
    severity: 'error',
    message: `Argo would replace a part of ${what}`,
    why: 'it takes `{{` for the begin of a variable, and has no way to write it as a text',
    fix: 'write it without `{{`, or pass the text by an `env:` tag, which Argo does not see'
  };
}
