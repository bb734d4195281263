from ausm_mm.version_check import warn_untested

__version__ = '0.1.0'

warn_untested()
