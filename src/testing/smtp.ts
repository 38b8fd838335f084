import { TcpConversation, type TcpOptions } from './tcp.js';

/** A mail. */
export interface Mail {
  /** Of the envelope; `a@example.org` by default. */
  readonly from?: string;
  /** Recipients of the envelope; `b@example.org` by default. */
  readonly to?: readonly string[];
  /** Headers and body, with `\r\n` or `\n` at the ends of lines; the line with a dot is added. */
  readonly message: string;
}

/** An SMTP conversation. What is out of order can be sent with `toServer` and `toClient`. */
export class SmtpConversation extends TcpConversation {
  /** The server greets and the client says its name; to be said before mails. */
  greet(name = 'client.example'): this {
    return this.toClient('220 mail.example ESMTP\r\n').command(`EHLO ${name}`, '250-mail.example\r\n250 PIPELINING');
  }

  /** A line of the client and the reply to it. */
  command(line: string, reply = '250 ok'): this {
    return this.toServer(`${line}\r\n`).toClient(`${reply}\r\n`);
  }

  /** A mail, from its envelope to the server's thanks. */
  mail({ from = 'a@example.org', to = ['b@example.org'], message }: Mail): this {
    this.command(`MAIL FROM:<${from}>`);
    for (const recipient of to) this.command(`RCPT TO:<${recipient}>`);
    const lines = message.replaceAll(/\r?\n/g, '\r\n').replaceAll(/^\./gm, '..');
    return this.command('DATA', '354 go ahead').command(`${lines.replace(/\r\n$/, '')}\r\n.`, '250 queued');
  }
}

/** Begins an SMTP conversation, to port 25 unless `server` says otherwise. */
export function smtp(options: TcpOptions = {}): SmtpConversation {
  return new SmtpConversation(options, 25);
}
