/** Listens on the port and, if given, the host of its command line, says so, and stays until it is killed. */
import net from 'node:net';

const [, , port, host] = process.argv;
const server = net.createServer((socket) => socket.on('error', () => socket.destroy()));
server.listen(host === undefined ? { port: Number(port) } : { port: Number(port), host });
server.once('listening', () => process.stdout.write('listening\n'));
