/** No line is lost, however whoever has written it ends right after, and however slowly stderr is read. */
import { expect, test } from 'vitest';
import { needProgram } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { runScript, type ScriptOptions } from '../support/run-script.ts';
import { textsOf } from '../support/trace-lines.ts';

const CLAIM_ALL = `
  import { PortPool, TCPPortOwner } from './dist/index.js';
  for (let left = PortPool.create().ports.length; left > 0; left--) new TCPPortOwner();
`;

async function countClaims(code: string, options: ScriptOptions = {}): Promise<number> {
  await using block = await reservePorts(40);
  const { stderr } = await runScript(code, {
    ...options,
    env: { DEBUG: 'portslice:claim', PORTSLICE_PORTS: block.spec },
  });
  return textsOf('claim', stderr).length;
}

test.each([
  ['kills itself', `process.kill(process.pid, 'SIGKILL');`],
  ['exits', 'process.exit(3);'],
])('A process that %s has written all of its lines', async (_, end) => {
  expect(await countClaims(`${CLAIM_ALL} ${end}`)).toBe(40);
});

test.each([
  ['ends itself', 'process.exit();', ''],
  [
    'is terminated',
    `parentPort.postMessage('now'); for (;;);`,
    'await once(thread, "message"); await thread.terminate();',
  ],
])('A thread that %s has written all of its lines', async (_, end, act) => {
  const inside = `import { parentPort } from 'node:worker_threads'; ${CLAIM_ALL} ${end}`;
  const code = `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(inside)}.replace('./dist', ${JSON.stringify(`file://${process.cwd()}/dist`)})));
    const thread = new Worker(url);
    const exit = once(thread, 'exit');
    ${act}
    await exit;
    process.kill(process.pid, 'SIGKILL');
  `;
  expect(await countClaims(code)).toBe(40);
});

/** Its stderr is a pipe that does not block and holds a page, and that is read only when it has been full. */
const SLOW_READER = `
import fcntl, os, subprocess, sys, time
reading, writing = os.pipe()
fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
os.set_blocking(writing, False)
child = subprocess.Popen(sys.argv[1:], stderr=writing)
sample = b'x' * 4096
while True:
    # Full: the child waits for us.
    waiting = int.from_bytes(fcntl.ioctl(reading, 0x541B, bytes(4)), sys.byteorder)
    if waiting > 3900 or child.poll() is not None: break
    time.sleep(0.01)
os.close(writing)
while True:
    data = os.read(reading, 512)
    if not data: break
    os.write(2, data)
child.wait()
`;

test('A pipe that is full and does not block is waited for', async (context) => {
  const wrapper = [needProgram(context, 'python3'), '-c', SLOW_READER];
  const code = `
    import { TCPPortOwner } from './dist/index.js';
    for (let left = 200; left > 0; left--) new TCPPortOwner({ label: 'x'.repeat(100) }).cleanup();
  `;
  expect(await countClaims(code, { wrapper })).toBe(200);
});
