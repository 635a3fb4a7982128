/**
 * Projects of users: `test` with the fixture `createProject`. A project is a temporary folder in which the packed
 * package is installed and the runners' real commands run. At the end of the test its processes are ended and it is removed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test as base } from '@playwright/test';
import { installation, repository } from './package.ts';
import { claimPortBlock, type PortBlock } from './port-block.ts';

export { expect } from '@playwright/test';

const LAST_OUTPUT_MS = 1_000;

/** Contents by path. A package.json with `"type": "module"` is added if there is none. */
export type ProjectFiles = Readonly<Record<string, string>>;

export interface RunOptions {
  /** Added to the environment; undefined takes a variable out. `PORTSLICE_PORTS` is the project's own block. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly output: string;
}

export class Program {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  #output = { stdout: '', stderr: '', both: '' };
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#append('stdout', text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#append('stderr', text));
    this.finished = this.#finish();
  }

  /** What came so far, of both streams. */
  get output(): string {
    return this.#output.both;
  }

  /** Resolves with the match as soon as it is in the output; rejects if the program ends without. */
  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      const ended = await Promise.race([
        this.finished.then(() => true),
        once(this.#child, 'output').then(() => false),
      ]);
      if (ended && !pattern.test(this.output))
        throw new Error(`The program ended without ${String(pattern)}:\n${this.output}`);
    }
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** As Ctrl-C in a terminal: every process of the program's group gets the signal. @returns false if none is left */
  killGroup(signal: NodeJS.Signals): boolean {
    try {
      return process.kill(-this.pid, signal);
    } catch {
      return false;
    }
  }

  #append(stream: 'stdout' | 'stderr', text: string): void {
    this.#output[stream] += text;
    this.#output.both += text;
    this.#child.emit('output');
  }

  async #finish(): Promise<Finished> {
    const closed = once(this.#child, 'close');
    const [exitCode, signal] = (await once(this.#child, 'exit')) as [number | null, NodeJS.Signals | null];
    // A leaked server of the program may keep its streams open for ever.
    await Promise.race([closed, setTimeout(LAST_OUTPUT_MS, undefined, { ref: false })]);
    const { stdout, stderr, both } = this.#output;
    return { exitCode, signal, stdout, stderr, output: both };
  }
}

export class Project {
  readonly dir: string;
  /** The ports of its runs, no other test's. */
  readonly ports: PortBlock;
  readonly #programs: Program[] = [];

  constructor(dir: string, ports: PortBlock) {
    this.dir = dir;
    this.ports = ports;
  }

  /** Starts `node`, or a command of a package (`portslice`, `playwright`, `vitest`, `tsc`), in the project's folder. */
  start(command: string, args: readonly string[] = [], options: RunOptions = {}): Program {
    const child = spawn(command, args, {
      cwd: path.resolve(this.dir, options.cwd ?? '.'),
      env: { ...cleanEnvironment(), PORTSLICE_PORTS: this.ports.spec, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that everything that it starts can be ended with it.
      detached: true,
    });
    const program = new Program(child);
    this.#programs.push(program);
    return program;
  }

  /** As `start`, to the end. */
  run(command: string, args?: readonly string[], options?: RunOptions): Promise<Finished> {
    return this.start(command, args, options).finished;
  }

  /** Each file at once, by a rename: a runner that watches must not read it half written, since it looks only once. */
  write(files: ProjectFiles): void {
    const written = `${this.dir}.written`;
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.dir, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(written, content);
      renameSync(written, file);
    }
  }

  get output(): string {
    return this.#programs.map((program) => program.output).join('\n----\n');
  }

  remove(): void {
    for (const program of this.#programs) program.killGroup('SIGKILL');
    this.ports.free();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface ProjectFixtures {
  /** In which something is installed that all projects find. */
  projectsFolder: string;
  /** With a hundred ports, or that many hundreds. */
  createProject: (files: ProjectFiles, portHundreds?: number) => Promise<Project>;
}

export const test = base.extend<ProjectFixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the wanted fixtures from it
  projectsFolder: async ({}, use) => use(installation().dir),

  createProject: async ({ projectsFolder }, use, testInfo) => {
    const projects: Project[] = [];
    await use(async (files, portHundreds) => {
      const dir = mkdtempSync(path.join(projectsFolder, 'project-'));
      const project = new Project(dir, await claimPortBlock(portHundreds));
      projects.push(project);
      project.write({ 'package.json': '{ "type": "module" }', ...files });
      return project;
    });
    for (const project of projects) {
      if (testInfo.status !== testInfo.expectedStatus)
        await testInfo.attach('output', { body: project.output });
      project.remove();
    }
  },
});

/** Without what the runner of these tests, npm or our own CI tells its children. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(TEST_|PLAYWRIGHT_|PW_|PWTEST|VITEST|PORTSLICE_|PYSYS_|npm_|E2E_|NODE_OPTIONS$|NODE_ENV$|CI$|FORCE_COLOR$|NO_COLOR$|DEBUG)/;
  const inherited = Object.entries(process.env).filter(([name]) => !ours.test(name));
  const programs = [installation().dir, repository].map((folder) => path.join(folder, 'node_modules/.bin'));
  return { ...Object.fromEntries(inherited), PATH: [...programs, process.env['PATH']].join(':') };
}
