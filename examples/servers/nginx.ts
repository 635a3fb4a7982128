/** nginx in the foreground, with a configuration of a few lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TCPPortOwner } from 'portslice';
import { programPath } from './installed.ts';
import { makeServerFolder, type Server, startServer } from './server.ts';

/** @param site what comes into the configuration's `server { ... }` block, beside the port */
export function startNginx(port: TCPPortOwner, site: string): Promise<Server> {
  const folder = makeServerFolder('nginx');
  mkdirSync(path.join(folder, 'temp'));
  writeFileSync(path.join(folder, 'nginx.conf'), configuration(port, site));
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'server.log'];
  return startServer(port, { program: programPath('nginx'), args, folder });
}

/** A site that is one page. */
export function page(heading: string): string {
  return `location = / { return 200 '<h1>${heading}</h1>'; }  location / { return 404; }`;
}

/** A site that is another server's. */
export function proxyTo(backend: TCPPortOwner): string {
  return `location / { proxy_pass http://127.0.0.1:${backend.port}; }`;
}

function configuration(port: TCPPortOwner, site: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid nginx.pid;
worker_processes 1;
error_log server.log notice;
events { worker_connections 64; }
http {
  ${temporary.map((name) => `${name}_temp_path temp/${name};`).join('\n  ')}
  default_type text/html;
  # The other log knows no milliseconds.
  log_format times '$msec $server_port';
  access_log access.log times;
  server {
    listen ${port.port};
    ${site}
  }
}
`;
}
