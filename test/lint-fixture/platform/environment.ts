export const readEnvironment = (): NodeJS.ProcessEnv => process.env;
