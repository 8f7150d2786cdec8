// SPDX-License-Identifier: GPL-2.0-only
/// Use timer_delete() and timer_delete_sync() instead of their old names.
///
// Confidence: High
// Comments: the old names are wrappers around the new ones since Linux 6.2
// Options: --no-includes --include-headers

virtual patch

@depends on patch@
expression T;
@@
(
- del_timer
+ timer_delete
|
- del_timer_sync
+ timer_delete_sync
)
  (T)
