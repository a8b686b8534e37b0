"""`python -m playcaller`: the front door, without anything installed as a package."""

from playcaller.cli import main

if __name__ == "__main__":
    main()
