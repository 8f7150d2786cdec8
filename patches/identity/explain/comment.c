/*
 * What a PFN can be
 *
 *   RAM       a frame of this domain: the entry is its MFN
 *   identity  the PFN is the MFN: a device, a gap in the E820, a region that
 *             the firmware has reserved.  The lookup says IDENTITY_FRAME(pfn)
 *   missing   there is no frame: ballooned out, or not yet filled by the
 *             balloon.  The lookup says INVALID_P2M_ENTRY
 *
 * Most of the address space is identity or missing, in long ranges.  They take
 * no memory, as their pointers lead to shared pages, two for each meaning:
 *
 *    p2m_top
 *   +-------+      +-------+      +-------+
 *   |   o---+----->|   o---+----->|  MFN  |  RAM, some of it ballooned out
 *   |       |      |       |      | ~0UL  |
 *   |       |      |       |      +-------+
 *   |       |      |       |      +-------+
 *   |       |      |   o---+----->|  MFN  |  the end of RAM, and a device that
 *   |       |      |       |      | I|pfn |  begins in the middle of a leaf:
 *   |       |      |       |      +-------+  I is IDENTITY_FRAME_BIT
 *   |       |      |   o---+--.
 *   |       |      +-------+  |
 *   |       |                 |
 *   |       |   p2m_mid_      |    p2m_
 *   |       |     identity    |     identity
 *   |       |      +-------+  '-->+-------+
 *   |   o---+----->|   o---+----->| ~0UL  |  read as IDENTITY_FRAME(pfn)
 *   |   o---+----->|   o---+----->| ~0UL  |
 *   |       |      +-------+      +-------+
 *   |       |
 *   |       |   p2m_mid_           p2m_
 *   |       |     missing           missing
 *   |       |      +-------+      +-------+
 *   |   o---+----->|   o---+----->| ~0UL  |  read as INVALID_P2M_ENTRY
 *   +-------+      +-------+      +-------+
 *
 * So whether an entry is identity depends on the page that it is in.  The
 * toolstack reads these pages as well, and knows only MFNs and ~0UL: that is
 * why the bit is in no shared page.
 *
 * Nothing is ever stored in a shared page.  To give one PFN another meaning,
 * alloc_p2m() first puts a copy in its place, which says the same.
 *
 * At boot, from the E820 as Xen tells it, xen_memory_setup() makes gaps and
 * regions that are no RAM identity, and memory that was not given to us
 * missing; the balloon's region is missing whatever the E820 says.  What is
 * left, past the end of all that, is void: identity in the initial domain, so
 * that devices are found wherever they are, and missing in others, which have
 * no business there.
 */
