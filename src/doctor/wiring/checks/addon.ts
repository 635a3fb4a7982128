/** The addon that calls the system: a package for each platform, of which package managers install the one that fits. */
import { KOFFI_VERSION } from '../../../platform/koffi.ts';
import { findPackageFrom } from '../../../platform/own-package.ts';
import { addonTarget } from '../../../platform/platform.ts';
import { failed, ok, warning, type WiringCheck } from '../finding.ts';

const SCOPE = '@koromix/koffi-';

export const addon: WiringCheck = {
  name: 'addon',
  look: ({ portslice }) => {
    const target = addonTarget();
    const name = SCOPE + target;
    const known = Object.keys(portslice.manifest.optionalDependencies ?? {});
    if (!known.includes(name))
      return failed(
        `There is no addon for ${target}, so there are no ports`,
        `Run the tests on one of ${known.map((each) => each.slice(SCOPE.length)).join(', ')}.`,
      );
    const found = findPackageFrom(portslice.file, name);
    if (found === undefined) {
      const others = known.filter((each) => findPackageFrom(portslice.file, each) !== undefined);
      const where =
        others.length === 0 ? '' : `, but ${others.join(' and ')}: node_modules is of another machine`;
      return failed(
        `The package ${name} is not installed${where}`,
        `Install again on this machine, without --omit=optional, or add it: npm install --save-dev ${name}@${KOFFI_VERSION}.`,
      );
    }
    const { version } = found.manifest;
    if (version === KOFFI_VERSION) return ok(`The addon for this platform is installed: ${name} ${version}`);
    return warning(
      `The addon ${name} has version ${version}, and portslice was tried with ${KOFFI_VERSION}`,
      `Take out what asks for another one (overrides, resolutions), and install again.`,
    );
  },
};
