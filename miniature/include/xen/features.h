/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XEN_FEATURES_H__
#define __XEN_FEATURES_H__

#include <linux/types.h>

/* Numbers are Xen's. */
#define XENFEAT_writable_page_tables	0
#define XENFEAT_auto_translated_physmap	2

#define XENFEAT_NR_SUBMAPS		1

extern void xen_setup_features(void);

/* One byte for each feature, 0 or 1 */
extern u8 xen_features[XENFEAT_NR_SUBMAPS * 32];

static inline int xen_feature(int flag)
{
	return xen_features[flag];
}

#endif /* __XEN_FEATURES_H__ */
