"""`python -m reelfeel` is `reelfeel`."""

from reelfeel.cli import main

if __name__ == "__main__":
    main()
