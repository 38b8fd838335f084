import { type Bytes, octets } from './bytes.js';
import { TcpConversation, type TcpOptions } from './tcp.js';

/** A request. */
export interface HttpRequest {
  readonly method?: string;
  /** `/` by default. */
  readonly uri?: string;
  /** `HTTP/1.1` by default. */
  readonly version?: string;
  /** As they are sent. `Host` is added unless it is here; so is `Content-Length` for a body. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}

/** A response. */
export interface HttpResponse {
  readonly status?: number;
  readonly reason?: string;
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}

/** An HTTP/1 conversation. What the messages lack to be right can be sent with `toServer` and `toClient`. */
export class HttpConversation extends TcpConversation {
  /** A request and its response; without a response the server stays silent. */
  exchange(request: HttpRequest, response?: HttpResponse): this {
    this.toServer(requestBytes(request));
    if (response) this.toClient(responseBytes(response));
    return this;
  }
}

/** Begins an HTTP conversation, on port 80 unless `server` says otherwise. */
export function http(options: TcpOptions = {}): HttpConversation {
  return new HttpConversation(options, 80);
}

/** A request as octets. */
export function requestBytes({
  method = 'GET',
  uri = '/',
  version = 'HTTP/1.1',
  headers = {},
  body,
}: HttpRequest): Buffer {
  return message(
    `${method} ${uri} ${version}`,
    { ...(has(headers, 'host') ? {} : { Host: 'host.example' }), ...headers },
    body,
  );
}

/** A response as octets. */
export function responseBytes({
  status = 200,
  reason = 'OK',
  version = 'HTTP/1.1',
  headers = {},
  body,
}: HttpResponse): Buffer {
  return message(`${version} ${status} ${reason}`, headers, body ?? '');
}

function message(line: string, headers: Readonly<Record<string, string>>, body: Bytes | undefined): Buffer {
  const content = body === undefined ? Buffer.alloc(0) : octets(body);
  const framed = has(headers, 'content-length') || has(headers, 'transfer-encoding');
  const all = body === undefined || framed ? headers : { ...headers, 'Content-Length': String(content.length) };
  const head = [line, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), content]);
}

function has(headers: Readonly<Record<string, string>>, name: string): boolean {
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}
