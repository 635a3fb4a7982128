/** Times on the axis: since the start of the run, as exact as the ticks are apart. */

/** '0.25 s', '12 s', '3:05', '1:02:00'. */
export function formatAxisTime(atMs: number, stepMs: number): string {
  const seconds = atMs / 1_000;
  if (stepMs < 1_000) return `${clock(Math.floor(seconds))}${fraction(seconds, stepMs)}`;
  return clock(Math.round(seconds));
}

function fraction(seconds: number, stepMs: number): string {
  const digits = Math.min(Math.max(Math.ceil(-Math.log10(stepMs / 1_000)), 1), 3);
  return (seconds % 1).toFixed(digits).slice(1);
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
