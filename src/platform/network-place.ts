/** Where the network of this process is, for who reads a report. Nothing of it decides anything. */
import { findNetworkPlace as findOnLinux } from './linux/network-place.ts';
import { ofThisPlatform } from './platform.ts';

/** 'own': a network of its own, as containers mostly have one. Undefined: it does not show, or there is only one. */
export const findNetworkPlace: () => 'machine' | 'own' | undefined = ofThisPlatform(
  { linux: findOnLinux },
  () => () => undefined,
);
