"""Mail as kernel developers send it: mailboxes, patches, cover letters. Knows nothing of git or of trees."""
