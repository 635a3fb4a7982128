import { expect, test } from 'vitest';
import { findNamedPortInUse, findPortInUse } from '../../src/server/address-in-use.ts';

const NAMING: readonly string[] = [
  'Error: listen EADDRINUSE: address already in use :::20123',
  "[Errno 98] error while attempting to bind on address ('127.0.0.1', 20123): address already in use",
  'nginx: [emerg] bind() to 0.0.0.0:20123 failed (98: Address already in use)',
  'listen tcp :20123: bind: address already in use',
  'Error: Port 20123 is in use, trying another one...',
  'Error: Port 20123 is already in use',
  'Bind for 0.0.0.0:20123 failed: port is already allocated',
  'Failed to listen on localhost:20123 (reason: Address already in use)',
];
const NOT_NAMING: readonly string[] = [
  'OSError: [Errno 98] Address already in use',
  'java.net.BindException: Address already in use (Bind failed)',
  "  code: 'EADDRINUSE',",
  'bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.',
];
const OTHERS: readonly string[] = [
  'Starting inspector on 127.0.0.1:9229 failed: address already in use',
  'Error: listen EADDRINUSE: address already in use :::3000',
  'WebSocket server error: Port 24678 is already in use',
];
const NOTHING: readonly string[] = ['listening on 20123', 'user name already in use', ''];

test.each(NAMING)('A text that says it of the port: %s', (text) => {
  expect(findPortInUse(`starting\n${text}\n    at listen (node:net:1)\n`, [20_122, 20_123])).toBe(20_123);
  expect(findNamedPortInUse(text, [20_122, 20_123])).toBe(20_123);
});

test.each(NOT_NAMING)('A text that says it of no port: %s', (text) => {
  expect(findPortInUse(`listening soon on 20123\n${text}\n`, [20_122, 20_123])).toBe(20_122);
  expect(findNamedPortInUse(`listening soon on 20123\n${text}\n`, [20_123])).toBeUndefined();
});

test.each(OTHERS)('A text that says it of another port: %s', (text) => {
  expect(findPortInUse(`${text}\n  code: 'EADDRINUSE'\n`, [20_123])).toBeUndefined();
  expect(findNamedPortInUse(text, [20_123])).toBeUndefined();
});

test.each(NOTHING)('A text that says nothing of the kind: %s', (text) => {
  expect(findPortInUse(text, [20_123])).toBeUndefined();
});
