/** The page's end of the talk with Vitest's main process. */
import { commands } from 'vitest/browser';
import { PortsliceError, type PortsliceErrorCode } from '../../../errors/base.ts';
import { InvalidOptionError } from '../../../errors/options.ts';
import { type Answer, COMMAND, type Message, type SentError, type Values } from './messages.ts';

/** One of our errors, thrown in the main process. Its class is not there: `code` tells, and `instanceof` by the code. */
class SentPortsliceError extends PortsliceError {
  readonly code: PortsliceErrorCode;

  constructor({ message, name, code, facts }: SentError) {
    super(message);
    this.code = code as PortsliceErrorCode;
    Object.assign(this, facts, { name });
  }
}

type Command = (message: Message) => Promise<Answer>;

/** @throws what the main process throws; InvalidOptionError without the plugin, whose command this is */
export async function ask<Kind extends Message['kind']>(
  message: Extract<Message, { kind: Kind }>,
): Promise<Values[Kind]> {
  const command = (commands as unknown as Partial<Record<string, Command>>)[COMMAND];
  if (command === undefined) throw noPlugin();
  const answer = await command(message);
  if ('error' in answer) throw toThrow(answer.error);
  return answer.value as Values[Kind];
}

export function toThrow(error: SentError): Error {
  if (error.facts !== undefined) return new SentPortsliceError(error);
  const { name, message, code } = error;
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
}

function noPlugin(): InvalidOptionError {
  return new InvalidOptionError({
    option: 'plugins',
    value: undefined,
    expected: 'portslice() of portslice/vitest/plugin in the configuration of this project',
    problem: "of this project, whose tests run in a browser, lack portslice's, which gives them their ports",
  });
}
