import { utf16 } from './bytes.js';
import { TcpConversation, type TcpOptions } from './tcp.js';

/** `CreateDisposition`. [MS-SMB2] 2.2.13. */
const DISPOSITIONS = { supersede: 0, open: 1, create: 2, open_if: 3, overwrite: 4, overwrite_if: 5 } as const;

const TREE_CONNECT = 3;
const CREATE = 5;
const READ = 8;
const WRITE = 9;
const SET_INFO = 17;
const RESPONSE = 1;

/** An SMB2 connection that begins behind its logon: files are made, opened and written. */
export class SmbConversation extends TcpConversation {
  #message = 1;

  /** Connects the share of a path (`\\server\C$`), successfully; what follows is done on it. */
  connect(path: string): this {
    const text = utf16(path);
    const asked = Buffer.alloc(8);
    asked.writeUInt16LE(9, 0);
    asked.writeUInt16LE(64 + 8, 4);
    asked.writeUInt16LE(text.length, 6);
    const answer = Buffer.alloc(16);
    answer.writeUInt16LE(16, 0);
    answer.writeUInt8(path.toUpperCase().endsWith('IPC$') ? 2 : 1, 2);
    return this.#exchange(TREE_CONNECT, Buffer.concat([asked, text]), answer);
  }

  /** Opens or makes a file, successfully; `id` is what later commands call it by. */
  create(
    name: string,
    { disposition = 'open', id = 1 }: { disposition?: keyof typeof DISPOSITIONS; id?: number } = {},
  ): this {
    const text = utf16(name);
    const asked = Buffer.alloc(56);
    asked.writeUInt16LE(57, 0);
    asked.writeUInt32LE(2, 4); // impersonation
    asked.writeUInt32LE(0x0012_019f, 24); // access: read and write
    asked.writeUInt32LE(DISPOSITIONS[disposition], 36);
    asked.writeUInt16LE(64 + 56, 44);
    asked.writeUInt16LE(text.length, 46);
    const answer = Buffer.alloc(88);
    answer.writeUInt16LE(89, 0);
    fileId(id).copy(answer, 64);
    return this.#exchange(CREATE, Buffer.concat([asked, text]), answer);
  }

  /** Writes octets at the beginning of an open file. */
  write(data: Uint8Array, { id = 1 }: { id?: number } = {}): this {
    const asked = Buffer.alloc(48);
    asked.writeUInt16LE(49, 0);
    asked.writeUInt16LE(64 + 48, 2);
    asked.writeUInt32LE(data.length, 4);
    fileId(id).copy(asked, 16);
    const answer = Buffer.alloc(16);
    answer.writeUInt16LE(17, 0);
    answer.writeUInt32LE(data.length, 4);
    return this.#exchange(WRITE, Buffer.concat([asked, data]), answer);
  }

  /** Reads octets from the beginning of an open file. */
  read(data: Uint8Array, { id = 1 }: { id?: number } = {}): this {
    const asked = Buffer.alloc(49);
    asked.writeUInt16LE(49, 0);
    asked.writeUInt32LE(data.length, 4);
    fileId(id).copy(asked, 16);
    const answer = Buffer.alloc(16);
    answer.writeUInt16LE(17, 0);
    answer.writeUInt8(64 + 16, 2);
    answer.writeUInt32LE(data.length, 4);
    return this.#exchange(READ, asked, Buffer.concat([answer, data]));
  }

  /** Has an open file deleted once it is closed. */
  remove({ id = 1 }: { id?: number } = {}): this {
    const asked = Buffer.alloc(33);
    asked.writeUInt16LE(33, 0);
    asked.writeUInt8(1, 2); // about a file
    asked.writeUInt8(13, 3); // FileDispositionInformation
    asked.writeUInt32LE(1, 4);
    asked.writeUInt16LE(64 + 32, 8);
    fileId(id).copy(asked, 16);
    asked.writeUInt8(1, 32);
    const answer = Buffer.alloc(2);
    answer.writeUInt16LE(2, 0);
    return this.#exchange(SET_INFO, asked, answer);
  }

  #exchange(command: number, asked: Buffer, answer: Buffer): this {
    const message = this.#message++;
    this.toServer(packet(command, 0, message, asked));
    return this.toClient(packet(command, RESPONSE, message, answer));
  }
}

/** Begins an SMB2 connection, on port 445 unless `server` says otherwise. */
export function smb(options: TcpOptions = {}): SmbConversation {
  return new SmbConversation(options, 445);
}

function fileId(id: number): Buffer {
  const out = Buffer.alloc(16);
  out.writeUInt32LE(id, 0);
  out.writeUInt32LE(id, 8);
  return out;
}

/** A message over TCP: its length, the header of 64 octets, [MS-SMB2] 2.2.1.2, and a body. */
function packet(command: number, flags: number, message: number, body: Buffer): Buffer {
  const head = Buffer.alloc(64);
  head.write('\xfeSMB', 'latin1');
  head.writeUInt16LE(64, 4);
  head.writeUInt16LE(command, 12);
  head.writeUInt16LE(1, 14); // credits
  head.writeUInt32LE(flags, 16);
  head.writeUInt32LE(message, 24);
  head.writeUInt32LE(5, 36); // tree
  head.writeUInt32LE(7, 40); // session
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length + body.length, 0);
  return Buffer.concat([length, head, body]);
}
