"""The kernel of a commit, built and booted: on bare metal, and under Xen."""
