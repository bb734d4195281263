import sys
from pathlib import Path

# tools/ is no package; at the end of the path, so that tools/test.py hides no other module
sys.path.append(str(Path(__file__).resolve().parents[2] / 'tools'))
