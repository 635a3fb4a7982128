/** `PORTSLICE_BENCH=quick` takes few repetitions: for whoever changes a benchmark. */
const isQuick: boolean = process.env['PORTSLICE_BENCH'] === 'quick';

export function repetitions(quick: number, full: number): number {
  return isQuick ? quick : full;
}
