"""What momentscan costs: one module per figure, one JSON per module. `python -m bench` runs them (see
results/README.md).
"""

from momentscan import process

process.own()  # what is measured is the program
