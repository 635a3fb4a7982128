export type Port = import('../plugin/vitest/good.ts').OwnPort;
