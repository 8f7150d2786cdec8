/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEBUGFS_H_
#define _DEBUGFS_H_

#include <linux/fs.h>

/* There to be called with CONFIG_DEBUG_FS only */
extern struct dentry *debugfs_create_dir(const char *name,
					 struct dentry *parent);
extern struct dentry *debugfs_create_file(const char *name, mode_t mode,
					  struct dentry *parent, void *data,
					  const struct file_operations *fops);
extern struct dentry *debugfs_create_u8(const char *name, mode_t mode,
					struct dentry *parent, u8 *value);
extern struct dentry *debugfs_create_u32(const char *name, mode_t mode,
					 struct dentry *parent, u32 *value);

#endif /* _DEBUGFS_H_ */
