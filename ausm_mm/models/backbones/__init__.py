from .tiny_conv import FPNPixelEncoder, TinyConvNet

__all__ = ['FPNPixelEncoder', 'TinyConvNet']
