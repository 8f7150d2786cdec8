"""Rules: load them, match them against facts, give verdicts."""
