/*
 * What Debian's libstdc++ and libgcc_s, which are made for glibc, need beyond musl. With it the build of Bun for musl starts on Debian,
 * which has no libstdc++ for musl. Only for that test: nothing of it is in the package.
 *
 * musl-gcc -shared -fPIC -o ld-linux-x86-64.so.2 musl-additions.c
 */
#define _GNU_SOURCE
#include <link.h>
#include <locale.h>
#include <stdint.h>
#include <sys/random.h>
#include <time.h>

/* glibc sets it while there is one thread only: then libstdc++ leaves out atomic instructions. */
char __libc_single_threaded = 0;

uint32_t arc4random(void)
{
	uint32_t value;
	getrandom(&value, sizeof value, 0);
	return value;
}

size_t __strftime_l(char *text, size_t size, const char *format, const struct tm *time, locale_t locale)
{
	return strftime_l(text, size, format, time, locale);
}

/* Destructors at the end of a thread do not run: a process of a test needs none. */
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library)
{
	return 0;
}

/* As in GCC's cpuinfo: nothing is known of the processor. */
struct {
	unsigned vendor, type, subtype, features[4];
} __cpu_model;

int __cpu_indicator_init(void)
{
	return 0;
}

/* glibc 2.35: where the unwinder finds the tables of the library that has an instruction. */
struct dl_find_object {
	unsigned long long flags;
	void *map_start, *map_end;
	struct link_map *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

struct search {
	uintptr_t address;
	struct dl_find_object *result;
};

static int look_into(struct dl_phdr_info *library, size_t size, void *data)
{
	struct search *search = data;
	uintptr_t start = UINTPTR_MAX, end = 0;
	void *eh_frame = 0;
	int contains = 0;
	for (int index = 0; index < library->dlpi_phnum; index++) {
		const ElfW(Phdr) *header = &library->dlpi_phdr[index];
		uintptr_t from = library->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
		if (header->p_type == PT_GNU_EH_FRAME)
			eh_frame = (void *)from;
		if (header->p_type != PT_LOAD)
			continue;
		if (from < start)
			start = from;
		if (to > end)
			end = to;
		if (search->address >= from && search->address < to)
			contains = 1;
	}
	if (!contains || !eh_frame)
		return 0;
	*search->result = (struct dl_find_object){
		.map_start = (void *)start,
		.map_end = (void *)end,
		.eh_frame = eh_frame,
	};
	return 1;
}

int _dl_find_object(void *address, struct dl_find_object *result)
{
	struct search search = { (uintptr_t)address, result };
	return dl_iterate_phdr(look_into, &search) ? 0 : -1;
}
