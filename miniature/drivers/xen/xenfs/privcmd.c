// SPDX-License-Identifier: GPL-2.0
/* How the tools in the initial domain see the memory of the others. */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include <asm/uaccess.h>

#include <xen/xen.h>
#include <xen/features.h>
#include <xen/page.h>
#include <xen/privcmd.h>
#include <xen/xen-ops.h>

static int privcmd_enforce_singleshot_mapping(struct vm_area_struct *vma)
{
	return (xchg(&vma->vm_private_data, (void *)1) == NULL);
}

static long privcmd_ioctl_mmap(void __user *udata)
{
	struct mm_struct *mm = current->mm;
	struct privcmd_mmap_entry msg;
	struct vm_area_struct *vma;
	long rc = -EINVAL;

	if (!xen_initial_domain())
		return -EPERM;

	if (copy_from_user(&msg, udata, sizeof(msg)))
		return -EFAULT;

	down_write(&mm->mmap_sem);

	/* All of the area at once, and only once */
	vma = find_vma(mm, msg.va);
	if (vma && msg.va == vma->vm_start && msg.npages <= INT_MAX &&
	    msg.npages == (vma->vm_end - vma->vm_start) >> PAGE_SHIFT &&
	    privcmd_enforce_singleshot_mapping(vma))
		rc = xen_remap_domain_mfn_range(vma, msg.va, msg.mfn,
						msg.npages, vma->vm_page_prot,
						msg.dom);

	up_write(&mm->mmap_sem);

	return rc;
}

static long privcmd_ioctl(struct file *file, unsigned int cmd,
			  unsigned long data)
{
	if (cmd != IOCTL_PRIVCMD_MMAP)
		return -EINVAL;
	return privcmd_ioctl_mmap((void __user *)data);
}

/* The ioctl has mapped all there is. */
static int privcmd_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct privcmd_vm_ops = {
	.fault = privcmd_fault
};

static int privcmd_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (xen_feature(XENFEAT_auto_translated_physmap))
		return -ENOSYS;

	/* fork() would translate the frames, and they are not ours. */
	vma->vm_flags |= VM_RESERVED | VM_IO | VM_DONTCOPY | VM_PFNMAP;
	vma->vm_ops = &privcmd_vm_ops;
	vma->vm_private_data = NULL;

	return 0;
}

const struct file_operations privcmd_file_ops = {
	.unlocked_ioctl = privcmd_ioctl,
	.mmap = privcmd_mmap,
};
