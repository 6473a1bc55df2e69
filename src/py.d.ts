/** A `.py` import is the file's text: the step program travels inside every pipeline as data. */
declare module '*.py' {
  const text: string;
  export default text;
}
