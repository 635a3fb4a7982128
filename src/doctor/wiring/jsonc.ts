/** JSON with comments, and with commas before closing brackets, as tsconfig.json may be. */

const PART = /"(?:\\[^]|[^\\"])*"|\/\/[^\n]*|\/\*[^]*?\*\/|,(?=(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*[}\]])/g;

/** @throws SyntaxError */
export function parseJSONC(text: string): unknown {
  const json = text.replace(/^\ufeff/, '').replaceAll(PART, (part) => (part.startsWith('"') ? part : ''));
  return JSON.parse(json);
}
