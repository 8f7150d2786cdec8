"""What other programs say with other words."""

from __future__ import annotations

from collections.abc import Mapping

# What checkpatch.pl says with other words where one of these rules has spoken for the patch.
SAME: Mapping[str, tuple[str, ...]] = {
    "BAD_FIXES_TAG": ("fixes-form", "fixes-commit"),
    "BAD_REPORTED_BY_LINK": ("reported-by",),
    "BAD_SIGN_OFF": ("tag-name", "tag-person", "sign-off-duplicate", "co-developed", "tag-combined"),
    "BAD_STABLE_ADDRESS_STYLE": ("stable-form",),
    "COMMIT_LOG_LONG_LINE": ("body-wrap",),
    "COMMIT_MESSAGE": ("body-missing",),
    "CONFIG_DESCRIPTION": ("kconfig-help",),
    "CORRUPTED_PATCH": ("diff-malformed",),
    "DOS_LINE_ENDINGS": ("dos-line-ends",),
    "EXECUTE_PERMISSIONS": ("file-mode",),
    "FILE_PATH_CHANGES": ("new-file-maintained",),
    "FROM_SIGN_OFF_MISMATCH": ("sign-off-differs", "sign-off-author"),
    "GERRIT_CHANGE_ID": ("change-id",),
    "GIT_COMMIT_ID": ("citation-form", "cited-commit"),
    "MEMORY_BARRIER": ("barrier-comment",),
    "MISSING_SIGN_OFF": ("sign-off-missing",),
    "NO_AUTHOR_SIGN_OFF": ("sign-off-author",),
    "NOT_UNIFIED_DIFF": ("diff-malformed", "diff-empty"),
    "SPDX_LICENSE_TAG": ("spdx",),
    "STABLE_ADDRESS": ("stable-form",),
    "TRAILING_WHITESPACE": ("trailing-space",),
}
