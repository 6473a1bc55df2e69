import { slug, templateNames } from '../template-names';

/** The task that puts the bundle onto the volume where several steps come first. */
export const START_TASK = 'notepod-start';

/**
 * The pipeline's name for the API server: small letters, digits and `-`. A run's workspace claim is called
 * `<name>-<5 characters>-kfp-workspace`, and that is also the name of a volume of the pod: at most 63 characters in all.
 */
export function pipelineName(name: string): string {
  const own = slug(name, 40);
  return /^[a-z]/.test(own) ? own : `notebook-${own}`.slice(0, 40).replace(/-+$/, '');
}

/**
 * Names of tasks and label values, by step. The server adds `<task>-driver` to each, so no task may be called like another's driver.
 * @param steps in reference order
 */
export function taskNames(steps: readonly string[]): ReadonlyMap<string, string> {
  const names = templateNames(steps);
  const taken = new Set([START_TASK, ...names.values()]);
  return new Map(
    steps.map(step => {
      const own = names.get(step) ?? step;
      if (!own.endsWith('-driver') && own !== START_TASK) {
        return [step, own];
      }
      let name = '';
      for (let number = 1; name === '' || taken.has(name); number++) {
        name = `${own.slice(0, 63 - `-step-${number}`.length)}-step-${number}`;
      }
      taken.add(name);
      return [step, name];
    })
  );
}
