"""Run the setup.py of an unpacked mmcv with a precompiled torch header.

Runs inside the target environment, in the source folder of mmcv:

    python build_mmcv.py bdist_wheel --dist-dir DIR

The 77 C++ files of mmcv all parse the same torch headers. Compiling those once brings the build
from over 15 minutes to 5 on two cores. The compiler only accepts a precompiled header that was
made with exactly the flags of the build, so they are taken from the build itself.
"""
import os
import runpy
import shlex
import subprocess
import sys

from torch.utils import cpp_extension

HEADER = 'mmcv/ops/csrc/common/pytorch_cpp_helper.hpp'
# Behind Python's own flags (-O3 -g -Wall), so these win
FAST_FLAGS = ['-O2', '-DNDEBUG', '-g0', '-w']


def precompile(header: str, compiler: str, flags: list) -> None:
    """Compile ``header`` to a ``.gch`` file beside it, which the compiler then reads instead.

    An existing one is kept: its flags belong to the build folder it lies in, and a newer file would
    make ninja compile everything again after an interruption.
    """
    target = header + '.gch'
    if os.path.exists(target):
        return
    command = [*shlex.split(compiler), *flags, '-x', 'c++-header', header, '-o', target + '.tmp']
    print('precompiling', header, flush=True)
    if subprocess.run(command).returncode == 0:
        os.replace(target + '.tmp', target)
    else:  # only slower without it, and a real fault shows again with the first source file
        print('going on without a precompiled header', flush=True)


def compile_with_header(compile_objects):
    """Wrap torch's ``_write_ninja_file_and_compile_objects`` to precompile the header first."""

    def wrapped(*args, **kwargs):
        kwargs['post_cflags'] = [*kwargs['post_cflags'], *FAST_FLAGS]
        flags = [shlex.split(flag)[0] for flag in kwargs['cflags'] + kwargs['post_cflags']]
        precompile(HEADER, cpp_extension.get_cxx_compiler(), flags)
        return compile_objects(*args, **kwargs)

    return wrapped


if __name__ == '__main__':
    cpp_extension._write_ninja_file_and_compile_objects = compile_with_header(
        cpp_extension._write_ninja_file_and_compile_objects)
    sys.path.insert(0, os.getcwd())
    sys.argv[0] = 'setup.py'
    runpy.run_path('setup.py', run_name='__main__')
