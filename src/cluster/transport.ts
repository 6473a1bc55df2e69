import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ClusterError, errorOfAnswer, errorOfConnection } from './errors';

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path from the server's root, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** The request in words, for messages: `list Pods of notepod`. */
  readonly what: string;
  readonly signal?: AbortSignal;
}

/** A server that takes longer than this to begin its answer is given up. */
const ANSWER_MS = 30_000;
/** Credentials are asked for anew after this time; the client itself runs an exec plugin each time if its answer has no end. */
const CREDENTIALS_MS = 10_000;
/** Probes on an idle connection, so that one whose other end is gone is noticed. */
const KEEP_ALIVE_MS = 15_000;

/** What a request needs to be accepted, without the client's agent. */
interface Credentials {
  readonly options: RequestOptions;
  readonly until: number;
}

/**
 * Sends requests as the kubeconfig says: its server, certificates, credentials and proxy are the official client's. The requests
 * are not the client's own calls, since these can be neither aborted nor limited in time, and keep no connection open.
 */
export class Transport {
  constructor(
    private readonly config: KubeConfig,
    readonly server: string,
    private readonly answerMs = ANSWER_MS
  ) {}

  /** Sends a request and reads the whole answer as JSON. @throws ClusterError */
  async json(request: ApiRequest): Promise<unknown> {
    const response = await this.open(request);
    const text = await this.text(response, request);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw new ClusterError(
        'unreachable',
        `${this.server} answered to ${request.what} with something that is no JSON: ${text.slice(0, 200)}`,
        'check `server` of the cluster in your kubeconfig: a proxy may stand before it',
        undefined,
        { cause: error }
      );
    }
  }

  /** Sends a request and gives the parts of its answer as they come. @throws ClusterError, also when the connection is cut */
  async *stream(request: ApiRequest): AsyncGenerator<Buffer, void, undefined> {
    const response = await this.open(request);
    try {
      for await (const part of response) {
        yield part as Buffer;
      }
    } catch (error) {
      throw request.signal?.aborted === true
        ? error
        : errorOfConnection(request.what, this.server, error);
    } finally {
      response.destroy();
    }
  }

  /** Closes all connections. */
  dispose(): void {
    this.agent?.agent.destroy();
    this.agent = undefined;
  }

  /** An answer that is a success, its body not yet read. A request that the server did not take up is sent again. */
  private async open(request: ApiRequest): Promise<IncomingMessage> {
    let refreshed = false;
    let throttled = 0;
    let reset = false;
    for (;;) {
      let response: IncomingMessage;
      const credentials = await this.credentials(request.what);
      try {
        response = await this.send(request, credentials.options);
      } catch (error) {
        // A kept connection that the server closed just then: the request was not read.
        const { code, reused } = error as NodeJS.ErrnoException & { readonly reused?: boolean };
        if (!reset && reused === true && (code === 'ECONNRESET' || code === 'EPIPE')) {
          reset = true;
          continue;
        }
        throw error instanceof ClusterError || request.signal?.aborted === true
          ? error
          : errorOfConnection(request.what, this.server, error);
      }
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        return response;
      }
      const body = await this.text(response, request);
      const error = errorOfAnswer(
        request.what,
        this.server,
        status,
        body,
        response.headers['retry-after']
      );
      if (status === 401 && !refreshed) {
        refreshed = true;
        this.cached = undefined;
        continue;
      }
      // Priority and fairness: 429 means that nothing was done.
      if (status === 429 && throttled < 5) {
        throttled += 1;
        await pause((error.answer?.retryAfterSeconds ?? 1) * 1000, request.signal);
        continue;
      }
      throw error;
    }
  }

  private send(request: ApiRequest, options: RequestOptions): Promise<IncomingMessage> {
    const url = new URL(this.server + request.path);
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) {
        url.searchParams.set(key, String(value));
      }
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers = {
      ...options.headers,
      accept: 'application/json, */*',
      'user-agent': 'notepod',
      ...(body
        ? {
            'content-type': request.contentType ?? 'application/json',
            'content-length': body.length
          }
        : {})
    };
    const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const sent = start(
        url,
        { ...options, method: request.method, headers, signal: request.signal },
        resolve
      );
      const timer = setTimeout(() => {
        sent.destroy(
          new ClusterError(
            'timeout',
            `${this.server} did not answer within ${this.answerMs / 1000} s (to ${request.what})`,
            'check that the cluster is up and that you can reach it (network, VPN); then try again'
          )
        );
      }, this.answerMs);
      sent.once('response', () => clearTimeout(timer));
      sent.once('socket', socket => socket.setKeepAlive(true, KEEP_ALIVE_MS));
      sent.once('error', error => {
        clearTimeout(timer);
        reject(Object.assign(error, { reused: sent.reusedSocket }));
      });
      sent.end(body);
    });
  }

  private async text(response: IncomingMessage, request: ApiRequest): Promise<string> {
    const parts: Buffer[] = [];
    try {
      for await (const part of response) {
        parts.push(part as Buffer);
      }
    } catch (error) {
      throw request.signal?.aborted === true
        ? error
        : errorOfConnection(request.what, this.server, error);
    }
    return Buffer.concat(parts).toString('utf-8');
  }

  private async credentials(what: string): Promise<Credentials> {
    if (this.cached && Date.now() < this.cached.until) {
      return this.cached;
    }
    const options: RequestOptions = { headers: {} };
    try {
      await this.config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new ClusterError(
        'unauthorized',
        `no credentials for ${this.server} (to ${what}): ${(error as Error).message.trim()}`,
        'run what your kubeconfig says under `users` by hand to see what is wrong, or log in again',
        undefined,
        { cause: error }
      );
    }
    this.cached = {
      options: { ...options, agent: this.agentOf(options) },
      until: Date.now() + CREDENTIALS_MS
    };
    return this.cached;
  }

  /** The client makes an agent for each request; one that keeps connections is made anew only when the certificates change. */
  private agentOf(options: RequestOptions): HttpAgent {
    if (this.config.getCurrentCluster()?.proxyUrl !== undefined) {
      return options.agent as HttpAgent;
    }
    const { ca, cert, key, rejectUnauthorized, servername, passphrase, pfx } = options;
    const tls = { ca, cert, key, rejectUnauthorized, servername, passphrase, pfx };
    const identity = JSON.stringify(tls);
    if (this.agent?.identity !== identity) {
      const keep = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS };
      const agent = this.server.startsWith('http:')
        ? new HttpAgent(keep)
        : new HttpsAgent({ ...keep, ...tls });
      this.agent = { identity, agent };
    }
    return this.agent.agent;
  }

  private cached: Credentials | undefined;
  private agent: { readonly identity: string; readonly agent: HttpAgent } | undefined;
}

/** Waits; an abort ends the wait with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
