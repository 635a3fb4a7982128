/** The texts are what the servers wrote. */
import { describe, expect, test } from 'vitest';
import { parseNginxLogs, parseProgramLog, parseRedisLog } from '../../scripts/demo/server-logs.ts';

const NEVER = { from: Infinity, until: Infinity };

describe('the log of our own programs', () => {
  test('has the port and the times of bind and close', () => {
    const text =
      '{"event":"bound","port":17472,"atMs":1795372435998}\n{"event": "closing", "port": 17472, "atMs": 1795372437076}\n';
    expect(parseProgramLog(text)).toEqual({
      port: 17472,
      from: 1795372435998,
      until: 1795372437076,
      addressInUse: false,
    });
  });

  test('tells that the port was in use', () => {
    const text = '{"event":"EADDRINUSE","port":17472,"atMs":1795372435998}\n';
    expect(parseProgramLog(text)).toEqual({ port: 17472, ...NEVER, addressInUse: true });
  });

  test('of a server that has written nothing is no life', () => {
    expect(parseProgramLog('')).toEqual({ port: 0, ...NEVER, addressInUse: false });
  });
});

describe('the log of redis', () => {
  test('has the port and the times of bind and close', () => {
    const text = `22814:C 22 Nov 2026 18:34:10.653 # Configuration loaded
22814:M 22 Nov 2026 18:34:10.707 * Running mode=standalone, port=13577.
22814:M 22 Nov 2026 18:34:10.707 # Server initialized
22814:M 22 Nov 2026 18:34:10.709 * Ready to accept connections
22814:signal-handler (1795372451) Received SIGTERM scheduling shutdown...
22814:M 22 Nov 2026 18:34:11.132 # User requested shutdown...
22814:M 22 Nov 2026 18:34:11.132 # Redis is now ready to exit, bye bye...
`;
    expect(parseRedisLog(text)).toEqual({
      port: 13577,
      from: new Date(2026, 10, 22, 18, 34, 10, 709).getTime(),
      until: new Date(2026, 10, 22, 18, 34, 11, 132).getTime(),
      addressInUse: false,
    });
  });

  test('tells that the port was in use', () => {
    const text = `24415:M 22 Nov 2026 18:34:52.815 # Warning: Could not create server TCP listening socket 127.0.0.1:29999: bind: Address already in use
24415:M 22 Nov 2026 18:34:52.815 # Failed listening on port 29999 (TCP), aborting.
`;
    expect(parseRedisLog(text)).toEqual({ port: 29999, ...NEVER, addressInUse: true });
  });
});

describe('the logs of nginx', () => {
  const exit = `2026/11/22 18:33:40 [notice] 21198#21198: start worker processes
2026/11/22 18:33:40 [notice] 21198#21198: worker process 21199 exited with code 0
2026/11/22 18:33:40 [notice] 21198#21198: exit
`;
  const refusal = `2026/11/22 18:34:52 [emerg] 24417#24417: bind() to 0.0.0.0:29999 failed (98: Address already in use)
2026/11/22 18:34:52 [notice] 24417#24417: try again to bind() after 500ms
`;

  test('have the port, the time of the first request and that of the exit', () => {
    const requests = '1795372420.554 25275\n1795372420.560 25275\n';
    expect(parseNginxLogs(exit, requests, 1795372420570.5)).toEqual({
      port: 25275,
      from: 1795372420554,
      until: 1795372420570.5,
      addressInUse: false,
    });
  });

  test('of a server that was killed do not tell when', () => {
    const started = exit.slice(0, exit.indexOf('worker process '));
    expect(parseNginxLogs(started, '1795372420.554 25275\n', 1795372420570.5).until).toBe(Infinity);
  });

  test('tell that the port was in use, also if a later bind succeeded', () => {
    expect(parseNginxLogs(refusal, '', 1)).toEqual({ port: 29999, ...NEVER, addressInUse: true });
    expect(parseNginxLogs(refusal + exit, '1795372420.554 29999\n', 1).addressInUse).toBe(true);
  });
});
