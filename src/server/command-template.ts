/** `{port}` and `{port:name}` in commands, variables, folders and addresses. */
import { FIRST_PORT_NAME } from './server-options.ts';

const PLACEHOLDER = /\{port(?::([A-Za-z][\w-]*))?\}/g;

/** The names that the texts ask for, each once, in their order. */
export function portNamesIn(texts: readonly string[]): string[] {
  const names = texts.flatMap((text) =>
    [...text.matchAll(PLACEHOLDER)].map(([, name = FIRST_PORT_NAME]) => name),
  );
  return [...new Set(names)];
}

/** Every name has its port: they were claimed for the names that `portNamesIn` has found. */
export function fillIn(text: string, ports: Readonly<Record<string, { readonly port: number }>>): string {
  return text.replaceAll(PLACEHOLDER, (placeholder, name: string = FIRST_PORT_NAME) =>
    String(ports[name]?.port ?? placeholder),
  );
}

/** As `fillIn`, where the ports are not known yet, to see whether the text will do. */
export function fillInAny(text: string): string {
  return text.replaceAll(PLACEHOLDER, '1');
}
