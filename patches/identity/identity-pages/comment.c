/*
 * What a PFN can be
 *
 *   RAM       a frame of this domain: the entry is its MFN
 *   foreign   a frame of another domain, put in the place of one of ours: the
 *             entry is FOREIGN_FRAME(mfn)
 *   identity  the PFN is the MFN: a device, a gap in the E820, a region that
 *             the firmware has reserved.  A lookup returns IDENTITY_FRAME(pfn)
 *   missing   there is no frame: ballooned out, or not yet filled by the
 *             balloon.  A lookup returns INVALID_P2M_ENTRY
 *
 * Most of the address space is identity or missing, in long ranges.  These
 * take no memory: all pointers to them lead to the same pages, a leaf and a
 * mid page for either kind.
 *
 *    p2m_top
 *   +-------+      +-------+      +-------+
 *   |   o---+----->|   o---+----->|  MFN  |  RAM
 *   |       |      |       |      | F|MFN |  foreign: F is FOREIGN_FRAME_BIT
 *   |       |      |       |      | ~0UL  |  ballooned out
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
 * So it depends on the page whether an entry of ~0UL is identity.  The
 * toolstack reads these pages as well, and knows nothing but MFNs and ~0UL:
 * that is why IDENTITY_FRAME_BIT is in no shared page.
 */
