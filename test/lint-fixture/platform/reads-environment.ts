export const shell = process.env['SHELL'];
