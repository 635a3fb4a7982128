/** Which portslice the tests of the project import. */
import { failed, ok, warning, type WiringCheck } from '../finding.ts';

export const ownPackage: WiringCheck = {
  name: 'package',
  look: (project) => {
    const { version } = project.portslice.manifest;
    const problem = project.manifestProblem;
    if (problem !== undefined) return failed(problem, 'Correct it: nothing here can be imported until then.');
    const used = project.find('portslice');
    if (used === undefined)
      return warning(
        'The tests here cannot import portslice: it is not installed in this folder or above it',
        'Install it: npm install --save-dev portslice.',
      );
    if (used.manifest.version === version) return ok(`The tests here import portslice ${version}`);
    return warning(
      `The tests here import portslice ${used.manifest.version}, and this is ${version}`,
      `Test with theirs: npx --no-install portslice doctor, in ${project.folder}.`,
    );
  },
};
