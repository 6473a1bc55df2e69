/** A `.wasm` import is the file's bytes, in the browser, in Node and in jest alike. */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
