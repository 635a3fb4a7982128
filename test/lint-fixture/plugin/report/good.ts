export const title = 'ports';
