/** The text of a configuration in JavaScript or TypeScript, as far as reading it tells what it does. Nothing of it is executed. */

export interface SourceText {
  /** Without comments. */
  readonly code: string;
  /** The same, with nothing between the quotes. */
  readonly bare: string;
}

/** After these a slash begins a regular expression; after a name or a bracket it divides. */
const BEFORE_EXPRESSION = /(?:[([{,;:=!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|await|yield))$/;
const LONGEST_WORD = 10;

/** One of them at a time: comments, what stands in quotes, and regular expressions. */
const PART =
  /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|'(?:\\[^]|[^\\'\n])*'?|"(?:\\[^]|[^\\"\n])*"?|`(?:\\[^]|[^\\`])*`?|\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/g;

export function readSource(text: string): SourceText {
  let code = '';
  let bare = '';
  let end = 0;
  for (let match = PART.exec(text); match !== null; match = PART.exec(text)) {
    const [part] = match;
    code += text.slice(end, match.index);
    bare += text.slice(end, match.index);
    end = match.index + part.length;
    if (part.startsWith('//') || part.startsWith('/*')) {
      code += ' ';
      bare += ' ';
    } else if (part.startsWith('/')) {
      // It divides: what follows is looked at once more.
      if (!mayBeginExpression(code)) end = PART.lastIndex = match.index + 1;
      code += text.slice(match.index, end);
      bare += '/';
    } else {
      code += part;
      bare += part.slice(0, 1) + part.slice(0, 1);
    }
  }
  return { code: code + text.slice(end), bare: bare + text.slice(end) };
}

function mayBeginExpression(before: string): boolean {
  const last = before.trimEnd().slice(-LONGEST_WORD);
  return last === '' || BEFORE_EXPRESSION.test(last);
}

const SPECIFIER = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*(['"])((?:\\.|(?!\1).)+)\1/g;

/** Of everything that it imports. */
export function specifiersOf({ code }: SourceText): string[] {
  return [...code.matchAll(SPECIFIER)].map(([, , specifier = '']) => specifier);
}

/** Under which names the text has that export of a module; 'default' is one. */
export function namesOfExport({ code }: SourceText, specifier: string, name: string): string[] {
  const whole = String.raw`(?:import|const|let|var)\s+([\w$]+)\s*(?:,\s*\{[^}]*\}\s*)?(?:from|=\s*require\s*\()\s*['"]${specifier}['"]`;
  const among = String.raw`(?:import|const|let|var)\s+(?:[\w$]+\s*,\s*)?\{([^}]*)\}\s*(?:from|=\s*(?:await\s+)?(?:require|import)\s*\()\s*['"]${specifier}['"]`;
  const defaults = name === 'default' ? groupsOf(whole, code) : [];
  const named = groupsOf(among, code).flatMap((list) => localNames(list, name));
  return [...defaults, ...named];
}

/** What the group of the pattern has matched, each time. */
function groupsOf(pattern: string, code: string): string[] {
  return [...code.matchAll(new RegExp(pattern, 'g'))].map(([, group = '']) => group);
}

/** `{ a, b as c, type d, e: f }` */
function localNames(list: string, name: string): string[] {
  return list
    .split(',')
    .map((each) => each.trim().split(/\s+as\s+|\s*:\s*/))
    .filter(([imported]) => imported === name)
    .map(([imported = '', local = imported]) => local);
}

export function calls({ bare }: SourceText, names: readonly string[]): boolean {
  return names.some((name) =>
    new RegExp(String.raw`(?<![\w$])${name.replaceAll('$', String.raw`\$`)}\s*(?:<[^()]*>)?\s*\(`).test(bare),
  );
}
