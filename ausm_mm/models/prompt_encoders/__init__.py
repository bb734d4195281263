from .history_marker import HistoryMarker, cell_shares
from .rasterize import masks_on_canvas

__all__ = ['HistoryMarker', 'cell_shares', 'masks_on_canvas']
