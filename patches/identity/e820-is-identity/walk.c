/*
 * Cut regions off at the end of the physical address space.  The end of one
 * that goes on would wrap around, and make sanitize_e820_map() give up on the
 * whole map.
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
 * Returns true if @map has memory at @addr, which includes unusable memory: it
 * is not RAM for us, but no device either.  Where regions overlap and differ
 * there is none.  Lowers *@next to where the answer may change.  Regions may
 * be in any order, and may be empty.
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
 * Fill the P2M from the E820 as Xen gave it:
 *
 *  - Gaps and regions that are not memory become identity, with all of a page
 *    of which only a part is in them.  Frames that the domain was given there
 *    go back to Xen, but for those below the end of the ISA range.
 *  - Memory past the @max_pfn pages that the domain was given becomes missing.
 *    xen_add_extra_mem() does the same for the balloon's region.
 *  - Past the end of all that PFNs stay as p2m_mid_void() has them.
 *
 * An unprivileged domain has RAM below the end of the ISA range.  Past the last
 * region it has no business, so nothing there becomes identity.
 *
 * Returns the number of pages that went back to Xen.
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
