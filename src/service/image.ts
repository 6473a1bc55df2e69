import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import type { Pipeline } from '../pipeline/types';

/**
 * The image of each step: its tag, else the notebook's setting, else what the user asks for now, else the image of the pod that
 * Jupyter itself runs in, else the user's default. Never a guess: a step without one is an error.
 * @param asked `--image`
 * @param env the environment of this process: Kubeflow's notebooks have `JUPYTER_IMAGE` or `JUPYTER_IMAGE_SPEC`, the user may set `NOTEPOD_IMAGE`
 */
export function imagesOf(
  notebook: Notebook,
  pipeline: Pipeline,
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>>
): { readonly images: ReadonlyMap<string, string>; readonly diagnostics: readonly Diagnostic[] } {
  const common = [
    notebook.settings.image,
    asked,
    env.JUPYTER_IMAGE_SPEC,
    env.JUPYTER_IMAGE,
    env.NOTEPOD_IMAGE
  ].find(each => each !== undefined && each !== '');
  const images = new Map<string, string>();
  const missing: string[] = [];
  for (const { step, options } of pipeline.steps) {
    const image = options.image ?? common;
    if (image === undefined) {
      missing.push(step.name);
    } else {
      images.set(step.name, image);
    }
  }
  const first = pipeline.steps.find(each => each.step.name === missing[0])?.step.cells[0] ?? 0;
  return {
    images,
    diagnostics:
      missing.length === 0
        ? []
        : [
            {
              code: 'NP601',
              severity: 'error',
              message: `no image is known for ${missing.length === 1 ? 'step' : 'steps'} ${missing.join(', ')}`,
              why: 'a pod runs in an image with Python and the packages that the notebook imports, and a guess might run another version of them',
              fix: 'name one: --image IMAGE, a tag `image:IMAGE`, `image` in the settings of the notebook, or NOTEPOD_IMAGE',
              span: { cell: first, line: 1, column: 0, endLine: 1, endColumn: 0 }
            }
          ]
  };
}
