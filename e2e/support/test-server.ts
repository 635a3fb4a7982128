/** Playwright's test server, driven as UI mode and editors do it. */
import { once } from 'node:events';
import { playwrightEnvironment } from './playwright-project.ts';
import type { Program, Project } from './project.ts';

interface Answer {
  readonly result?: { readonly status?: string };
  readonly error?: unknown;
}

export class TestServer {
  readonly program: Program;
  readonly #socket: WebSocket;
  #lastId = 0;

  private constructor(program: Program, socket: WebSocket) {
    this.program = program;
    this.#socket = socket;
  }

  static async start(project: Project): Promise<TestServer> {
    const program = project.start('playwright', ['test-server'], playwrightEnvironment(project));
    const [url] = await program.waitForOutput(/ws:\/\/\S+/);
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const server = new TestServer(program, socket);
    await server.call('initialize', { interceptStdio: false, closeOnDisconnect: true });
    return server;
  }

  /** @returns the status, if the answer has one */
  async call(method: string, params: object = {}): Promise<string | undefined> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => {
      const listener = ({ data }: MessageEvent): void => {
        const answer = JSON.parse(String(data)) as Answer & { id?: number };
        if (answer.id !== id) return;
        this.#socket.removeEventListener('message', listener);
        resolve(answer);
      };
      this.#socket.addEventListener('message', listener);
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result?.status;
  }

  /** As an editor that is closed. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.program.finished;
  }
}
