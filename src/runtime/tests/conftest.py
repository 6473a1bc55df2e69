import sys
from pathlib import Path

# steps.py, and the step program.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
