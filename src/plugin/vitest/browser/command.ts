/** The browser command that the plugin adds. Every worker of some runners loads the plugin, so this file loads nothing. */
import type { BrowserCommandContext } from 'vitest/node';
import type { Answer, Message } from './messages.ts';

export async function portsliceCommand(context: BrowserCommandContext, message: Message): Promise<Answer> {
  const { answer } = await import('./served-dispensers.ts');
  return answer(context, message);
}
