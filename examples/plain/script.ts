/** Without a test runner, and without any set-up: `node examples/plain/script.ts`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { TCPPortOwner } from 'portslice';

// From here to the end of the block the port is ours. Before Node 24, call `port.cleanup()` in a `finally` instead.
using port = new TCPPortOwner({ label: 'the plain example' });

const server = createServer((_request, response) => response.end('Hello from a plain script'));
server.listen(port.port);
await once(server, 'listening');

const response = await fetch(port.url('/'));
console.log(`${port.url('/')} says: ${await response.text()}`);

server.close();
server.closeAllConnections();
await once(server, 'close');
