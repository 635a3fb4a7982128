/*
 * For Wine's server, loaded into it alone by LD_PRELOAD: what it frees is kept for a while before it can be used again. Wine 8 looks
 * once more at a pipe that was closed while a read of it ended (set_fd_signaled in server/fd.c). Where something else has that memory
 * by then, the server crashes, and whoever is on that Windows waits for ever.
 */
#include <stddef.h>

/* 200 MB. */
#define KEPT_COUNT (1 << 20)

extern void __libc_free(void *block);

static void *kept[KEPT_COUNT];
static size_t oldest;

/* The server has one thread. */
void free(void *block) {
  if (block == NULL) return;
  void *evicted = kept[oldest];
  kept[oldest] = block;
  oldest = (oldest + 1) % KEPT_COUNT;
  __libc_free(evicted);
}
