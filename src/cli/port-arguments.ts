/** What is said about ports on the command line: `--port WEB`, `--port WEB=3000`, and `{WEB}` in the command. */
import { isDecimal } from '../core/port-range.ts';
import { canonicalName, EXPECTED_NAME, isRunPortName } from '../core/run-port-name.ts';
import { InvalidOptionError } from '../errors/index.ts';
import { checkPort } from '../pool/session/option-checks.ts';

export interface WantedPort {
  readonly name: string;
  /** Undefined: any, the same as the last time if it is free. */
  readonly port: number | undefined;
}

export interface NamedPort {
  readonly name: string;
  readonly port: number;
}

/** @throws InvalidOptionError */
export function parseWantedPort(text: string): WantedPort {
  const [name = '', number, ...rest] = text.split('=');
  if (!isRunPortName(name) || rest.length > 0 || (number !== undefined && !isDecimal(number))) {
    const expected = `NAME or NAME=NUMBER, with ${EXPECTED_NAME}`;
    throw new InvalidOptionError({ option: '--port', value: text, expected });
  }
  if (number === undefined) return { name, port: undefined };
  const port = Number(number);
  checkPort(port);
  return { name, port };
}

/** Each name once, however it is written. @throws InvalidOptionError */
export function checkDistinct(wanted: readonly WantedPort[]): void {
  const names = wanted.map(({ name }) => canonicalName(name));
  const double = wanted.find(({ name }, at) => names.indexOf(canonicalName(name)) !== at);
  if (double === undefined) return;
  throw new InvalidOptionError({
    option: '--port',
    value: double.name,
    expected: 'each name once',
    problem: `has the name '${double.name}' twice`,
  });
}

/** `${WEB}` is the shell's, which has the variable. */
const PLACEHOLDER = /(?<!\$)\{([a-z][\w-]*)\}/gi;

/** Replaces `{WEB}` by the port of that name, in any case. Other braces stay. */
export function fillIn(text: string, ports: readonly NamedPort[]): string {
  return text.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const found = ports.find((one) => canonicalName(one.name) === canonicalName(name));
    return found === undefined ? placeholder : String(found.port);
  });
}
