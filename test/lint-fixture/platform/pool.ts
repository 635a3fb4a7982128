export const lazily = (): Promise<unknown> => import('../pool/good.ts');
