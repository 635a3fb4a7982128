/** The addresses of the name localhost. @throws Node's error where the system does not know it */
export async function lookUpLocalhost(): Promise<string[]> {
  const { lookup } = process.getBuiltinModule('node:dns/promises');
  return (await lookup('localhost', { all: true })).map(({ address }) => address);
}
