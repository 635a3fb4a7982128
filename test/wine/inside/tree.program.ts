/**
 * A server three processes down: `tree.program.ts <port> <depth> [leave]`. The last one listens, and each but the last starts the next
 * one in a session of its own, as far as there is such a thing. `leave`: whoever has started one ends.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const [port, depth, leave] = process.argv.slice(2) as [string, string, string | undefined];

console.log(`pid ${process.pid}`);
if (Number(depth) === 1) createServer().listen(Number(port), () => console.log('up'));
else {
  const args = [
    process.argv[1] as string,
    port,
    String(Number(depth) - 1),
    ...(leave === undefined ? [] : [leave]),
  ];
  const child = spawn(process.execPath, args, { detached: true, stdio: 'inherit' });
  if (leave !== undefined) child.once('spawn', () => process.exit());
}
