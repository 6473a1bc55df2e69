/** IPython's memory of a session: what cells showed (`_`, `__`, `Out`, `_3`) and what they were (`In`, `_i`, `_i3`). */
const HISTORY = /^(In|Out|_(i*|_|__|oh|ih|i?\d+))$/;

/** True for a name that IPython gives a value of its own, from what ran before in the process. */
export function isHistory(name: string): boolean {
  return HISTORY.test(name);
}
