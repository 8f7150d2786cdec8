/*
 * No address is past the physical mask.  Regions that say otherwise would wrap
 * around, and make sanitize_e820_map() give up on the map as a whole.
 */
static void __init xen_trim_map(struct e820entry *map, unsigned int nr)
{
	const u64 limit = PFN_PHYS(PFN_DOWN(__PHYSICAL_MASK));
	unsigned int i;

	for (i = 0; i < nr; i++) {
		map[i].addr = min_t(u64, map[i].addr, limit);
		map[i].size = min_t(u64, map[i].size, limit - map[i].addr);
	}
}

/*
 * Does @map say that there is memory at @addr?  The answer holds up to *@next.
 * Regions may come in any order, overlap and be empty.  Where they contradict
 * each other, it is not memory.  Unusable memory is no RAM for us, but it is
 * no device either.
 */
static bool __init xen_map_is_memory(const struct e820entry *map,
				     unsigned int nr, u64 addr, u64 *next)
{
	bool memory = false, other = false;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u64 start = map[i].addr;
		u64 end = start + map[i].size;

		if (addr < start) {
			if (start < end)
				*next = min(*next, start);
		} else if (addr < end) {
			*next = min(*next, end);
			if (map[i].type == E820_RAM ||
			    map[i].type == E820_UNUSABLE)
				memory = true;
			else
				other = true;
		}
	}

	return memory && !other;
}

/*
 * Tell the P2M what the machine has where.  What is no memory is its own MFN,
 * be it a region of another type or a gap, and so is the whole of a page that
 * has only a part of it.  Frames that the domain was given there are returned
 * to Xen, above the ISA range.  Memory past the @max_pfn pages that the domain
 * was given is missing, whatever void means.
 *
 * An unprivileged domain has plain RAM below the end of the ISA range, and
 * nothing past the last region: what is there, if anything, is not its own.
 *
 * Returns the number of pages that Xen has got back.
 */
static unsigned long __init xen_map_to_p2m(const struct e820entry *map,
					   unsigned int nr,
					   unsigned long max_pfn)
{
	u64 addr, next, top, last = 0;
	unsigned long released = 0;
	unsigned int i;

	if (xen_feature(XENFEAT_auto_translated_physmap))
		return 0;

	for (i = 0; i < nr; i++)
		if (map[i].size)
			last = max_t(u64, last, map[i].addr + map[i].size);
	top = max_t(u64, last, PFN_PHYS(max_pfn));

	addr = xen_initial_domain() ? 0 : ISA_END_ADDRESS;
	for (; addr < top; addr = next) {
		unsigned long start, end;
		bool memory;

		next = top;
		memory = xen_map_is_memory(map, nr, addr, &next);
		while (next < top) {
			u64 after = top;

			if (xen_map_is_memory(map, nr, next, &after) != memory)
				break;
			next = after;
		}

		if (memory) {
			start = max_t(u64, PFN_UP(addr), max_pfn);
			end = PFN_DOWN(next);
			set_phys_range_missing(start, end);
			continue;
		}

		start = PFN_DOWN(addr);
		end = PFN_UP(next);
		released += xen_release_chunk(max_t(u64, PFN_PHYS(start),
						    ISA_END_ADDRESS),
					      PFN_PHYS(min(end, max_pfn)));
		if (xen_initial_domain())
			set_phys_range_identity(start, end);
		else if (addr < last)
			set_phys_range_identity(start,
						min_t(u64, end, PFN_UP(last)));
	}

	if (xen_initial_domain())
		set_phys_range_identity(PFN_DOWN(ISA_START_ADDRESS),
					PFN_DOWN(ISA_END_ADDRESS));

	return released;
}
