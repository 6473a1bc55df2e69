/**
 * The log of a step's container carries, between what the step printed, what the step program says: frames.
 *
 * A frame is one line: `\x1enp SEQ FLAG JOIN BASE64\n`, at most 4000 bytes, so that no container runtime splits it (containerd and
 * CRI-O cut lines at 16 KiB). SEQ counts from 0 without gaps. FLAG is `.` for the last piece of a message and `+` for one that
 * goes on. JOIN is `~` where the newline before the frame was put in for it and belongs to nobody, `-` where it was printed. The
 * pieces of a message, joined, are deflated JSON. A printed line that begins with `\x1e` has it doubled.
 */
export type FramePart =
  | { readonly type: 'text'; readonly bytes: Uint8Array }
  | { readonly type: 'message'; readonly message: unknown; readonly seq: number }
  /** Frames `from` to before `to` are not in the log, and text around them may be missing too. */
  | { readonly type: 'gap'; readonly from: number; readonly to: number };

const NEWLINE = 10;
const MARK = 0x1e;

/** Takes a container's log apart. Fed with its bytes in any pieces. */
export class FrameReader {
  /** @param inflate undoes zlib's deflate (RFC 1950); handed in, since this room has no platform */
  constructor(private readonly inflate: (bytes: Uint8Array) => Uint8Array) {}

  /** What the bytes complete. Text is given as early as it is certain to be text. */
  read(bytes: Uint8Array): readonly FramePart[] {
    const parts: FramePart[] = [];
    this.buffer = this.buffer.length === 0 ? bytes : joined([this.buffer, bytes]);
    let at = 0;
    while (at < this.buffer.length) {
      const next = this.step(at, parts);
      if (next === undefined) {
        break;
      }
      at = next;
    }
    this.buffer = this.buffer.slice(at);
    return merged(parts);
  }

  /** What is left when the log has ended: a line that was cut. */
  end(): readonly FramePart[] {
    const parts: FramePart[] = [];
    this.releaseNewline(parts);
    if (this.buffer.length > 0 && this.buffer[0] !== MARK) {
      parts.push({ type: 'text', bytes: this.buffer });
    }
    this.buffer = new Uint8Array();
    return merged(parts);
  }

  /** Number of the next frame that would follow without a gap. */
  get next(): number {
    return this.expected;
  }

  /** Deals with what stands at `at`; gives where to go on, or undefined if more bytes are needed. */
  private step(at: number, parts: FramePart[]): number | undefined {
    const { buffer } = this;
    if (this.atLineStart && buffer[at] === MARK) {
      if (at + 1 >= buffer.length) {
        return undefined;
      }
      if (buffer[at + 1] === MARK) {
        this.releaseNewline(parts);
        this.atLineStart = false;
        return at + 1;
      }
      const end = buffer.indexOf(NEWLINE, at);
      if (end < 0) {
        return undefined;
      }
      this.frame(buffer.subarray(at, end), parts);
      return end + 1;
    }
    this.releaseNewline(parts);
    const end = buffer.indexOf(NEWLINE, at);
    if (end < 0) {
      parts.push({ type: 'text', bytes: buffer.slice(at) });
      this.atLineStart = false;
      return buffer.length;
    }
    if (end > at) {
      parts.push({ type: 'text', bytes: buffer.slice(at, end) });
    }
    // Whether this newline was printed is known when the next line begins.
    this.hasNewline = true;
    this.atLineStart = true;
    return end + 1;
  }

  private releaseNewline(parts: FramePart[]): void {
    if (this.hasNewline) {
      this.hasNewline = false;
      parts.push({ type: 'text', bytes: Uint8Array.of(NEWLINE) });
    }
  }

  private frame(line: Uint8Array, parts: FramePart[]): void {
    const found = FRAME.exec(ascii(line));
    if (!found) {
      // A log that was cut at its start or its end.
      this.releaseNewline(parts);
      return;
    }
    const [, digits, flag, join, payload] = found;
    if (join === '~') {
      this.hasNewline = false;
    } else {
      this.releaseNewline(parts);
    }
    const seq = Number(digits);
    if (seq !== this.expected) {
      parts.push({ type: 'gap', from: this.expected, to: seq });
      this.pieces = [];
      this.isTorn = true;
    }
    this.expected = seq + 1;
    this.pieces.push(base64(payload));
    if (flag === '+') {
      return;
    }
    const packed = joined(this.pieces);
    this.pieces = [];
    const message = this.unpack(packed);
    // After a gap the first pieces of a message may be among what is lost.
    if (message === undefined) {
      if (!this.isTorn) {
        parts.push({ type: 'gap', from: seq, to: seq + 1 });
      }
    } else {
      parts.push({ type: 'message', message, seq });
    }
    this.isTorn = false;
  }

  private unpack(packed: Uint8Array): unknown {
    try {
      return JSON.parse(new TextDecoder().decode(this.inflate(packed)));
    } catch {
      return undefined;
    }
  }

  private buffer: Uint8Array = new Uint8Array();
  private pieces: Uint8Array[] = [];
  private isTorn = false;
  private expected = 0;
  private atLineStart = true;
  private hasNewline = false;
}

const FRAME = /^\x1enp (\d+) ([.+]) ([~-]) ([A-Za-z0-9+/=]*)$/;

/** Neighbouring texts as one. */
function merged(parts: readonly FramePart[]): readonly FramePart[] {
  const found: FramePart[] = [];
  let open: Uint8Array[] = [];
  const close = () => {
    if (open.length > 0) {
      found.push({ type: 'text', bytes: open.length === 1 ? open[0] : joined(open) });
      open = [];
    }
  };
  for (const part of parts) {
    if (part.type === 'text') {
      open.push(part.bytes);
    } else {
      close();
      found.push(part);
    }
  }
  close();
  return found;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function ascii(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));

/** RFC 4648; the room has no platform that would do it. */
function base64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    held = (held << 6) | (VALUES.get(digit) ?? 0);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  return bytes;
}
