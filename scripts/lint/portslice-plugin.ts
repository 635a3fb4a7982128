/**
 * Lint rules of this project's own, for oxlint. They keep the imports in src/ one-way, by resolving each
 * import instead of matching its text, so that `import()`, type imports and re-exports count too.
 */
import path from 'node:path';
import { mayImportLayer, mayImportPackage, placeOf } from './layers.ts';

interface Node {
  type: string;
  source?: { type: string; value?: unknown } | null;
  exportKind?: string;
  importKind?: string;
}
interface Context {
  filename: string;
  report(problem: { node: Node; message: string }): void;
}
type Visitor = Record<string, (node: Node) => void>;
interface Rule {
  create(context: Context): Visitor;
}

/** Calls `check` with the specifier of everything that loads or names another module. */
function forEachSpecifier(check: (specifier: string, node: Node) => void): Visitor {
  const visit = (node: Node): void => {
    if (typeof node.source?.value === 'string') check(node.source.value, node);
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
    TSImportType: visit,
  };
}

const layers: Rule = {
  create(context) {
    const importer = placeOf(context.filename);
    return forEachSpecifier((specifier, node) => {
      if (!specifier.startsWith('.')) return;
      const imported = placeOf(path.resolve(path.dirname(context.filename), specifier));
      if (mayImportLayer(importer, imported)) return;
      context.report({ node, message: `${importer} must not import from ${imported} ('${specifier}').` });
    });
  },
};

const packages: Rule = {
  create(context) {
    const importer = placeOf(context.filename);
    return forEachSpecifier((specifier, node) => {
      if (specifier.startsWith('.') || mayImportPackage(importer, specifier)) return;
      context.report({ node, message: `${importer} must not import '${specifier}'.` });
    });
  },
};

/** A file directly in src/ is an entry: importing it has no effect, so it holds nothing but re-exports. */
const entries: Rule = {
  create(context) {
    if (placeOf(context.filename) !== 'entries') return {};
    return {
      Program(program) {
        for (const statement of (program as Node & { body: Node[] }).body) {
          const reExports = statement.type.startsWith('Export') && statement.source;
          if (!reExports) {
            context.report({ node: statement, message: 'An entry only re-exports: move this to a layer.' });
          }
        }
      },
    };
  },
};

/** For a static import of one of its own modules Node runs all the module's lazy getters: milliseconds before the first port. */
const builtins: Rule = {
  create(context) {
    return {
      ImportDeclaration(node) {
        const isBuiltin = String(node.source?.value).startsWith('node:');
        if (!isBuiltin || node.importKind === 'type') return;
        context.report({ node, message: 'Take it from process.getBuiltinModule(), or from file-system.ts.' });
      },
    };
  },
};

export default { meta: { name: 'portslice' }, rules: { layers, packages, entries, builtins } };
