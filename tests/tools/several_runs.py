"""Run the command lines of a json file one after the other, with one start of Python for all."""
import json
import runpy
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / 'tools'

if __name__ == '__main__':
    for tool, *arguments in json.loads(Path(sys.argv[1]).read_text()):
        sys.argv = [tool, *arguments]
        runpy.run_path(str(TOOLS / tool), run_name='__main__')
