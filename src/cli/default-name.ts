/** What the readers of a package call its server, if it has only one. */
export const DEFAULT_NAME = 'web';
