/** Whether TypeScript finds the types of portslice. */
import { ok, warning, type WiringCheck } from '../finding.ts';
import { moduleResolutionsOf } from '../tsconfig.ts';

/** They do not heed the exports of a package. */
const TOO_OLD = ['node10', 'node', 'classic'];

export const typescript: WiringCheck = {
  name: 'typescript',
  look: (project) => {
    const file = project.findAbove('tsconfig.json');
    if (file === undefined) return undefined;
    const version = project.find('typescript')?.manifest.version;
    const readings = moduleResolutionsOf(file, version);
    const bad = readings.find(({ moduleResolution }) => TOO_OLD.includes(moduleResolution ?? ''));
    if (bad !== undefined)
      return warning(
        `With moduleResolution ${bad.moduleResolution} of ${project.nameOf(bad.file)} TypeScript does not find portslice (TS2307)`,
        "Set module to 'nodenext', or moduleResolution to 'bundler'.",
      );
    const unclear = readings.find(({ moduleResolution }) => moduleResolution === undefined);
    if (unclear !== undefined)
      return warning(
        `It was not recognised which moduleResolution ${project.nameOf(unclear.file)} has: ${unclear.problem}`,
        "It needs 'nodenext', 'node16' or 'bundler': npx tsc --showConfig prints it.",
      );
    const kinds = [...new Set(readings.map(({ moduleResolution }) => moduleResolution))];
    return ok(
      `TypeScript finds portslice: moduleResolution of ${project.nameOf(file)} is ${kinds.join(' and ')}`,
    );
  },
};
