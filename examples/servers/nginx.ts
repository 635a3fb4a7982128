/** nginx in the foreground, with a configuration of a few lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Server, StartServerOptions } from 'portslice';
import { programPath } from './installed.ts';
import { makeServerFolder } from './server-folder.ts';

/** @param site what comes into the configuration's `server { ... }` block, beside the port */
export function nginx(site: string): StartServerOptions {
  const folder = makeServerFolder('nginx');
  mkdirSync(path.join(folder, 'temp'));
  writeFileSync(path.join(folder, 'template.conf'), configuration(site));
  // nginx takes its port from a file only, which the shell writes once the port is known.
  const start = `${programPath('nginx')} -p "$PWD" -c nginx.conf -e server.log`;
  return { command: `sed "s/PORT/$PORT/" template.conf >nginx.conf && exec ${start}`, cwd: folder };
}

/** A site that is one page. */
export function page(heading: string): string {
  return `location = / { return 200 '<h1>${heading}</h1>'; }  location / { return 404; }`;
}

/** A site that is another server's. */
export function proxyTo({ port }: Server): string {
  return `location / { proxy_pass http://127.0.0.1:${port}; }`;
}

function configuration(site: string): string {
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
    listen PORT;
    ${site}
  }
}
`;
}
