"""``python -m patcher``."""

from patcher.entry import main

if __name__ == "__main__":
    main()
