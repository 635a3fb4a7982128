/** A redis-server that keeps nothing, and a client for it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import type { StartServerOptions, TCPPortOwner } from 'portslice';
import { programPath } from './installed.ts';
import { makeServerFolder } from './server-folder.ts';

export function redis(): StartServerOptions {
  const folder = makeServerFolder('redis');
  const log = path.join(folder, 'server.log');
  const options = ['--bind', '127.0.0.1', '--save', '', '--dir', folder, '--logfile', log];
  return { command: [programPath('redis-server'), '--port', '{port}', ...options] };
}

/** Sends one command over a connection of its own, as RESP, and returns the reply as it was sent: '+PONG', ':1'. */
export async function askRedis(
  { port }: Pick<TCPPortOwner, 'port'>,
  ...command: readonly string[]
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setEncoding('utf8');
  const words = [...command, 'QUIT'].map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  // After QUIT the server closes the connection, so the replies end where the stream ends.
  socket.write(`*${command.length}\r\n${words.slice(0, -1).join('')}*1\r\n${words.at(-1)}`);
  let replies = '';
  for await (const chunk of socket) replies += String(chunk);
  return replies.replace(/\r\n\+OK\r\n$/, '').replaceAll('\r\n', ' ');
}
