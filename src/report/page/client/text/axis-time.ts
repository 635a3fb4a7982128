/** Times on the axis: since the start of the run, as exact as the ticks are apart. */

const MOST_DIGITS = 3;

/** '0:01.25', '0:12', '3:05', '1:02:00'. */
export function formatAxisTime(atMs: number, stepMs: number): string {
  const digits = stepMs < 1_000 ? Math.min(Math.ceil(-Math.log10(stepMs / 1_000)), MOST_DIGITS) : 0;
  // Rounded as a whole: 1.9996 s are no 1 s and 0 tenths.
  const [seconds, fraction] = (atMs / 1_000).toFixed(digits).split('.');
  return `${clock(Number(seconds))}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** '0:07', '1:02:00'. */
function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const tail = twoDigits(seconds % 60);
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${twoDigits(minutes)}:${tail}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
