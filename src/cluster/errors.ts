/**
 * What is wrong, by what can be done about it. `unreachable`: nobody answers, or the server has trouble of its own, and a
 * later try may succeed; `invalid`: the server understood the request and will not do it.
 */
export type ClusterErrorKind =
  'unreachable' | 'unauthorized' | 'forbidden' | 'not-found' | 'conflict' | 'invalid' | 'timeout';

/** A request to the cluster that was not done: `message` says what and where, `fix` what to do. */
export class ClusterError extends Error {
  constructor(
    readonly kind: ClusterErrorKind,
    message: string,
    readonly fix: string,
    /** What the server says it is (`AlreadyExists`, `Expired`), and its HTTP status; absent if it did not answer. */
    readonly answer?: {
      readonly status: number;
      readonly reason?: string;
      /** After which a throttled request may be sent again. */
      readonly retryAfterSeconds?: number;
    },
    options?: ErrorOptions
  ) {
    super(message, options);
    this.name = 'ClusterError';
  }

  /** The same request may succeed a little later without anybody's doing. */
  get mayPass(): boolean {
    return this.kind === 'unreachable' || this.kind === 'timeout';
  }
}

/** The body of an answer that is no success: a `Status` of Kubernetes, or whatever a proxy before it writes. */
interface StatusBody {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
}

/**
 * The error that an answer of the API server means.
 * Statuses and reasons: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
 * @param what the request in words: `create Workflow notepod/train-1a2b`
 */
export function errorOfAnswer(
  what: string,
  server: string,
  status: number,
  body: string,
  retryAfter?: string
): ClusterError {
  const parsed = readStatus(body);
  const said = parsed?.message ?? body.trim().slice(0, 300);
  const answer = {
    status,
    ...(parsed?.reason === undefined ? {} : { reason: parsed.reason }),
    ...(/^\d+$/.test(retryAfter ?? '') ? { retryAfterSeconds: Number(retryAfter) } : {})
  };
  const error = (kind: ClusterErrorKind, message: string, fix: string) =>
    new ClusterError(kind, message, fix, answer);
  const quoted = said === '' ? '' : `: ${said}`;
  if (status === 401) {
    return error(
      'unauthorized',
      `${server} does not accept your credentials (to ${what})`,
      'log in again (the token may have expired), or choose another context with --context'
    );
  }
  if (status === 403) {
    const quota = said.includes('exceeded quota') || said.includes('failed quota');
    return error(
      'forbidden',
      `${server} refused to ${what}${quoted}`,
      quota
        ? 'ask for less, or have the quota of the namespace raised'
        : 'ask an administrator for this right (docs/kubernetes.md lists all that are needed), or choose another namespace with -n'
    );
  }
  if (status === 404) {
    // An unknown kind gets a plain page, or a Status without details.
    const absentKind =
      parsed === undefined || said.includes('could not find the requested resource');
    return error(
      'not-found',
      absentKind
        ? `${server} does not know this kind of object (to ${what})`
        : `cannot ${what}${quoted}`,
      absentKind
        ? 'install what defines it; `notepod doctor` says what is missing'
        : 'check the name and the namespace'
    );
  }
  if (status === 409) {
    return error(
      'conflict',
      `cannot ${what}${quoted}`,
      parsed?.reason === 'AlreadyExists' ? 'choose another name, or delete it first' : 'try again'
    );
  }
  if (status === 408 || status === 504) {
    return error('timeout', `${server} took too long to ${what}${quoted}`, 'try again');
  }
  if (status === 429 || status >= 500) {
    return error(
      'unreachable',
      `${server} could not ${what} (it answered ${status})${quoted}`,
      'try again in a moment; if it stays so, its administrator must look at the API server'
    );
  }
  return error(
    'invalid',
    `cannot ${what}${quoted === '' ? ` (${status})` : quoted}`,
    'correct what the message names'
  );
}

function readStatus(body: string): StatusBody | undefined {
  try {
    const value = JSON.parse(body) as StatusBody | null;
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Codes of Node's errors for a server whose certificate is not trusted (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS/;

/** The error that a request without an answer means. */
export function errorOfConnection(what: string, server: string, cause: unknown): ClusterError {
  const error = cause as NodeJS.ErrnoException;
  const code = error.code ?? '';
  const options = { cause };
  if (CERTIFICATE.test(code)) {
    return new ClusterError(
      'unreachable',
      `the certificate of ${server} is not trusted (to ${what}): ${error.message}`,
      'check `certificate-authority` and `server` of the cluster in your kubeconfig; the certificate may also have expired',
      undefined,
      options
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ClusterError(
      'unreachable',
      `the name of ${server} does not resolve (to ${what})`,
      'check the network or VPN, and `server` of the cluster in your kubeconfig',
      undefined,
      options
    );
  }
  return new ClusterError(
    'unreachable',
    `${server} does not answer (to ${what}): ${code === 'ECONNREFUSED' ? 'the connection was refused' : error.message || code}`,
    'check that the cluster is up and that you can reach it (network, VPN), or choose another context with --context',
    undefined,
    options
  );
}
