"""`python -m reelfeel` is the same as `reelfeel`."""

from reelfeel.cli import main

if __name__ == "__main__":
    main()
