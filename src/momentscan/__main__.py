"""`python -m momentscan`."""

from momentscan.app.cli import main

main()
