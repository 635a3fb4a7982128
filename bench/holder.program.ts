/** Holds as many ports of its run's pool as its parent says. usage: forked, with the URL of portslice as argument */
import type * as Portslice from '../src/index.ts';

const { TCPPortOwner } = (await import(process.argv[2] as string)) as typeof Portslice;
const owners: Portslice.TCPPortOwner[] = [];

process.on('message', (count: number) => {
  while (owners.length > count) owners.pop()?.cleanup();
  while (owners.length < count) owners.push(new TCPPortOwner());
  process.send?.('done');
});
process.on('disconnect', () => process.exit());
