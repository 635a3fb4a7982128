/** The options of the reporters, and of `report` in what the plugins take. */
import { InvalidOptionError } from '../errors/index.ts';

export interface ReportOptions {
  /** Where `index.html` and `ports.json` are written. Default: `ports-report`, beside the runner's configuration. */
  readonly folder?: string | undefined;
}

export const DEFAULT_FOLDER = 'ports-report';

/** @throws InvalidOptionError if `report` is neither a boolean nor such options */
export function checkReport(report: unknown): ReportOptions | undefined {
  if (report === undefined || report === false) return undefined;
  if (report === true) return {};
  if (typeof report === 'object' && report !== null) return checkReportOptions(report, 'report.');
  throw new InvalidOptionError({
    option: 'report',
    value: report,
    expected: "true, false or an object such as { folder: 'ports-report' }",
  });
}

/** @throws InvalidOptionError */
export function checkReportOptions(options: object, prefix = ''): ReportOptions {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'folder') continue;
    throw new InvalidOptionError({
      option: `${prefix}${name}`,
      value,
      expected: 'folder',
      problem: 'is not an option',
    });
  }
  const { folder } = options as { readonly folder?: unknown };
  if (folder === undefined) return {};
  if (typeof folder === 'string' && folder !== '' && !folder.includes('\0')) return { folder };
  throw new InvalidOptionError({
    option: `${prefix}folder`,
    value: folder,
    expected: `the path of a folder, such as '${DEFAULT_FOLDER}'`,
  });
}
