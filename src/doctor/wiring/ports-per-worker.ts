/** As many ports as a worker may easily need at once: with fewer of them, or of what they take, there is a warning. */
export const PORTS_PER_WORKER = 16;
