from .contact_sheet import contact_sheet, evenly_spaced
from .image_files import ImageFiles
from .overlay import draw_tracks
from .palette import object_color
from .track_visualizer import TrackVisualizer
from .video_writer import write_png, write_video

__all__ = [
    'ImageFiles', 'TrackVisualizer', 'contact_sheet', 'draw_tracks', 'evenly_spaced',
    'object_color', 'write_png', 'write_video'
]
