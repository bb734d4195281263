import importlib.metadata
import re
import sys
import warnings
from pathlib import Path

import pytest

from ausm_mm import version_check

ROOT = Path(__file__).resolve().parents[1]


def finder(versions):
    """A stand-in for importlib.metadata.version."""

    def find(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    return find


@pytest.mark.parametrize('version, expected', [
    ('2.14.1', (2, 14)),
    ('2.14.1+cpu', (2, 14)),
    ('2.15.0.dev20261101+cu130', (2, 15)),
    ('2.14.0a0+gitabc1234', (2, 14)),
    ('3', (3,)),
])
def test_minor_release(version, expected):
    assert version_check.minor_release(version) == expected


def test_patch_release_and_build_tag_do_not_count():
    found = {'torch': '2.14.0+cu130', 'numpy': '2.4.99'}
    tested = {'torch': '2.14.1', 'numpy': '2.4.6'}
    assert version_check.find_differences(tested, finder(found)) == []


def test_newer_older_and_missing_are_named_with_both_versions():
    tested = {'torch': '2.14.1', 'mmcv': '2.1.0', 'mmdet': '3.3.0', 'numpy': '2.4.6'}
    found = {'torch': '3.0.0', 'mmcv': '2.0.1', 'numpy': '2.4.6'}
    assert version_check.find_differences(tested, finder(found)) == [
        'torch 3.0.0 (tested: 2.14.1)',
        'mmcv 2.0.1 (tested: 2.1.0)',
        'mmdet is not installed (tested: 3.3.0)',
    ]


def test_2_1_is_not_2_10():
    assert version_check.find_differences({'torch': '2.10.0'}, finder({'torch': '2.1.0'})) == [
        'torch 2.1.0 (tested: 2.10.0)']


def test_one_warning_for_all_packages_and_no_refusal(monkeypatch):
    monkeypatch.setattr(version_check, 'find_differences', lambda tested: ['a 2 (tested: 1)', 'b'])
    with pytest.warns(UserWarning) as caught:
        version_check.warn_untested()
    assert len(caught) == 1
    assert 'a 2 (tested: 1), b.' in str(caught[0].message)


def test_silent_with_the_tested_versions(monkeypatch):
    monkeypatch.setattr(version_check, 'find_differences', lambda tested: [])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        version_check.warn_untested()
    assert caught == []


def test_tested_versions_are_the_pins_of_this_python():
    lines = [line for name in ('torch', 'mmcv', 'runtime')
             for line in (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
             if line and not line.startswith('#')]
    pins = {}
    for line in lines:
        name, version, marker = re.fullmatch(r'([\w-]+)==([^;]+)(?:; (.+))?', line).groups()
        old_python = sys.version_info < (3, 11)
        if marker is None or marker == f'python_version {"<" if old_python else ">="} "3.11"':
            assert name not in pins, f'{name} is pinned twice'
            pins[name] = version
    assert version_check.TESTED == {name: pins[name] for name in version_check.TESTED}


def test_tested_versions_meet_the_lower_bounds():
    requirement = re.compile(r"'([\w-]+)>=([\d.]+)")
    bounds = dict(requirement.findall((ROOT / 'setup.py').read_text()))
    for name, version in version_check.TESTED.items():
        lower = tuple(map(int, bounds[name].split('.')))
        assert tuple(map(int, version.split('.'))) >= lower, name
