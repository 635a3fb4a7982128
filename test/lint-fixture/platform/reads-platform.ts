const { platform } = process;
export const isWindows = platform === 'win32';
