"""Package metadata with lower bounds; ``requirements/`` pins the versions that were tested."""
import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def read_version() -> str:
    """Read ``__version__`` without importing ausm_mm, whose dependencies may be missing."""
    text = (ROOT / 'ausm_mm' / '__init__.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE).group(1)


setup(
    name='ausm_mm',
    version=read_version(),
    description='Autoregressive universal video segmentation (AUSM) on OpenMMLab',
    python_requires='>=3.10',
    packages=find_packages(include=['ausm_mm', 'ausm_mm.*']),
    install_requires=[
        'torch>=2.6',  # torch.serialization.safe_globals with names
        'torchvision>=0.21',
        'mmengine>=0.10.3',
        'mmcv>=2.1.0,<2.2.0',  # mmdet refuses to be imported with 2.2.0 and newer
        'mmdet>=3.3.0',
        'mmpretrain>=1.2.0',
        'pycocotools>=2.0.6',
        'numpy>=1.23',
        'scipy>=1.9',
        'pillow>=9.2',
        'opencv-python>=4.6',
    ],
    extras_require={
        'mamba': ['mamba-ssm>=2.2', 'causal-conv1d>=1.4'],  # CUDA kernels of the temporal mixer
        'demo': ['tensorboard>=2.13'],  # the training curves
        'hota': ['trackeval>=1.3'],  # HOTA and identity switches; older ones fail with numpy 2
        'convert': ['safetensors>=0.4'],  # checkpoints of transformers
        'dev': ['pytest>=8', 'ruff>=0.6', 'tensorboard>=2.13', 'pre-commit>=3.7', 'timm>=0.9',
                'safetensors>=0.4', 'trackeval>=1.3'],
    },
)
